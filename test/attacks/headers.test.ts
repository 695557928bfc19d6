import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OwnPages } from '../../router/pages/own_pages.ts';
import { TASK_A } from '../support/proxy_world.ts';
import { HOST, LET_IN, T, attacked, stillServes } from '../support/attacked.ts';
import { OK, header, replying, resetBeforeAccepted } from '../support/raw_peers.ts';
import { HANDSHAKE } from '../support/web_socket_handshake.ts';

function linesOf(text: string, name: RegExp): readonly string[] {
  return text.split('\r\n').filter((line) => name.test(line));
}

test('A7: our headers nominated away stay, the client’s nominated ones go', async (t) => {
  const { client, task } = await attacked(t);
  const attacker = await client();
  attacker.send(
    `GET ${T}/ HTTP/1.1`,
    HOST,
    `${LET_IN}; other=1`,
    'X-Mine: 1',
    'X-Kept: 1',
    'Connection: close, X-Forwarded-For, X-ClearML-User-Id, X-Forwarded-Prefix, Cookie, x-mine',
    '',
    '',
  );
  assert.equal((await attacker.answer()).status, 200);
  const seen = task.seen();
  assert.deepEqual(linesOf(seen, /^x-forwarded-for/i), ['X-Forwarded-For: 127.0.0.1']);
  assert.deepEqual(linesOf(seen, /^x-clearml-user-id/i), ['X-ClearML-User-Id: alice']);
  assert.deepEqual(linesOf(seen, /^x-forwarded-prefix/i), [`X-Forwarded-Prefix: ${T}`]);
  assert.deepEqual(linesOf(seen, /^(cookie|x-mine)/i), []);
  assert.deepEqual(linesOf(seen, /^x-kept/i), ['X-Kept: 1']);
});

test('A8: hop-by-hop headers end here', async (t) => {
  const { client, task } = await attacked(t);
  const attacker = await client();
  attacker.send(
    `GET ${T}/ HTTP/1.1`,
    HOST,
    LET_IN,
    'TE: trailers',
    'Keep-Alive: timeout=9',
    'Proxy-Connection: keep-alive',
    'Proxy-Authorization: Basic eDp5',
    'Trailer: X-Later',
    'Upgrade: x',
    'Proxy: http://evil',
    'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA',
    '',
    '',
  );
  assert.equal((await attacker.answer()).status, 200);
  assert.deepEqual(
    linesOf(task.seen(), /^(te|keep-alive|proxy-.*|proxy|trailer|upgrade|http2-settings):/i),
    [],
  );
});

const SPOOFED = [
  'X-Forwarded-For: 6.6.6.6',
  'X-Forwarded-Host: evil.example',
  'X-Forwarded-Proto: gopher',
  'X-Forwarded-Prefix: /evil',
  'X-Forwarded-Uri: /admin',
  'X-Forwarded-User: admin',
  'X-Forwarded: for=6.6.6.6',
  'Forwarded: for=6.6.6.6;host=evil.example',
  'X-Real-IP: 6.6.6.6',
  'X-ClearML-User-Id: admin',
] as const;

test('A9: what only the router may say is not believed of a stranger', async (t) => {
  const { client, task, world } = await attacked(t);
  const attacker = await client();
  attacker.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, ...SPOOFED, '', '');
  assert.equal((await attacker.answer()).status, 200);
  assert.doesNotMatch(task.seen(), /6\.6\.6\.6|evil|gopher|admin/);
  assert.deepEqual(linesOf(task.seen(), /^(x-forwarded|forwarded|x-real|x-clearml)/i), [
    'X-Forwarded-For: 127.0.0.1',
    'X-Forwarded-Proto: http',
    'X-Forwarded-Host: router.test',
    `X-Forwarded-Prefix: ${T}`,
    'X-ClearML-User-Id: alice',
    'X-ClearML-User-Name: Alice Liddell',
  ]);
  assert.equal(world.gate.asked[0]?.clientAddress, '127.0.0.1');
});

