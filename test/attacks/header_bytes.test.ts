import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOST, LET_IN, T, attacked } from '../support/attacked.ts';
import { replying } from '../support/raw_peers.ts';
import { HANDSHAKE } from '../support/web_socket_handshake.ts';

/** Every byte that may stand in a header's value beyond ASCII, one character each; and a file name as servers send it in UTF-8. */
const HIGH = Array.from({ length: 128 }, (_, index) => String.fromCharCode(0x80 + index)).join('');
const FILE = Buffer.from('attachment; filename="Übersicht – 数据.csv"').toString('latin1');
const LINES = [`X-High: ${HIGH}`, `Content-Disposition: ${FILE}`] as const;

function assertWhole(text: string, what: string): void {
  for (const line of LINES) assert.ok(text.includes(`\r\n${line}\r\n`), `${what}: ${text}`);
}

test('A74: bytes beyond ASCII in a request’s headers arrive at the task as they are', async (t) => {
  const { client, task } = await attacked(t);
  for (const [what, line, lines, body] of [
    ['GET', `GET ${T}/`, [], ''],
    ['HEAD', `HEAD ${T}/`, [], ''],
    ['a body', `POST ${T}/`, ['Content-Length: 2'], 'hi'],
    ['chunks', `PUT ${T}/`, ['Transfer-Encoding: chunked'], '2\r\nhi\r\n0\r\n\r\n'],
    ['an upgrade', `GET ${T}/`, HANDSHAKE, ''],
  ] as const) {
    const asking = await client();
    const before = task.seen().length;
    asking.send(`${line} HTTP/1.1`, HOST, LET_IN, ...lines, ...LINES, 'X-End: 1', '', body);
    assert.equal((await asking.answer(line.startsWith('HEAD'))).status, 200, what);
    const seen = task.seen().slice(before);
    assertWhole(seen, what);
  }
});

test('A74: and those of an answer at the client, in whatever form it comes', async (t) => {
  for (const [what, method, lines, answer] of [
    ['a length', 'GET', [], ['200 OK', 'Content-Length: 2\r\n\r\nok']],
    ['a long body', 'GET', [], ['200 OK', `Content-Length: 90000\r\n\r\n${'x'.repeat(90_000)}`]],
    ['no body', 'GET', [], ['200 OK', 'Content-Length: 0\r\n\r\n']],
    ['chunks', 'GET', [], ['200 OK', 'Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n']],
    ['a quiet stream', 'GET', [], ['200 OK', 'Transfer-Encoding: chunked\r\n\r\n']],
    ['a quiet length', 'GET', [], ['200 OK', 'Content-Length: 5\r\n\r\n']],
    ['204', 'GET', [], ['204 No Content', '\r\n']],
    ['304', 'GET', [], ['304 Not Modified', '\r\n']],
    ['HEAD', 'HEAD', [], ['200 OK', 'Content-Length: 2\r\n\r\n']],
    [
      'a WebSocket',
      'GET',
      HANDSHAKE,
      ['101 X', 'Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n'],
    ],
    ['a declined upgrade', 'GET', HANDSHAKE, ['403 No', 'Content-Length: 2\r\n\r\nno']],
    ['one without a body', 'GET', HANDSHAKE, ['403 No', 'Content-Length: 0\r\n\r\n']],
    ['one in chunks', 'GET', HANDSHAKE, ['403 No', 'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n']],
    ['one with 204', 'GET', HANDSHAKE, ['204 No', '\r\n']],
  ] as const) {
    const bytes = `HTTP/1.1 ${answer[0]}\r\n${LINES.join('\r\n')}\r\n${answer[1]}`;
    const { client } = await attacked(t, replying(bytes));
    const asking = await client();
    asking.send(`${method} ${T}/ HTTP/1.1`, HOST, LET_IN, ...lines, '', '');
    await asking.untilText('\r\n\r\n');
    assertWhole(asking.pending, what);
    asking.destroy();
  }
});
