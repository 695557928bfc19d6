import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { clientWheel } from '../../router/web/client/client_wheel.ts';
import { VERSION } from '../../router/version.ts';
import { wheelPath } from '../../router/web/client/wheel_page.ts';
import { CLEARML_COOKIE, staticRoute, taskId, tokenOf } from '../support/auth_fixture.ts';
import type { Guarded } from '../support/guarded_router.ts';
import { ROUTER_HOST, TUNNEL, guarded } from '../support/guarded_router.ts';
import type { RawAnswer } from '../support/raw_peers.ts';
import { header, headerValues, RawClient } from '../support/raw_peers.ts';
import { HANDSHAKE } from '../support/web_socket_handshake.ts';

const MINE = taskId('a');
const T = `/service/${MINE}`;
const PAGES = 'pages.example.org';
const HERE = `Host: ${PAGES}`;
const ENTRY = '/.well-known/task-traffic-router';
const NAVIGATES = ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document', 'Accept: text/html'];

let world: Guarded;
let cookie = '';
let bearer = '';

before(async () => {
  world = await guarded([MINE], { ROUTER_PAGES_URL: `https://${PAGES}` }, (endpoints) => [
    staticRoute('chat', 'public', endpoints),
    { ...staticRoute('trap', 'public', endpoints, 'subdomain'), match: PAGES },
  ]);
  const token = await tokenOf('owner');
  world.clearml.grant(token, MINE);
  world.clearml.credentials.set('AK:SK', token);
  cookie = `Cookie: ${CLEARML_COOKIE}=${token}`;
  bearer = `Authorization: Bearer ${token}`;
});

after(() => world.close());

async function post(path: string, body: string, ...headers: readonly string[]): Promise<RawAnswer> {
  const client = await RawClient.connect(world.port);
  const length = `Content-Length: ${body.length}`;
  const type = 'Content-Type: application/x-www-form-urlencoded';
  client.send(`POST ${path} HTTP/1.1`, HERE, type, length, ...headers, '', body);
  const answer = await client.answer();
  client.destroy();
  return answer;
}

const pairsOf = (answer: RawAnswer) =>
  headerValues(answer, 'set-cookie').map((line) => line.split(';', 1).join());

