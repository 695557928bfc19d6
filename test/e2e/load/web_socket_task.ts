/** A task in a process of its own, so that it can be killed: turns each connection into a WebSocket, and echoes its bytes. Says its port. */
import { createServer, type AddressInfo } from 'node:net';

const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';

const server = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.once('data', () => {
    socket.write(SWITCH);
    socket.on('data', (bytes) => socket.write(bytes));
  });
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
