/** The part of the backend that nginx cannot play: `node node_backend.ts <WebSocket port> <TCP port>`. */
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { WebSocketServer } from 'ws';

const [webSocketPort, tcpPort] = process.argv.slice(2).map(Number);

const http = createHttpServer((_, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const timer = setInterval(
    () => response.write(`data: ${performance.timeOrigin + performance.now()}\n\n`),
    10,
  );
  response.on('close', () => clearInterval(timer));
});
new WebSocketServer({ server: http, perMessageDeflate: false }).on('connection', (client) => {
  // A proxy that is cut off in the middle of a message ends with something that is no frame.
  client.on('error', () => client.terminate());
  client.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
});
http.listen(webSocketPort, '127.0.0.1', 4096);

/** What asks the TCP source for its echo instead. */
const ONE_BYTE = '1';
const block = Buffer.alloc(1 << 20, 0xff);
createServer({ noDelay: true }, (socket) => {
  const push = (): void => {
    while (socket.writable && socket.write(block));
  };
  socket.once('data', (asked) => {
    if (String(asked) === ONE_BYTE) {
      socket.write(asked);
      return;
    }
    socket.on('drain', push);
    push();
  });
  socket.on('error', () => socket.destroy());
}).listen({ port: tcpPort, host: '127.0.0.1', backlog: 4096 });
