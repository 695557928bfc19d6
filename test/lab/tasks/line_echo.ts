/** Sample task: a TCP service that greets and sends each line back. */
import { createServer, type Socket } from 'node:net';

const port = Number(process.env['PORT'] ?? 7000);
const open = new Set<Socket>();

const server = createServer((socket) => {
  open.add(socket);
  socket.on('close', () => open.delete(socket));
  socket.on('error', () => socket.destroy());
  socket.write('hello from the sample task\n');
  socket.pipe(socket);
});

server.listen(port, process.env['HOST'] ?? '0.0.0.0', () => {
  console.log(`The sample TCP service listens on port ${port}`);
});

process.once('SIGTERM', () => {
  server.close();
  for (const socket of open) socket.destroy();
});
