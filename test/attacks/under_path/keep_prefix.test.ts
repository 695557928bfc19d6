import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { StaticRoute } from '../../../router/routes/model/table.ts';
import { HOST, LET_IN, OTHER, T, attacked, until, type Attacked } from '../../support/attacked.ts';
import { TASK_A, httpEndpoint } from '../../support/proxy_world.ts';
import { OK, header, headerValues, replying, type RawAnswer } from '../../support/raw_peers.ts';
import { HANDSHAKE } from '../../support/web_socket_handshake.ts';

const OWN_HOST = `Host: ${TASK_A}.w.router.test`;

/** A task that keeps its prefix, as `/service/<id>` or as that of a static route. */
async function keeping(t: TestContext, answer = OK, basePath = T): Promise<Attacked> {
  const attack = await attacked(t, replying(answer));
  const { port } = attack.task;
  const upstream = { address: '127.0.0.1', family: 4, port } as const;
  const kept = httpEndpoint(port, TASK_A);
  const endpoint = { ...kept, http: { state: 'open' as const, upstream, basePath } };
  const route: StaticRoute = {
    name: 'chat',
    type: 'path',
    match: 'chat',
    access: 'visible',
    loadBalanced: false,
    enabled: true,
    status: 'routing',
    endpoints: [endpoint],
  };
  attack.world.routes.show([endpoint, httpEndpoint(attack.other.port, OTHER.slice(9))], [route]);
  return attack;
}

async function ask(attack: Attacked, target: string, host = HOST): Promise<RawAnswer> {
  const client = await attack.client();
  client.send(`GET ${target} HTTP/1.1`, host, LET_IN, 'X-Forwarded-Prefix: /forged', '', '');
  return client.answer();
}

/** What the task was asked for last, and the prefix that it was told. */
function asked({ task }: Attacked) {
  const lines = task.seen().split('\r\n');
  const prefixes = lines.filter((line) => /^x-forwarded-prefix:/i.test(line));
  return { line: lines.findLast((line) => line.endsWith(' HTTP/1.1')), prefixes };
}

test('A93: an app that keeps its prefix sees it at every URL, and is told of none', async (t) => {
  for (const [target, host, seen] of [
    [`${T}/lab?x=/y`, HOST, `${T}/lab?x=/y`],
    [`${T}/`, HOST, `${T}/`],
    [`${T}//a%2Fb/..`, HOST, `${T}//a%2Fb/..`],
    // Its own host leads there at the root and below the prefix.
    ['/', OWN_HOST, `${T}/`],
    ['/lab?x=/y', OWN_HOST, `${T}/lab?x=/y`],
    [`${T}/lab`, OWN_HOST, `${T}/lab`],
    [`${T}?x`, OWN_HOST, `${T}/?x`],
    [`${OTHER}/lab`, OWN_HOST, `${T}${OTHER}/lab`],
    ['/chat/lab', HOST, `${T}/lab`],
  ] as const) {
    const attack = await keeping(t);
    assert.equal((await ask(attack, target, host)).status, 200, target);
    assert.deepEqual(asked(attack), { line: `GET ${seen} HTTP/1.1`, prefixes: [] }, target);
  }
});

test('A93: nothing above the prefix that is kept is asked for, in any spelling', async (t) => {
  const attack = await keeping(t);
  for (const rest of ['/..', '/../x', '/%2e%2e/x', '/a/../../x', '/..\\x', '/..%2fx', '/.%2E/']) {
    assert.equal((await ask(attack, T + rest)).status, 400, rest);
    assert.equal((await ask(attack, rest, OWN_HOST)).status, 400, rest);
    assert.equal((await ask(attack, T + rest, OWN_HOST)).status, 400, rest);
    assert.equal((await ask(attack, `/chat${rest}`)).status, 400, rest);
  }
  assert.equal(attack.task.connections.length, 0);
});

test('A93: Location and cookies of such an app stay with whoever reads them', async (t) => {
  const said = `HTTP/1.1 302 Found\r\nLocation: ${T}/lab\r\nSet-Cookie: a=1; Path=${T}/; Domain=router.test\r\nContent-Length: 0\r\n\r\n`;
  for (const [target, host, location, cookie] of [
    [`${T}/`, HOST, `${T}/lab`, `a=1; Path=${T}/`],
    ['/chat/', HOST, '/chat/lab', 'a=1; Path=/chat/'],
    ['/', OWN_HOST, `${T}/lab`, 'a=1; Path=/'],
  ] as const) {
    const answer = await ask(await keeping(t, said), target, host);
    assert.equal(header(answer, 'location'), location);
    assert.deepEqual(headerValues(answer, 'set-cookie'), [cookie]);
  }
});

test('A93: a Location of such an app is read up to its query or fragment, wherever its base ends', async (t) => {
  for (const [said, seen] of [
    [`${T}#f`, '/chat/#f'],
    [`${T}?q`, '/chat/?q'],
    [`${T}?q=/#/f?x`, '/chat/?q=/#/f?x'],
    [`${T}/#f`, '/chat/#f'],
    [`${T}/lab#f`, '/chat/lab#f'],
    [T, '/chat/'],
    [`/x#${T}`, `/chat/x#${T}`],
    [`${T}x#f`, `/chat${T}x#f`],
    [`http://router.test${T}#f`, 'http://router.test/chat/#f'],
  ] as const) {
    const moved = `HTTP/1.1 302 Found\r\nLocation: ${said}\r\nContent-Length: 0\r\n\r\n`;
    const answer = await ask(await keeping(t, moved), '/chat/');
    assert.equal(header(answer, 'location'), seen, said);
  }
});

test('A93: the prefix of a static route is kept as well', async (t) => {
  for (const [target, host, seen] of [
    ['/chat/lab', HOST, '/chat/lab'],
    [`${T}/lab`, HOST, '/chat/lab'],
    ['/lab', OWN_HOST, '/chat/lab'],
    ['/chat/lab', OWN_HOST, '/chat/lab'],
    [`${T}/lab`, OWN_HOST, '/chat/lab'],
  ] as const) {
    const attack = await keeping(t, OK, '/chat');
    assert.equal((await ask(attack, target, host)).status, 200, target);
    assert.deepEqual(asked(attack), { line: `GET ${seen} HTTP/1.1`, prefixes: [] }, target);
  }
});

test('A93: a WebSocket gets the same path', async (t) => {
  for (const [target, host] of [
    [`${T}/ws?x`, HOST],
    ['/ws?x', OWN_HOST],
  ] as const) {
    const attack = await keeping(t);
    const client = await attack.client();
    client.send(`GET ${target} HTTP/1.1`, host, LET_IN, ...HANDSHAKE, '', '');
    await until(() => asked(attack).line !== undefined);
    assert.deepEqual(asked(attack), { line: `GET ${T}/ws?x HTTP/1.1`, prefixes: [] });
  }
});
