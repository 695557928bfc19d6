import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOST, LET_IN, OTHER, T, attacked, type Attacked } from '../../support/attacked.ts';
import { TASK_A } from '../../support/proxy_world.ts';
import { headerValues, replying } from '../../support/raw_peers.ts';

const OWN_HOST = `Host: ${TASK_A}.w.router.test`;

/** What a browser is told to keep, when the task says these. */
async function kept(t: Parameters<typeof attacked>[0], said: readonly string[], host = HOST) {
  const lines = said.map((cookie) => `Set-Cookie: ${cookie}\r\n`).join('');
  const attack = await attacked(
    t,
    replying(`HTTP/1.1 200 OK\r\n${lines}Content-Length: 2\r\n\r\nok`),
  );
  const client = await attack.client();
  client.send(`GET ${host === HOST ? T : ''}/ HTTP/1.1`, host, LET_IN, '', '');
  return { attack, cookies: headerValues(await client.answer(), 'set-cookie') };
}

/** The cookies that a task is sent, when the browser sends these. */
async function reaches(
  { client, task, other }: Attacked,
  path: string,
  cookie: string,
  host = HOST,
) {
  const asked = path.startsWith(OTHER) ? other : task;
  const before = asked.seen().length;
  const sender = await client();
  sender.send(`GET ${path} HTTP/1.1`, host, `${LET_IN}; ${cookie}`, '', '');
  assert.equal((await sender.answer()).status, 200);
  return /^cookie: (.*)$/im.exec(asked.seen().slice(before))?.[1]?.trim();
}

test('A94: a cookie for one host alone works below a path, and only there', async (t) => {
  const { attack, cookies } = await kept(t, [
    '__Host-sid=1; Secure; Path=/; HttpOnly',
    '__Host-b=2; Secure; Path=/; Domain=router.test',
  ]);
  assert.equal(cookies.length, 2);
  const names = cookies.map((cookie) => cookie.slice(0, cookie.indexOf('=')));
  for (const cookie of cookies) {
    assert.match(cookie, /^__Secure-task-[\w-]{11}-__Host-\w+=\d; Secure/);
    assert.ok(cookie.endsWith(`; Path=${T}/`), cookie);
    assert.doesNotMatch(cookie, /domain/i);
  }
  const [sid, b] = names;
  assert.equal(await reaches(attack, `${T}/`, `${sid}=1; ${b}=2`), '__Host-sid=1; __Host-b=2');
});

test('A94: no task of the same host can toss one at another', async (t) => {
  const { attack, cookies } = await kept(t, ['__Host-sid=mine; Secure; Path=/']);
  const own = cookies[0]?.split('=')[0] ?? '';
  // What a page of the other task can write by script: any name that it can guess, for any path.
  for (const tossed of ['__Host-sid=evil', `${own}=evil`, '__Secure-task-x-__Host-sid=evil']) {
    assert.equal(await reaches(attack, `${OTHER}/`, tossed), undefined, tossed);
  }
  const mine = `${own}=mine; __Host-sid=evil; __Secure-task-AAAAAAAAAAA-__Host-sid=evil`;
  assert.equal(await reaches(attack, `${T}/`, mine), '__Host-sid=mine');
});

test('A94: no task sets a name of the router’s, nor one that the router gives', async (t) => {
  const { cookies } = await kept(t, [
    '__Host-router_session=evil; Secure; Path=/',
    '__Secure-task-AAAAAAAAAAA-__Host-sid=evil; Secure',
    '__Secure-task-AAAAAAAAAAA-__Host-router_session=evil; Secure',
    ' __Secure-task-x = evil; Secure',
  ]);
  assert.deepEqual(cookies, []);
});

test('A94: on a host of the endpoint’s own they are left alone', async (t) => {
  const said = '__Host-sid=1; Secure; Path=/';
  const { attack, cookies } = await kept(t, [said], OWN_HOST);
  assert.deepEqual(cookies, [said]);
  assert.equal(await reaches(attack, '/', '__Host-sid=1', OWN_HOST), '__Host-sid=1');
});