test('A10: nor in the spellings that WSGI and CGI read the same', async (t) => {
  const { client, task } = await attacked(t);
  const attacker = await client();
  attacker.send(
    `GET ${T}/ HTTP/1.1`,
    HOST,
    LET_IN,
    ...SPOOFED.map((line) => line.replace(/-(?=[^:]*:)/g, '_')),
    'x-clearml-user-id: admin',
    'X-CLEARML_USER-ID: admin',
    'X_ClearML_User_Name: admin',
    '',
    '',
  );
  assert.equal((await attacker.answer()).status, 200);
  assert.doesNotMatch(task.seen(), /6\.6\.6\.6|evil|gopher|admin/);
  assert.equal(linesOf(task.seen(), /clearml.user.id/i).length, 1);
});

/** Names under which readers of headers find what only the router may say, and the names that the router reads itself. */
const OTHER_SPELLINGS = [
  'X.ClearML.User.Id X!ClearML-User-Id X-ClearML~User|Id XClearML-User-Id',
  "X.Forwarded.For X*Forwarded*Host X--Forwarded--For X.Real+IP For'warded",
  'True-Client-IP X-Client-IP X-Cluster-Client-IP CF-Connecting-IP Client_IP X-ProxyUser-Ip',
  'True_Client_IP X.Client.IP cf.connecting.ip Fastly-Client-IP',
  'Remote-User Remote_User X-Remote-User X.Remote.User X-WebAuth-User',
  'X-Auth-Request-Email Remote-Groups',
  'X-Original-URL X-Rewrite-URL X-Original-Host X_Original_URL X.Rewrite.Url',
  'Content_Length Transfer_Encoding Content.Length Keep_Alive Sec_WebSocket_Key',
].flatMap((line) => line.split(' '));

test('A66: nor in any spelling that some reader folds, nor under the other names for it', async (t) => {
  const { client, task } = await attacked(t);
  for (const handshake of [[], HANDSHAKE]) {
    const attacker = await client();
    attacker.send(
      `GET ${T}/ HTTP/1.1`,
      HOST,
      LET_IN,
      ...handshake,
      ...OTHER_SPELLINGS.map((name) => `${name}: spoofed`),
      'X-Clear-Text: kept',
      'X-Forward: kept',
      'Remote-Control: kept',
      '',
      '',
    );
    assert.equal((await attacker.answer()).status, 200);
  }
  assert.deepEqual(linesOf(task.seen(), /spoofed/), []);
  assert.equal(linesOf(task.seen(), /: kept$/).length, 6);
  assert.equal(linesOf(task.seen(), /clearml.user.id/i).length, 2);
});

test('A11, A75: no Host, two, or one that is none', async (t) => {
  const { client, task } = await attacked(t);
  for (const hosts of [
    [],
    ['Host: a', 'Host: b'],
    ['Host: router.test', 'Host: router.test'],
    ['Host: a b/c@d'],
    ['Host: a@b'],
    ['Host: a/b'],
    ['Host: a,b'],
    ['Host: a<script>'],
    ['Host:'],
    ['Host: \u00e4.test'],
    ['Host: router.test:http'],
    ['Host: router.test:80a'],
    ['Host: router.test:-1'],
    ['Host: router.test:+80'],
    ['Host: router.test:65536'],
    ['Host: router.test:000080'],
    ['Host: router.test:80:80'],
    ['Host: router.test:.'],
    ['Host: :80'],
    ['Host: .'],
    ['Host: a[b'],
    ['Host: [::1'],
    ['Host: [::1]x'],
    ['Host: [::1]:x'],
    ['Host: [x]'],
    ['Host: [fe80::1%eth0]'],
    ['Host: ::1'],
  ]) {
    const attacker = await client();
    attacker.send(`GET ${T}/ HTTP/1.1`, ...hosts, LET_IN, '', '');
    assert.equal((await attacker.answer()).status, 400, JSON.stringify(hosts));
  }
  assert.equal(task.seen(), '');
});

