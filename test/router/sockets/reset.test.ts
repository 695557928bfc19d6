import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import { reset } from '../../../router/sockets/reset.ts';

/** Both ends of a connection. */
async function pair(): Promise<{ near: Socket; far: Socket; end: () => void }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    allowHalfOpen: true,
  });
  const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [
    [Socket],
    unknown,
  ];
  return { near, far, end: () => server.close() };
}

test('the other end sees a reset', async () => {
  const { near, far, end } = await pair();
  reset(near);
  await assert.rejects(once(far.resume(), 'end'), { code: 'ECONNRESET' });
  end();
});

test('a socket whose FIN is on its way is closed, not leaked', async () => {
  const { near, far, end } = await pair();
  near.end();
  const closed = once(near, 'close');
  reset(near);
  await closed;
  far.destroy();
  end();
});

test('a socket that is still connecting is closed without waiting', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  reset(socket);
  assert.equal(socket.destroyed, true);
  await once(socket, 'close');
  server.close();
});
