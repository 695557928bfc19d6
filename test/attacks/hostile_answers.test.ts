import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { COOKIE_NAME } from '../router/proxy/proxy_world.ts';
import { HOST, LET_IN, T, attacked, stillServes, until } from './attacked.ts';
import type { Attacked } from './attacked.ts';
import { OK, header, headerValues, replying } from './raw_peers.ts';
import type { RawAnswer } from './raw_peers.ts';

/** What a client of the router gets when the task says these bytes. */
async function answerTo(
  t: TestContext,
  bytes: string,
  method = 'GET',
  path = '/',
): Promise<{ answer: RawAnswer; attack: Attacked }> {
  const attack = await attacked(t, replying(bytes));
  const client = await attack.client();
  client.send(`${method} ${T}${path} HTTP/1.1`, HOST, LET_IN, 'Connection: close', '', '');
  return { answer: await client.answer(method === 'HEAD'), attack };
}

function assertOwnPage(answer: RawAnswer): void {
  assert.equal(answer.status, 502);
  assert.equal(answer.complete, true);
  const body = JSON.parse(answer.body) as { error: string };
  assert.match(body.error, /^task-/);
  assert.deepEqual(headerValues(answer, 'content-length'), [String(answer.body.length)]);
  assert.deepEqual(headerValues(answer, 'x-app'), []);
}

test('A32: 101 to a plain GET', async (t) => {
  for (const bytes of [
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\nxx',
  ]) {
    const { answer, attack } = await answerTo(t, bytes);
    assertOwnPage(answer);
    await stillServes(attack);
  }
});

test('A33: status lines that are none', async (t) => {
  for (const line of [
    'HTTP/1.1 099 X',
    'HTTP/1.1 000 X',
    'HTTP/1.1 1000 X',
    'HTTP/1.1 600 X',
    'HTTP/1.1 999 X',
    'HTTP/1.1 abc X',
    'HTTP/1.1 20 X',
    'HTTP/1.1 200 a\u0001b',
    'HTTP/1.1 200 a\u007fb',
    'HTTP/1.1 200 \u00c3\u00a4',
    'HTTP/9.9 200 OK',
    'HTTP/1.1',
    'ICY 200 OK',
    'nonsense',
    '',
  ]) {
    const { answer, attack } = await answerTo(
      t,
      `${line}\r\nX-App: 1\r\nContent-Length: 2\r\n\r\nok`,
    );
    assertOwnPage(answer);
    await stillServes(attack);
  }
});

test('A34: headers that are none, too long, or frame twice', async (t) => {
  for (const lines of [
    `X-App: ${'x'.repeat(70_000)}`,
    'X App: 1',
    'X-App : 1',
    ': 1',
    'X-App: a\rb',
    'X-App: a\0b',
    'Content-Length: 2\r\nTransfer-Encoding: chunked',
    'Transfer-Encoding: chunked\r\nContent-Length: 2',
    'Content-Length: 2\r\nContent-Length: 3',
    'Content-Length: 2\r\nContent-Length: 2',
    'Content-Length: +2',
    'Content-Length: 0x2',
    'Content-Length: 2, 2',
  ]) {
    const { answer, attack } = await answerTo(t, `HTTP/1.1 200 OK\r\n${lines}\r\n\r\nok`);
    assertOwnPage(answer);
    await stillServes(attack);
  }
  const { answer } = await answerTo(
    t,
    'HTTP/1.1 200 OK\r\n__proto__: x\r\nconstructor: y\r\nContent-Length: 2\r\n\r\nok',
  );
  assert.equal(answer.status, 200);
  assert.equal(header(answer, '__proto__'), 'x');
});

test('A35: a task that dies in the middle of its body', async (t) => {
  for (const bytes of [
    'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\nsome',
  ]) {
    for (const end of ['destroySoon', 'resetAndDestroy'] as const) {
      const attack = await attacked(t, (connection) => {
        if (!connection.text().includes('\r\n\r\n')) return;
        connection.socket.write(bytes);
      });
      const client = await attack.client();
      client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
      await client.untilText('some');
      attack.task.connections[0]?.socket[end]();
      await client.untilClosed(1_000);
      const answer = await client.answer();
      assert.equal(answer.complete, false);
      await until(() => attack.world.access.at(-1)?.['reason'] === 'task-reset');
    }
  }
});

