import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { HOST, LET_IN, T, attacked, until } from '../../support/attacked.ts';
import { replying, OK } from '../../support/raw_peers.ts';
import { takeTurns } from '../../../router/http/body_turns.ts';
import { afterOthers } from '../../../router/sockets/turns.ts';
import { UNBOUNDED } from '../../../router/load/byte_budget.ts';
import { UpstreamConnection } from '../../../router/upstream/connection.ts';

/** V8's own collection, which tests of what is held need. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** The most that came in one turn of the event loop, until all has come. */
async function mostInOneTurn(look: () => number, ended: () => boolean): Promise<number> {
  let most = 0;
  for (let before = 0; !ended();) {
    await turn();
    const now = look();
    most = Math.max(most, now - before);
    before = now;
  }
  return most;
}

/** Lets the kernel pass on what was written: nobody reads meanwhile. */
function waitBusily(milliseconds: number): void {
  for (const end = performance.now() + milliseconds; performance.now() < end;);
}

test('A59: those who had their turn go on one after the other, a turn each', async () => {
  const gone: string[] = [];
  for (const name of ['a', 'b', 'c']) afterOthers(() => gone.push(name));
  const seen: string[] = [];
  for (let index = 0; index < 4; index++) {
    await turn();
    seen.push(gone.join(''));
    if (index === 0) afterOthers(() => gone.push('d'));
  }
  assert.deepEqual(seen, ['a', 'ab', 'abc', 'abcd']);
});

test('A59: a row that never becomes empty holds those alone who wait', async () => {
  const collect = collector();
  let asking = true;
  const ask = (): void => {
    const held = Buffer.alloc(4_096);
    afterOthers(() => {
      if (asking && held.length > 0) ask();
    });
  };
  ask();
  ask();
  collect();
  const before = process.memoryUsage().arrayBuffers;
  for (let index = 0; index < 2_000; index++) await turn();
  // V8 gives the bytes of collected buffers back beside the program, so a while after it has collected them.
  const until = performance.now() + 5_000;
  let grown = Infinity;
  while (grown >= 4_000_000 && performance.now() < until) {
    collect();
    await turn();
    grown = process.memoryUsage().arrayBuffers - before;
  }
  asking = false;
  assert.ok(grown < 4_000_000, `${grown} bytes more`);
});

test('A59: an answer whose bytes are costly is read for a moment in each turn', async (t) => {
  const all = 3_000_000;
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${all}\r\n\r\n`);
    socket.write(Buffer.alloc(all));
  });
  const port = await portOf(server);
  let bytes = 0;
  let reads = 0;
  const connection = new UpstreamConnection(
    { address: '127.0.0.1', family: 4, port },
    { idle: () => undefined, closed: () => undefined },
    undefined,
  );
  t.after(() => {
    connection.destroy(undefined);
    server.close();
  });
  connection.ask({
    outgoing: {
      method: 'GET',
      path: '/',
      headers: ['Host', 'x'],
      contentLength: undefined,
      body: undefined,
      chunked: false,
      last: true,
    },
    account: UNBOUNDED,
    keeps: () => undefined,
    interim: () => undefined,
    answered: () => undefined,
    data: (data) => {
      bytes += data.length;
    },
    taken: () => {
      reads++;
      waitBusily(1);
      return true;
    },
    ended: () => undefined,
    failed: (error) => assert.fail(error),
    sent: () => undefined,
  });
  const most = await mostInOneTurn(
    () => reads,
    () => bytes === all,
  );
  assert.ok(reads > 20);
  assert.ok(most <= 4, `${most} reads in one turn`);
});

async function uploading(t: TestContext, body: string): Promise<IncomingMessage> {
  const server = createServer(takeTurns);
  const port = await portOf(server);
  const client = connect(port, '127.0.0.1');
  t.after(() => {
    client.destroy();
    server.close();
  });
  client.write(`POST / HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n${body}`);
  const [request] = (await once(server, 'request')) as [IncomingMessage];
  return request;
}

test('A59: a body in tiny chunks is read once in each turn, and its bytes come together', async (t) => {
  const count = 300_000;
  const request = await uploading(t, `${'1\r\nx\r\n'.repeat(count)}0\r\n\r\n`);
  let bytes = 0;
  let pieces = 0;
  request.on('data', (piece: Buffer) => {
    bytes += piece.length;
    pieces++;
  });
  const most = await mostInOneTurn(
    () => bytes,
    () => bytes === count,
  );
  // Two reads of 64 KiB: what was gathered of one, and the first pieces of the next.
  assert.ok(most < 23_000, `${most} bytes in one turn`);
  assert.ok(pieces < count / 50, `${pieces} pieces`);
  if (!request.complete) await once(request, 'end');
});

test('A59: what a client cut into tiny chunks reaches its task in order, whole, and in few', async (t) => {
  const attack = await attacked(t, replying(OK));
  let body = '';
  let text = '';
  for (let index = 0; index < 20_000; index++) {
    const piece = index % 997 === 0 ? `<${'y'.repeat(9_000)}>` : String(index % 10);
    body += piece;
    text += `${piece.length.toString(16)}\r\n${piece}\r\n`;
  }
  const client = await attack.client();
  for (let again = 0; again < 2; again++) {
    client.send(`POST ${T}/ HTTP/1.1`, HOST, LET_IN, 'Transfer-Encoding: chunked', '', text);
    client.send('0\r\n\r\n');
    assert.equal((await client.answer(false, 20_000)).status, 200);
  }
  await until(() => attack.task.seen().endsWith('0\r\n\r\n'));
  const [, first = ''] = attack.task.seen().split('\r\n\r\n');
  const seen = first.slice(0, -1).replaceAll(/[0-9a-f]+\r\n([^\r]*)\r\n/g, '$1');
  assert.ok(seen === body, 'the bytes are those of the client');
  assert.ok(first.split('\r\n').length / 2 < 4_000, 'in few chunks');
});

test('A59: an answer in tiny chunks reaches its client whole and in few', async (t) => {
  const attack = await attacked(
    t,
    replying(
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(50_000)}0\r\n\r\n`,
    ),
  );
  const client = await attack.client();
  client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
  await client.untilText('\r\n0\r\n\r\n', 20_000);
  const chunks = client.pending.split('\r\n\r\n')[1]?.match(/[0-9a-f]+\r\n/g) ?? [];
  assert.ok(chunks.length < 1_000, `${chunks.length} chunks`);
  assert.equal((await client.answer()).body, 'x'.repeat(50_000));
});
