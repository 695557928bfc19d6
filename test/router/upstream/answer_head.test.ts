import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readAnswerHead } from '../../../router/upstream/answer_head.ts';
import { BadAnswer } from '../../../router/upstream/failure.ts';

const read = (...lines: readonly string[]): ReturnType<typeof readAnswerHead> =>
  readAnswerHead(lines.join('\r\n'));

test('reads status, headers and framing', () => {
  const head = read('HTTP/1.1 404 Not Found', 'X-Odd-CASE:  a b\t', 'Content-Length: 12', 'Empty:');
  assert.deepEqual(head, {
    status: 404,
    headers: ['X-Odd-CASE', 'a b', 'Content-Length', '12', 'Empty', ''],
    length: 12,
    chunked: false,
    persistent: true,
    idleTime: undefined,
  });
  for (const line of [
    'HTTP/1.1 200',
    'HTTP/1.1 200 ',
    'HTTP/1.1 200 \u00c3\u00a4',
    'HTTP/1.1 200 a\u0001',
  ]) {
    assert.equal(read(line).status, 200, line);
  }
  assert.equal(read('HTTP/1.1 200 OK', 'transfer-encoding: Chunked').chunked, true);
  assert.equal(read('HTTP/1.1 200 OK', 'X: \u00e4').headers[1], '\u00e4');
});

test('knows which connections stay', () => {
  for (const [persistent, ...lines] of [
    [true, 'HTTP/1.1 200 OK'],
    [false, 'HTTP/1.1 200 OK', 'Connection: close'],
    [false, 'HTTP/1.1 200 OK', 'Connection: X-Hop, Close'],
    [false, 'HTTP/1.1 200 OK', 'Connection: keep-alive', 'Connection: close'],
    [false, 'HTTP/1.1 200 OK', 'Connection: close, keep-alive'],
    [false, 'HTTP/1.0 200 OK'],
    [true, 'HTTP/1.0 200 OK', 'Connection: Keep-Alive'],
  ] as const) {
    assert.equal(read(...lines).persistent, persistent, lines.join(' | '));
  }
  for (const [idleTime, value] of [
    [5_000, 'timeout=5'],
    [75_000, 'max=100, timeout=75'],
    [undefined, 'timeout=x'],
    [undefined, 'xtimeout=5'],
  ] as const) {
    assert.equal(read('HTTP/1.1 200 OK', `Keep-Alive: ${value}`).idleTime, idleTime, value);
  }
});

test('A33, A34: refuses what two readers could read in two ways', () => {
  for (const lines of [
    [''],
    ['HTTP/1.1'],
    ['HTTP/1.1 20'],
    ['HTTP/1.1 2000'],
    ['HTTP/1.1 099 X'],
    ['HTTP/1.1 600 X'],
    ['HTTP/1.1 +20 X'],
    ['HTTP/1.1  200 X'],
    ['HTTP/1.2 200 OK'],
    ['HTTP/2.0 200 OK'],
    ['http/1.1 200 OK'],
    [' HTTP/1.1 200 OK'],
    ['HTTP/1.1 200 a\nb'],
    ['HTTP/1.1 200 a\rb'],
    ['HTTP/1.1 200 a\0'],
    ['HTTP/1.1 200\u00a0'],
    ['HTTP/1.1 200 OK', 'X'],
    ['HTTP/1.1 200 OK', ': x'],
    ['HTTP/1.1 200 OK', 'X : x'],
    ['HTTP/1.1 200 OK', 'X: a', ' folded'],
    ['HTTP/1.1 200 OK', '\tX: a'],
    ['HTTP/1.1 200 OK', 'X: a\nY: b'],
    ['HTTP/1.1 200 OK', 'X: a\rY: b'],
    ['HTTP/1.1 200 OK', 'X: a\0'],
    ['HTTP/1.1 200 OK', 'X\u00e4: a'],
    ['HTTP/1.1 200 OK', '', 'X: a'],
    ['HTTP/1.1 200 OK', 'Content-Length: 1', 'Content-Length: 1'],
    ['HTTP/1.1 200 OK', 'Content-Length: 1, 1'],
    ['HTTP/1.1 200 OK', 'Content-Length: -1'],
    ['HTTP/1.1 200 OK', 'Content-Length: 1e3'],
    ['HTTP/1.1 200 OK', 'Content-Length:'],
    ['HTTP/1.1 200 OK', `Content-Length: ${'9'.repeat(20)}`],
    ['HTTP/1.1 200 OK', 'Transfer-Encoding: gzip, chunked'],
    ['HTTP/1.1 200 OK', 'Transfer-Encoding: identity'],
    ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
    ['HTTP/1.1 200 OK', 'Content-Length: 1', 'Transfer-Encoding: chunked'],
  ]) {
    assert.throws(() => read(...lines), BadAnswer, JSON.stringify(lines));
  }
});

test('any text is a head or a BadAnswer, and what is read holds no line break', () => {
  const piece = fc.oneof(
    fc.constantFrom('HTTP/1.1 200 OK', '\r\n', '\r', '\n', ':', 'Content-Length: 1', 'a: b', ' '),
    fc.string({ unit: 'binary', maxLength: 4 }),
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      try {
        const head = readAnswerHead(`HTTP/1.1 200 OK\r\n${pieces.join('')}`);
        for (const text of head.headers) assert.doesNotMatch(text, /[\r\n\0]/);
      } catch (error) {
        assert.ok(error instanceof BadAnswer);
      }
    }),
  );
});
