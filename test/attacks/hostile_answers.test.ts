import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { COOKIE_NAME, TASK_A } from '../support/proxy_world.ts';
import { HOST, LET_IN, T, attacked, stillServes, until } from '../support/attacked.ts';
import type { Attacked } from '../support/attacked.ts';
import { OK, header, headerValues, replying } from '../support/raw_peers.ts';
import type { RawAnswer } from '../support/raw_peers.ts';
import { HANDSHAKE } from '../support/web_socket_handshake.ts';

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
    'HTTP/1.1 200 a\rb',
    'HTTP/1.1 200 a\nb',
    'HTTP/1.1 200 a\0b',
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

test('A71: the reason is the standard one, whatever the task says', async (t) => {
  for (const [line, status, reason] of [
    ['HTTP/1.1 200 \u00c3\u00a4', 200, 'OK'],
    ['HTTP/1.1 200 \u00fcber', 200, 'OK'],
    ['HTTP/1.1 404 a\u0001\u001b[2Jb\u007f', 404, 'Not Found'],
    ['HTTP/1.1 500', 500, 'Internal Server Error'],
    ['HTTP/1.0 299 OK', 299, ''],
  ] as const) {
    const { answer } = await answerTo(t, `${line}\r\nContent-Length: 2\r\n\r\nok`);
    assert.deepEqual([answer.status, answer.reason, answer.body], [status, reason, 'ok'], line);
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

test('A65: a body that comes late after an answer that has none is nobody’s', async (t) => {
  const poison = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';
  for (const [method, head, again] of [
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 46', false],
    ['HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked', false],
    ['HEAD', 'HTTP/1.1 200 OK', false],
    ['HEAD', 'HTTP/1.1 404 Not Found\r\nContent-Length: 46', false],
    ['HEAD', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 46', false],
    ['GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 46', false],
    ['GET', 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked', false],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 46', false],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked', false],
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 0', true],
    ['HEAD', 'HTTP/1.1 204 No Content', true],
    ['GET', 'HTTP/1.1 204 No Content', true],
    ['GET', 'HTTP/1.1 304 Not Modified', true],
  ] as const) {
    const attack = await attacked(t, (connection) => {
      const { socket, text } = connection;
      // The body that should not be comes once the next request is there: nothing tells that it is on its way.
      if (text().endsWith('/first HTTP/1.1\r\n\r\n')) return;
      if (text().includes('/first')) {
        if (text().includes('/next')) socket.write(poison);
        else socket.write(`${head}\r\n\r\n`);
      } else replying(OK)(connection);
    });
    const client = await attack.client();
    client.send(`${method} ${T}/first HTTP/1.1`, HOST, LET_IN, '', '');
    assert.ok((await client.answer(true)).status < 500);
    client.send(`GET ${T}/next HTTP/1.1`, HOST, LET_IN, '', '');
    const { body } = await client.answer();
    assert.equal(body, again ? 'poison' : 'ok', `${method} ${head}`);
    assert.equal(attack.task.connections.length, again ? 1 : 2);
  }
});

test('A76: an answer without Date gets one, and no second one', async (t) => {
  for (const [said, seen] of [
    ['', /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/],
    ['dATE: of my own\r\n', /^of my own$/],
    ['Date: x\r\nConnection: Date\r\n', /GMT$/],
  ] as const) {
    for (const [method, rest] of [
      ['GET', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'],
      ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'],
      ['GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
      ['GET', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
    ] as const) {
      const early = 'HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n';
      const bytes = early + rest.replace('\r\n', `\r\n${said}`);
      const attack = await attacked(t, replying(bytes));
      const client = await attack.client();
      client.send(`${method} ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
      assert.equal(header(await client.answer(), 'date'), undefined);
      const answer = await client.answer(method === 'HEAD');
      const dates = headerValues(answer, 'date');
      assert.equal(dates.length, 1);
      assert.match(dates[0] ?? '', seen);
    }
  }
});

test('A37: an answer that nobody asked for', async (t) => {
  const poison = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';
  for (const late of [false, true]) {
    const attack = await attacked(t, (connection) => {
      if (connection.text().endsWith('\r\n\r\n')) connection.socket.write(late ? OK : OK + poison);
    });
    for (let turn = 0; turn < 4; turn++) {
      const client = await attack.client();
      client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
      assert.equal((await client.answer()).body, 'ok');
      const connection = attack.task.connections[turn];
      assert.ok(connection !== undefined, 'its connection is taken once more');
      if (!late) continue;
      connection.socket.write(poison);
      // Long before it would have been idle for too long.
      await once(connection.socket, 'close', { signal: AbortSignal.timeout(2_000) });
    }
  }
});

test('A38: an error after the task’s headers: a page of our own, with nothing of the task’s', async (t) => {
  const { answer } = await answerTo(
    t,
    'HTTP/1.1 200 No\0Content\r\nX-App: 1\r\nContent-Length: 2\r\nSet-Cookie: a=1\r\n\r\nok',
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
  const own = new Set(['connection', 'content-length', 'date']);
  assert.deepEqual(
    answer.headers.filter(([name]) => !own.has(name)),
    [
      ['service-worker-allowed', `${T}/`],
      ['x-accel-buffering', 'no'],
      ['x-app', '1'],
      ['set-cookie', `mine=1; HttpOnly; Path=${T}/`],
    ],
  );
});

/** Each of these acts on the whole origin, or means nothing elsewhere. */
const ORIGIN_WIDE = [
  'Accept-CH: Sec-CH-UA-Model',
  'Critical-CH: Sec-CH-UA-Model',
  'Report-To: {"group":"x","endpoints":[{"url":"https://evil.test/"}]}',
  'Reporting-Endpoints: default="https://evil.test/"',
  'Use-As-Dictionary: match="/*"',
  'Set-Login: logged-out',
  'Cache-Group-Invalidation: "all"',
  'Sec-Session-Registration: (ES256);path="/"',
] as const;

test('A76: what acts on the whole origin is cut where the origin is everybody’s', async (t) => {
  const bytes = `HTTP/1.1 200 OK\r\nX-App: 1\r\n${ORIGIN_WIDE.join('\r\n')}\r\nContent-Length: 2\r\n\r\nok`;
  const attack = await attacked(t, replying(bytes));
  for (const [path, host, kept] of [
    [`${T}/`, HOST, []],
    ['/', `Host: ${TASK_A}.w.router.test`, ORIGIN_WIDE],
  ] as const) {
    for (const handshake of [[], HANDSHAKE]) {
      const client = await attack.client();
      client.send(`GET ${path} HTTP/1.1`, host, LET_IN, ...handshake, '', '');
      const { headers } = await client.answer();
      const own = new Set(['connection', 'content-length', 'x-app', 'keep-alive', 'date']);
      assert.deepEqual(
        headers.filter(([name]) => !own.has(name)).map(([name]) => name),
        kept.map((line) => line.slice(0, line.indexOf(':')).toLowerCase()),
      );
    }
  }
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
