import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { WebSocketServer } from 'ws';

export const LARGE = 1_000_000;

/** A web app and a TCP service that do what tasks do, on loopback. */
export interface SoakTasks {
  readonly webPort: number;
  readonly tcpPort: number;
  readonly stop: () => Promise<void>;
}

/** Sends without end, as fast as it is read. */
function flow(response: ServerResponse): void {
  const block = Buffer.alloc(64 * 1024, 'x');
  const push = (): void => {
    while (!response.destroyed && response.write(block));
  };
  response.on('drain', push);
  push();
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

export async function startSoakTasks(): Promise<SoakTasks> {
  const large = Buffer.alloc(LARGE, 'x');
  const web = createServer((request, response) => {
    switch (request.url) {
      case '/large':
        response.end(large);
        return;
      case '/endless':
        flow(response);
        return;
      default: {
        let length = 0;
        request.on('data', (chunk: Buffer) => (length += chunk.length));
        request.on('end', () => response.end(`${request.method} ${length}`));
      }
    }
  });
  const echo = new WebSocketServer({ server: web });
  echo.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on('error', () => socket.terminate());
  });
  const tcp = createTcpServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  return {
    webPort: await listen(web),
    tcpPort: await listen(tcp),
    stop: async () => {
      const closed = [once(web, 'close'), once(tcp, 'close')];
      web.close();
      web.closeAllConnections();
      tcp.close();
      await Promise.all(closed);
    },
  };
}
