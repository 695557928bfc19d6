import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOST, LET_IN, T, attacked } from './attacked.ts';
import { header } from './raw_peers.ts';

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

test('A11: no Host, two, or one that is none', async (t) => {
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
  ]) {
    const attacker = await client();
    attacker.send(`GET ${T}/ HTTP/1.1`, ...hosts, LET_IN, '', '');
    assert.equal((await attacker.answer()).status, 400, JSON.stringify(hosts));
  }
  assert.equal(task.seen(), '');
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