describe('A69: the host of the router’s own pages', () => {
  it('leaves the Python package where tasks are told to find it, on both hosts', async () => {
    const path = wheelPath(clientWheel(VERSION));
    for (const host of [HERE, `Host: ${ROUTER_HOST}`]) {
      assert.equal((await world.ask(`GET ${path}`, host)).status, 200, host);
      assert.equal((await world.ask('GET /client/', host)).status, 404, host);
    }
  });

  it('serves no task: neither in path form, nor by a static route, nor to an upgrade', async () => {
    const before = world.task.connections.length;
    for (const host of [HERE, `${HERE}:8443`, HERE.toUpperCase()]) {
      for (const path of [`${T}/`, T, `${T}?x`, '/chat/', '/chat', '/nothing']) {
        for (const line of [`GET ${path}`, `OPTIONS ${path}`]) {
          assert.equal((await world.ask(line, host, bearer)).status, 404, `${line} ${host}`);
        }
        for (const handshake of [HANDSHAKE, TUNNEL]) {
          assert.equal((await world.ask(`GET ${path}`, host, bearer, ...handshake)).status, 404);
        }
      }
    }
    assert.equal(world.task.connections.length, before);
    assert.equal((await world.ask(`GET ${T}/`, bearer)).status, 200);
    assert.equal((await world.ask('GET /chat/')).status, 200);
  });

  it('has the pages, which are on the host of ROUTER_URL no more: its paths lead here', async () => {
    assert.equal((await world.ask('GET /', HERE, cookie)).status, 200);
    assert.equal((await world.ask('GET /api/v1/routes', HERE, bearer)).status, 200);
    for (const path of [
      '/',
      '/?q=1',
      '/auth/sign-in?next=%2F',
      '/api/v1/routes',
      '//evil.example/../api',
      '/auth//evil.example',
    ]) {
      const answer = await world.ask(`GET ${path}`, cookie);
      const leads = !path.startsWith('//');
      assert.equal(answer.status, leads ? 307 : 404, path);
      assert.equal(header(answer, 'location'), leads ? `https://${PAGES}${path}` : undefined);
    }
    assert.equal((await world.ask('GET /favicon.ico', cookie)).status, 404);
    const form = await world.ask('POST /auth/sign-out', cookie, 'Content-Length: 0');
    assert.deepEqual([form.status, header(form, 'set-cookie')], [307, undefined]);
    const other = await world.ask('GET /', 'Host: other.example.com', cookie);
    assert.equal(other.status, 404);
  });

  it('takes no form of a page on the host of ROUTER_URL, where tasks live', async () => {
    for (const headers of [
      [`Origin: https://${ROUTER_HOST}`],
      [`Origin: https://${ROUTER_HOST}`, 'Sec-Fetch-Site: same-site'],
      ['Origin: null', 'Sec-Fetch-Site: cross-site'],
    ]) {
      for (const path of ['/auth/sign-in', '/auth/sign-out', '/api/v1/endpoint-tokens']) {
        const answer = await post(path, 'access_key=AK&secret_key=SK', cookie, ...headers);
        assert.equal(answer.status, 403, path);
      }
    }
  });

  it('signs people in for the path form by a code, with a session for each host alone', async () => {
    const begun = await world.ask(`GET ${T}/lab?x=1`, ...NAVIGATES);
    assert.equal(begun.status, 302);
    const [nonce = ''] = pairsOf(begun);
    assert.match(nonce, /^__Host-router_state=/);
    const place = new URL(header(begun, 'location') ?? '');
    assert.equal(place.origin, `https://${PAGES}`);
    const next = place.searchParams.get('next') ?? '';
    assert.equal(next, `https://${ROUTER_HOST}${T}/lab?x=1`);
    const state = place.searchParams.get('state') ?? '';
    const page = await world.ask(`GET ${place.pathname}${place.search}`, HERE, ...NAVIGATES);
    assert.equal(page.status, 200);
    assert.match(
      header(page, 'content-security-policy') ?? '',
      new RegExp(`form-action 'self' https://${ROUTER_HOST}`),
    );
    const fields = { access_key: 'AK', secret_key: 'SK', next, state };
    const posted = await post('/auth/sign-in', new URLSearchParams(fields).toString());
    assert.equal(posted.status, 303);
    const entry = new URL(header(posted, 'location') ?? '');
    assert.deepEqual([entry.origin, entry.pathname], [`https://${ROUTER_HOST}`, ENTRY]);
    const entered = await world.ask(`GET ${entry.pathname}${entry.search}`, `Cookie: ${nonce}`);
    assert.deepEqual([entered.status, header(entered, 'location')], [302, next]);
    const [onTasks = ''] = pairsOf(entered);
    const [onPages = ''] = pairsOf(posted);
    const status = async (line: string, ...headers: readonly string[]) =>
      (await world.ask(line, ...headers)).status;
    assert.equal(await status(`GET ${T}/lab`, `Cookie: ${onTasks}`), 200);
    assert.equal(await status('GET /', HERE, `Cookie: ${onPages}`), 200);
    assert.equal(await status(`GET ${T}/lab`, `Cookie: ${onPages}`), 401);
    assert.equal(await status('GET /', HERE, `Cookie: ${onTasks}`), 401);
    const again = await world.ask(`GET ${entry.pathname}${entry.search}`, `Cookie: ${nonce}`);
    assert.equal(header(again, 'location'), `https://${ROUTER_HOST}${ENTRY}`);
    assert.equal(await status(`GET ${ENTRY}`, `Cookie: ${onTasks}`), 403);
    assert.equal(await status(`GET ${ENTRY}?code=x`, HERE), 404);
    const straight = await world.ask(
      `GET ${place.pathname}${place.search}`,
      HERE,
      `Cookie: ${onPages}`,
    );
    assert.equal(straight.status, 302);
    assert.ok(header(straight, 'location')?.startsWith(`https://${ROUTER_HOST}${ENTRY}?code=`));
  });

  it('is where sign-in begins; another name of the router leads to ROUTER_URL first', async () => {
    const own = await world.ask('GET /', HERE, ...NAVIGATES);
    assert.equal(header(own, 'location'), `https://${PAGES}/auth/sign-in?next=%2F`);
    const alias = await world.ask(`GET ${T}/`, 'Host: alias.example.com', ...NAVIGATES);
    assert.deepEqual(
      [alias.status, header(alias, 'location'), header(alias, 'set-cookie')],
      [302, `https://${ROUTER_HOST}${T}/`, undefined],
    );
    const lost = await world.ask(`GET /service/${taskId('b')}/`, cookie, 'Accept: text/html');
    assert.match(lost.body, new RegExp(`href="https://${PAGES}/"`));
  });
});
