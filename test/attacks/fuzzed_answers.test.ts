import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { HANDSHAKE, HOST, LET_IN, T, attacked, stillServes } from './attacked.ts';
import { RawClient } from './raw_peers.ts';

/** How many answers are tried; continuous integration asks for 100,000. */
const CASES = Number(process.env['FUZZ_CASES'] ?? 500);
const AT_ONCE = 16;

const piece = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'HTTP/1.1 200 OK\r\n',
      'HTTP/1.1 101 Switching Protocols\r\n',
      'HTTP/1.1 100 Continue\r\n\r\n',
      'HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n',
      'HTTP/1.1 204 No Content\r\n',
      'HTTP/1.1 304 X\r\n',
      'HTTP/1.1 099 X\r\n',
      'HTTP/1.0 200 OK\r\n',
      'HTTP/1.1 302 Found\r\nLocation: //x\\y\r\n',
      'Content-Length: 5\r\n',
      'Content-Length: -1\r\n',
      'Content-Length: 99999999999999999999\r\n',
      'Transfer-Encoding: chunked\r\n',
      'Connection: Upgrade\r\nUpgrade: websocket\r\n',
      'Connection: close\r\n',
      'Trailer: x\r\n',
      'Set-Cookie: a=1; Domain=;Path\r\n',
      '__proto__: 1\r\n',
      '\r\n',
      '5\r\nhello\r\n',
      '0\r\n\r\n',
      '0\r\nx: \u0001\r\n\r\n',
      'ffffffffffffffff\r\n',
      'hello',
    ),
  },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom('\0', '\r', '\n', '\u007f', ': ', ' ') },
);
const bytes = fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join(''));
const ending = fc.constantFrom('end', 'reset', 'stay');

test(`no answer of a task crashes the router or leaves its client waiting (${CASES} cases)`, async (t) => {
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
  t.after(() => {
    process.off('uncaughtException', note);
    process.off('unhandledRejection', note);
  });
  const plans = new Map<string, readonly [string, string]>();
  const answered = new WeakSet<Socket>();
  const attack = await attacked(t, ({ socket, text }) => {
    const id = /\/case(\d+)x/.exec(text())?.[1];
    const plan = id === undefined ? undefined : plans.get(id);
    if (plan === undefined || answered.has(socket)) return;
    answered.add(socket);
    socket.write(plan[0], 'latin1');
    // What does not end by itself ends soon: a task that says nothing for ever is served for ever, by design.
    if (plan[1] === 'reset') socket.resetAndDestroy();
    else if (plan[1] === 'end') socket.end();
    else setTimeout(() => socket.end(), 20);
  });
  const once = async (id: number, plan: readonly [string, string]): Promise<void> => {
    plans.set(String(id), plan);
    const client = await RawClient.connect(attack.world.port);
    const upgrade = id % 3 === 0 ? HANDSHAKE : ['Connection: close'];
    const method = id % 3 === 0 || id % 5 > 0 ? 'GET' : 'HEAD';
    client.send(`${method} ${T}/case${id}x HTTP/1.1`, HOST, LET_IN, ...upgrade, '', '');
    await client.untilClosed(10_000).catch(() => {
      assert.fail(`the client still waits after ${JSON.stringify(plan)}: ${client.pending}`);
    });
    assert.match(client.pending, /^HTTP\/1\.1 [1-5]\d\d |^$/);
    client.destroy();
    plans.delete(String(id));
    // What peers remember of a hundred thousand cases would itself become the load.
    if (id % 1_000 === 0) {
      const { access, accessLines, logLines, gate } = attack.world;
      for (const kept of [attack.task.connections, access, accessLines, logLines, gate.asked]) {
        kept.length = 0;
      }
    }
  };
  const cases = fc.sample(fc.tuple(bytes, ending), CASES);
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < cases.length) {
        const id = next++;
        await once(id, cases[id] ?? ['', 'end']);
      }
    }),
  );
  assert.deepEqual(uncaught, []);
  await stillServes(attack);
});