test('A75: a dot at the end names the same host, and an empty port none', async (t) => {
  const own: OwnPages = (_request, response) => {
    response.end('own');
    return Promise.resolve(true);
  };
  const attack = await attacked(t, replying(OK), { pages: [own] });
  for (const [path, host, status, body] of [
    ['/', 'router.test.', 200, 'own'],
    ['/', 'ROUTER.test.:8080', 200, 'own'],
    ['/', 'router.test:', 200, 'own'],
    ['/', 'router.test..', 404, undefined],
    ['/', `${TASK_A}.w.router.test.`, 200, 'ok'],
    ['/', `${TASK_A}.W.router.test.:443`, 200, 'ok'],
    ['/', `${TASK_A}.w.router.test..`, 404, undefined],
    [`${T}/`, '[::1]', 200, 'ok'],
    [`${T}/`, '[::1]:65535', 200, 'ok'],
    [`${T}/`, '127.0.0.1.', 200, 'ok'],
  ] as const) {
    const client = await attack.client();
    client.send(`GET ${path} HTTP/1.1`, `Host: ${host}`, LET_IN, 'Connection: close', '', '');
    const answer = await client.answer();
    assert.equal(answer.status, status, host);
    if (body !== undefined) assert.equal(answer.body, body, host);
  }
  // The task is told the host as it was asked for.
  assert.match(attack.task.seen(), new RegExp(`\r\nHost: ${TASK_A}\\.w\\.router\\.test\\.\r\n`));
});

test('A12: no page or redirect of ours names the Host of the request', async (t) => {
  const { client } = await attacked(t);
  for (const path of [
    '/',
    T,
    `${T}?x`,
    '/nowhere',
    `/service/${'d'.repeat(32)}/`,
    '/auth/sign-in',
  ]) {
    for (const cookie of [[], [LET_IN]]) {
      const attacker = await client();
      attacker.send(
        `GET ${path} HTTP/1.1`,
        'Host: evil.example',
        'Accept: text/html',
        ...cookie,
        '',
        '',
      );
      const answer = await attacker.answer();
      assert.ok(answer.status >= 300, `${path}: ${answer.status}`);
      assert.doesNotMatch(JSON.stringify(answer), /evil\.example/);
      assert.match(header(answer, 'location') ?? '/', /^\/(?!\/)/);
    }
  }
});

test('A85: nothing is asked for a client that was reset before it was accepted', async (t) => {
  const attack = await attacked(t);
  resetBeforeAccepted(attack.world.port, `GET ${T}/ HTTP/1.1\r\n${HOST}\r\n${LET_IN}\r\n\r\n`);
  await stillServes(attack);
  assert.equal(attack.world.gate.asked.length, 1);
  assert.equal(attack.task.seen(), '');
});

test('A40: a Location to the host of tasks is the task’s own where the router’s pages have a host of their own', async (t) => {
  const said = ['http://router.test/lab', 'http://pages.test/lab', '/lab'];
  const attack = await attacked(
    t,
    ({ socket, text }) => {
      if (!text().endsWith('\r\n\r\n')) return;
      const location = said[Number(/\/case(\d)/.exec(text())?.[1])];
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`);
    },
    {
      settings: {
        origin: 'http://router.test',
        pagesOrigin: 'http://pages.test',
        wildcardHost: undefined,
        pathForm: true,
        isTrustedProxy: undefined,
        secureCookies: false,
      },
    },
  );
  const seen = [];
  for (const index of said.keys()) {
    const client = await attack.client();
    client.send(`GET ${T}/case${index} HTTP/1.1`, HOST, LET_IN, '', '');
    seen.push(header(await client.answer(), 'location'));
  }
  assert.deepEqual(seen, [`http://router.test${T}/lab`, 'http://pages.test/lab', `${T}/lab`]);
});