test('A36: a body where there can be none reaches neither this client nor the next', async (t) => {
  for (const [method, bytes] of [
    ['GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nextra'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\n\r\nextra'],
    ['GET', 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nextra\r\n0\r\n\r\n'],
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nextra'],
    ['HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nextra\r\n0\r\n\r\n'],
  ] as const) {
    let first = true;
    const attack = await attacked(
      t,
      replying(() => {
        const now = first ? bytes : OK;
        first = false;
        return now;
      }),
    );
    const client = await attack.client();
    client.send(`${method} ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
    const answer = await client.answer(true);
    assert.ok(answer.status < 400);
    client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
    const next = await client.answer();
    assert.equal(next.body, 'ok', `${method} ${JSON.stringify(bytes)}`);
    assert.equal(client.pending, '');
  }
});

test('A37: an answer that nobody asked for', async (t) => {
  const poison = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';
  for (const late of [false, true]) {
    const attack = await attacked(t, (connection) => {
      if (!connection.text().endsWith('\r\n\r\n')) return;
      connection.socket.write(late ? OK : OK + poison);
      if (late) setTimeout(() => connection.socket.write(poison), 60);
    });
    for (let turn = 0; turn < 4; turn++) {
      const client = await attack.client();
      client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
      assert.equal((await client.answer()).body, 'ok');
      if (late) await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }
});

test('A38: an error after the task’s headers: a page of our own, with nothing of the task’s', async (t) => {
  const { answer } = await answerTo(
    t,
    'HTTP/1.1 200 No\u0001Content\r\nX-App: 1\r\nContent-Length: 2\r\nSet-Cookie: a=1\r\n\r\nok',
  );
  assertOwnPage(answer);
  assert.equal(header(answer, 'set-cookie'), undefined);
  assert.equal(answer.reason, 'Bad Gateway');
  const page = await answerTo(t, 'HTTP/1.1 200 OK\r\nbad line\r\n\r\n');
  assertOwnPage(page.answer);
  const body = await answerTo(
    t,
    'HTTP/1.1 200 OK\r\nX-App: 1\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n',
  );
  assertOwnPage(body.answer);
});

test('A25, A39: what acts on more than the endpoint is removed', async (t) => {
  const { answer } = await answerTo(
    t,
    [
      'HTTP/1.1 200 OK',
      'Clear-Site-Data: "*"',
      'Service-Worker-Allowed: /',
      'Strict-Transport-Security: max-age=9',
      'Alt-Svc: h3=":443"',
      'Public-Key-Pins: x',
      'NEL: {}',
      'X-Accel-Redirect: /internal',
      'X-Sendfile: /etc/passwd',
      'X-Accel-Buffering: no',
      'Keep-Alive: timeout=1',
      'Proxy-Authenticate: Basic',
      'Connection: keep-alive, X-Hop',
      'X-Hop: 1',
      'X-App: 1',
      `Set-Cookie: ${COOKIE_NAME}=evil; Path=/; Domain=.corp`,
      `Set-Cookie:   ${COOKIE_NAME} =evil`,
      `Set-Cookie: =${COOKIE_NAME}=evil`,
      `Set-Cookie: ${COOKIE_NAME}`,
      'Set-Cookie: __Host-router_session=evil; Path=/; Secure',
      'Set-Cookie: mine=1; Path=/; Domain=.corp; HttpOnly',
      'Content-Length: 2',
      '',
      'ok',
    ].join('\r\n'),
    'GET',
    '/a/b?c=/d',
  );
  const own = new Set(['connection', 'content-length']);
  assert.deepEqual(
    answer.headers.filter(([name]) => !own.has(name)),
    [
      ['x-accel-buffering', 'no'],
      ['x-app', '1'],
      ['set-cookie', `mine=1; HttpOnly; Path=${T}/`],
    ],
  );
});

test('A40: Location leads back into the endpoint', async (t) => {
  for (const status of [201, 301, 302, 303, 307, 308]) {
    const attack = await attacked(t, (connection) => {
      const path = / (\S+) HTTP/.exec(connection.text().split('\r\n\r\n').at(-2) ?? '')?.[1] ?? '';
      const location = decodeURIComponent(path.slice(1)).replace(
        'TASK',
        `127.0.0.1:${attack.task.port}`,
      );
      connection.socket.write(
        `HTTP/1.1 ${status} X\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`,
      );
    });
    const client = await attack.client();
    for (const [said, seen] of [
      ['http://TASK/x?y#z', `${T}/x?y#z`],
      ['HTTP://TASK', `${T}/`],
      ['//TASK/x', `${T}/x`],
      ['/x', `${T}/x`],
      ['/', `${T}/`],
      [`${T}/x`, `${T}/x`],
      [`${T}x`, `${T}${T}x`],
      ['http://router.test/x', `http://router.test${T}/x`],
      ['x', 'x'],
      ['?a', '?a'],
      ['./x', './x'],
      ['//evil', '//evil'],
      ['https://login.example/x', 'https://login.example/x'],
    ] as const) {
      client.send(`GET ${T}/${encodeURIComponent(said)} HTTP/1.1`, HOST, LET_IN, '', '');
      assert.equal(header(await client.answer(), 'location'), seen, said);
    }
  }
});
