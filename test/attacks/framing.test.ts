import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOST, LET_IN, T, attacked, stillServes } from '../support/attacked.ts';
import type { Attacked } from '../support/attacked.ts';

const HIDDEN = 'GET /smuggled HTTP/1.1\r\nHost: x\r\nX-ClearML-User-Id: admin\r\n\r\n';

/** The head of the first request that a task got, and its body as the head frames it. */
function bodyOfFirst(seen: string): readonly [string, string] {
  const end = seen.indexOf('\r\n\r\n');
  const head = seen.slice(0, end);
  const rest = seen.slice(end + 4);
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  const chunked = /^transfer-encoding: chunked/im.test(head);
  assert.ok((length === undefined) === chunked, `framed once: ${head}`);
  if (length !== undefined) return [head, rest.slice(0, Number(length))];
  const size = Number.parseInt(rest, 16);
  const start = rest.indexOf('\r\n') + 2;
  assert.ok(rest.startsWith('\r\n0\r\n\r\n', start + size), 'one chunk and the last one');
  return [head, rest.slice(start, start + size)];
}

for (const method of ['DELETE', 'OPTIONS', 'GET', 'POST', 'HEAD']) {
  test(`A1: a request hidden in the chunked body of ${method} stays a body`, async (t) => {
    const { client, task } = await attacked(t);
    const attacker = await client();
    const size = HIDDEN.length.toString(16);
    attacker.send(
      `${method} ${T}/x HTTP/1.1`,
      HOST,
      LET_IN,
      'Transfer-Encoding: chunked',
      '',
      size,
      HIDDEN,
      '0',
      '',
      '',
    );
    assert.equal((await attacker.answer(method === 'HEAD')).status, 200);
    // A second request, so that a task that took the body for one would have answered it by now.
    attacker.send(`GET ${T}/second HTTP/1.1`, HOST, LET_IN, '', '');
    await attacker.answer();
    const [head, body] = bodyOfFirst(task.seen());
    assert.match(head, new RegExp(`^${method} /x HTTP/1.1\r\n`));
    assert.equal(body, HIDDEN);
    const second = task.connections.at(-1)?.text() ?? '';
    assert.match(second, /GET \/second HTTP\/1\.1\r\n/);
  });
}

/** Sends it, expects one refusal and the end of the connection, and that no task heard of it. */
async function refused(
  attack: Attacked,
  lines: readonly string[],
  statuses: readonly number[] = [400],
): Promise<void> {
  const attacker = await attack.client();
  attacker.send(...lines);
  const answer = await attacker.answer();
  assert.ok(statuses.includes(answer.status), `${answer.status} to ${JSON.stringify(lines)}`);
  await attacker.untilClosed();
  assert.equal(attacker.pending, '', `more than one answer to ${JSON.stringify(lines)}`);
  assert.equal(attack.task.seen(), '');
}

test('A2: Content-Length together with Transfer-Encoding', async (t) => {
  const attack = await attacked(t);
  for (const framing of [
    ['Content-Length: 4', 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked', 'Content-Length: 4'],
    ['Transfer-Encoding: chunked', 'Content-Length: 0'],
  ]) {
    await refused(attack, [`POST ${T}/ HTTP/1.1`, HOST, LET_IN, ...framing, '', '0', '', '']);
  }
  await stillServes(attack);
});

test('A3: Content-Length that is none, or is two', async (t) => {
  const attack = await attacked(t);
  for (const framing of [
    ['Content-Length: 5', 'Content-Length: 6'],
    ['Content-Length: 5', 'Content-Length: 5'],
    ['Content-Length: +5'],
    ['Content-Length: -5'],
    ['Content-Length: 0x5'],
    ['Content-Length: 5, 5'],
    ['Content-Length: 5 5'],
    ['Content-Length: 99999999999999999999999'],
    ['Content-Length:'],
  ]) {
    await refused(attack, [`POST ${T}/ HTTP/1.1`, HOST, LET_IN, ...framing, '', 'hello']);
  }
  await stillServes(attack);
});

test('A4: transfer codings other than one "chunked"', async (t) => {
  const attack = await attacked(t);
  for (const framing of [
    ['Transfer-Encoding: xchunked'],
    ['Transfer-Encoding: chunked, identity'],
    ['Transfer-Encoding: gzip, chunked'],
    ['Transfer-Encoding: chunked\u000b'],
    ['Transfer-Encoding: "chunked"'],
    ['Transfer-Encoding: identity'],
    ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
    ['Transfer-Encoding:'],
  ]) {
    await refused(
      attack,
      [`POST ${T}/ HTTP/1.1`, HOST, LET_IN, ...framing, '', '0', '', ''],
      [400, 501],
    );
  }
  await stillServes(attack);
});

test('A5: header lines that readers disagree on', async (t) => {
  const attack = await attacked(t);
  for (const line of [
    'X-Space : 1',
    'X-Fold: 1\r\n folded',
    'X-Null: a\0b',
    'X-Bare: a\rb',
    ' X-Leading: 1',
    'X Name: 1',
    'NoColon',
    ': empty',
  ]) {
    await refused(attack, [`GET ${T}/ HTTP/1.1`, HOST, LET_IN, line, '', '']);
  }
  await refused(attack, [`GET ${T}/ HTTP/1.1\nHost: x\n${LET_IN}\n\n`]);
  await refused(attack, [
    `POST ${T}/ HTTP/1.1`,
    HOST,
    LET_IN,
    'Transfer-Encoding: chunked\n',
    '0',
    '',
    '',
  ]);
  await stillServes(attack);
});

test('A6: framing headers nominated as hop-by-hop', async (t) => {
  const attack = await attacked(t);
  const attacker = await attack.client();
  attacker.send(
    `POST ${T}/x HTTP/1.1`,
    HOST,
    LET_IN,
    'Connection: keep-alive, transfer-encoding',
    'Transfer-Encoding: chunked',
    '',
    HIDDEN.length.toString(16),
    HIDDEN,
    '0',
    '',
    '',
  );
  assert.equal((await attacker.answer()).status, 200);
  await attacker.untilClosed();
  const [head, body] = bodyOfFirst(attack.task.seen());
  assert.equal(body, HIDDEN);
  assert.match(head, /^connection: close\r$/im);
  const second = await attack.client();
  second.send(
    `POST ${T}/y HTTP/1.1`,
    HOST,
    LET_IN,
    'Connection: content-length',
    'Content-Length: 5',
    '',
    'hello',
  );
  assert.equal((await second.answer()).status, 200);
  assert.match(attack.task.seen(), /content-length: 5\r\n\r\nhello$/i);
});
