import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ChunkedBody } from '../../../router/upstream/chunked_body.ts';
import { BadAnswer } from '../../../router/upstream/failure.ts';

interface Read {
  readonly data: string;
  readonly trailers: readonly string[];
  readonly complete: boolean;
  /** What was left alone. */
  readonly rest: string;
}

/** Reads the pieces as they come, each in a buffer with old bytes behind it. */
function read(pieces: readonly string[]): Read {
  const body = new ChunkedBody();
  let data = '';
  let rest = '';
  for (const piece of pieces) {
    const bytes = Buffer.from(`${piece}\r\nold\r\n`, 'latin1');
    const to = body.take(bytes, 0, piece.length, (some) => (data += some.toString('latin1')));
    rest += piece.slice(to);
  }
  return { data, rest, complete: body.complete, trailers: body.complete ? body.trailers() : [] };
}

test('takes the chunks off, and keeps the trailers', () => {
  assert.deepEqual(read(['3\r\nabc\r\n1;x="y"\r\nd\r\n00\r\nA: b\r\nC:d\r\n\r\nHTTP/1.1']), {
    data: 'abcd',
    trailers: ['A', 'b', 'C', 'd'],
    complete: true,
    rest: 'HTTP/1.1',
  });
  assert.equal(read(['A\r\n0123456789\r\n']).complete, false);
});

test('reads the same wherever the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 })),
      fc.array(fc.nat(200)),
      (chunks, cuts) => {
        const text = `${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}0\r\nX: y\r\n\r\n`;
        const places = [...new Set([0, ...cuts.map((cut) => cut % text.length)])].toSorted(
          (a, b) => a - b,
        );
        const pieces = places.map((place, index) => text.slice(place, places[index + 1]));
        assert.deepEqual(read(pieces), {
          data: chunks.join(''),
          trailers: ['X', 'y'],
          complete: true,
          rest: '',
        });
      },
    ),
  );
});

test('A59: short chunks of one read come as one piece, long ones from where they are', () => {
  const pieces: number[] = [];
  const body = new ChunkedBody();
  const long = 'y'.repeat(20_000);
  const text = `${'1\r\nx\r\n'.repeat(5_000)}4e20\r\n${long}\r\n${'2;q\r\nzz\r\n'.repeat(50)}`;
  const bytes = Buffer.from(text, 'latin1');
  let data = '';
  assert.equal(
    body.take(bytes, 0, bytes.length, (some) => {
      pieces.push(some.length);
      data += some.toString('latin1');
    }),
    bytes.length,
  );
  assert.deepEqual(pieces, [5_000, 20_100]);
  assert.equal(data, 'x'.repeat(5_000) + long + 'z'.repeat(100));
});

test('A76: refuses chunks that are none', () => {
  for (const text of [
    '\r\n',
    'x\r\n',
    '-1\r\n',
    '0x1\r\n',
    '+1\r\n',
    ' 1\r\na\r\n',
    '1 1\r\na\r\n',
    '1\na\r\n',
    'fffffffffffff\r\n',
    '1;\0\r\na\r\n',
    '5\r\r\nhello\r\n',
    '5 \r\nhello\r\n',
    '5\t\r\nhello\r\n',
    '5 ;x\r\nhello\r\n',
    '5x\r\nhello\r\n',
    '5,5\r\nhello\r\n',
    '5\0\r\nhello\r\n',
    '5\u00a0\r\nhello\r\n',
    '5;\r\r\nhello\r\n',
    '5;x=\ny\r\nhello\r\n',
    '5;\u007f\r\nhello\r\n',
    ';x\r\nhello\r\n',
    '5\r\nhello\r\r\n',
    '5\r\nhello \r\n',
    '0\r\r\n\r\n',
    '0\r\nX: y\r\r\n\r\n',
    '0\r\n\rX: y\r\n\r\n',
    '0\r\n X: y\r\n\r\n',
    '0\r\nX: y\r\n folded\r\n\r\n',
    '0\r\nX: \0\r\n\r\n',
    '0\r\n\n',
    '1\r\nab\r\n',
    '1\r\na\n',
    '1\r\na0\r\n\r\n',
    '0\r\nX: y\n\r\n',
    `1;${'x'.repeat(2_000)}\r\na\r\n`,
    `0\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`,
    `0\r\n${'X: y\r\n'.repeat(20_000)}\r\n`,
    '0\r\nX : y\r\n\r\n',
    '0\r\nno colon\r\n\r\n',
  ]) {
    assert.throws(() => read([text]), BadAnswer, JSON.stringify(text.slice(0, 40)));
  }
});
