import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { listen } from '../../../router/sockets/listen.ts';

test('listen gives the port that port 0 became', async () => {
  const server = createServer();
  const port = await listen(server, 0, '127.0.0.1');
  server.close();
  assert.ok(port > 0);
});

test('listen says why a port cannot be bound, and what to do', async () => {
  const first = createServer();
  const port = await listen(first, 0, '127.0.0.1');
  await assert.rejects(listen(createServer(), port, '127.0.0.1'), {
    code: 'LISTEN_FAILED',
    message: `cannot listen on 127.0.0.1, port ${port}: another process has it; choose another port or end that process`,
  });
  first.close();
  await assert.rejects(listen(createServer(), 0, '192.0.2.1'), {
    message:
      'cannot listen on 192.0.2.1, port 0: the address is none of this machine; correct BIND_ADDRESS',
  });
});

test('a connection that cannot be accepted ends nothing', async () => {
  const server = createServer();
  await listen(server, 0, '127.0.0.1');
  // As Node does when accept(2) fails.
  server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }));
  assert.ok(server.listening);
  server.close();
});
