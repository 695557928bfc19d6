import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';

import { UNBOUNDED } from '../../../router/load/byte_budget.ts';
import { TcpCopy } from '../../../router/sockets/copy.ts';

test('what its sink has not taken yet stays as it was read, although the rest is thrown away', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const copy = new TcpCopy(UNBOUNDED);
  const { port } = server.address() as AddressInfo;
  const source = connect({ host: '127.0.0.1', port, onread: copy.onread });
  const [[sender]] = (await Promise.all([accepted, once(source, 'connect')])) as [
    [Socket],
    unknown,
  ];
  t.after(() => {
    source.destroy();
    sender.destroy();
    server.close();
  });
  const taken: Uint8Array[] = [];
  let written = (): void => assert.fail('nothing was written');
  let waits = 0;
  let told = (): void => undefined;
  const wrote = new Promise<void>((resolve) => (told = resolve));
  copy.join(source, {
    destroyed: false,
    get writableLength() {
      return waits;
    },
    write: (chunk) => {
      taken.push(chunk);
      waits = chunk.length;
      told();
    },
    whenWritten: (callback) => (written = callback),
    end: () => undefined,
  });
  sender.write('a'.repeat(100));
  await wrote;
  copy.discard();
  sender.end('b'.repeat(100));
  const ended = once(source, 'end');
  // All that there is has come, and would have been read by now.
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(Buffer.from(taken[0] ?? []).toString(), 'a'.repeat(100));
  waits = 0;
  written();
  await ended;
  assert.equal(taken.length, 1);
});
