import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StaticRoute } from '../../../router/routes/model/table.ts';
import { COOKIE, TASK_A, httpEndpoint } from '../../support/proxy_world.ts';
import { HOST, LET_IN, OTHER, T, attacked } from '../../support/attacked.ts';
import { headerValues, replying } from '../../support/raw_peers.ts';

const SCRIPT = 'Service-Worker: script';

/** The scopes that a browser is told, when the task names these and the request comes to this host. */
async function scopes(
  t: Parameters<typeof attacked>[0],
  said: readonly string[],
  host: string,
): Promise<readonly string[]> {
  const lines = said.map((scope) => `Service-Worker-Allowed: ${scope}\r\n`).join('');
  const attack = await attacked(
    t,
    replying(`HTTP/1.1 200 OK\r\n${lines}Content-Length: 2\r\n\r\nok`),
  );
  const client = await attack.client();
  const path = host === HOST ? `${T}/sw.js` : '/sw.js';
  client.send(`GET ${path} HTTP/1.1`, host, LET_IN, SCRIPT, '', '');
  const answer = await client.answer();
  assert.equal(answer.status, 200);
  return headerValues(answer, 'service-worker-allowed');
}

test('A60: no service worker has a wider scope than its endpoint', async (t) => {
  for (const scope of [
    '//',
    '/.',
    '/ /',
    T,
    `${T}/../../`,
    `${T}/%2e%2e/%2E%2e/`,
    `${T}/..\\..\\`,
    `${T}/.\t./.\t./`,
    `${T}/..%2f..%2f`,
    `${T}/?/../../`,
    `${T}//../../`,
    `http://router.test/`,
    `http://router.test${T}/`,
    `\\`,
    `.${T}/`,
    `${T}__other/`,
    '../..',
    '',
  ]) {
    assert.deepEqual(await scopes(t, [scope], HOST), [], JSON.stringify(scope));
  }
  assert.deepEqual(await scopes(t, [`${T}/`], HOST), [`${T}/`]);
  // What an app knows as its root is its prefix, said once: two are one scope to a browser, with a comma in it.
  assert.deepEqual(await scopes(t, ['/'], HOST), [`${T}/`]);
  assert.deepEqual(await scopes(t, ['/', `${T}/`, '/'], HOST), [`${T}/`]);
  assert.deepEqual(await scopes(t, ['/'], `Host: ${TASK_A}.w.router.test`), ['/']);
});

test('A60: the script of a service worker is one of its endpoint, or nothing', async (t) => {
  const attack = await attacked(t);
  const route: StaticRoute = {
    name: 'chat',
    type: 'path',
    match: 'chat',
    access: 'visible',
    loadBalanced: false,
    enabled: true,
    status: 'routing',
    endpoints: [httpEndpoint(attack.task.port)],
  };
  attack.world.routes.show([...attack.world.routes.current().endpoints.values()], [route]);
  const status = async (path: string, ...lines: readonly string[]): Promise<number> => {
    const client = await attack.client();
    client.send(`GET ${path} HTTP/1.1`, HOST, LET_IN, ...lines, '', '');
    return (await client.answer()).status;
  };
  for (const path of ['/', '/sw.js', '/auth/sign-in', '/assets/page.js', T, '/service/x/sw.js']) {
    assert.equal(await status(path, SCRIPT), 403, path);
    assert.equal(await status(path, 'service-worker:  Script '), 403, path);
    assert.notEqual(await status(path), 403, path);
  }
  const from = (path: string): string => `Referer: http://router.test${path}`;
  for (const [path, page, expected] of [
    [`${T}/sw.js`, `${T}/lab`, 200],
    [`${T}/sw.js`, `${T}/`, 200],
    [`${T}/sw.js`, '/', 200],
    [`${T}/sw.js`, `${OTHER}/lab`, 403],
    [`${OTHER}/sw.js`, `${T}/lab`, 403],
    [`${T}/sw.js`, `${T}__other/`, 403],
    [`${T}/sw.js`, `${T}/../${OTHER}/`, 403],
    [`${T}/sw.js`, '/chat/', 403],
    ['/chat/sw.js', '/chat/page', 200],
    ['/chat/sw.js', `${T}/`, 403],
  ] as const) {
    assert.equal(await status(path, SCRIPT, from(page)), expected, `${path} from ${page}`);
    assert.equal(await status(path, from(page)), 200, `${path} from ${page}, as a script`);
  }
  // Where Referer is not sent nobody can say; the script still has no scope but its own folder.
  assert.equal(await status(`${T}/sw.js`, SCRIPT), 200);
  const own = await attack.client();
  own.send('GET /sw.js HTTP/1.1', `Host: ${TASK_A}.w.router.test`, `Cookie: ${COOKIE}`, SCRIPT);
  own.send('', from(`${OTHER}/`), '', '');
  assert.equal((await own.answer()).status, 200);
});
