import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createInterface } from 'node:readline';

/**
 * A process of its own, so that it may have as many descriptors as it takes: tasks that read nothing and send without end, and
 * clients that do the same. It prints the ports of its tasks, reads what to open, a line each, and prints how many it opened.
 */

/** What to open, so many times. */
export interface Fill {
  readonly count: number;
  readonly port: number;
  /** Sent at first, then nothing is read. Latin-1. */
  readonly head: string;
  /** Then sends without end. */
  readonly pours: boolean;
}

/** Where its tasks listen. */
export interface FillerPorts {
  readonly web: number;
  readonly pouring: number;
  readonly deaf: number;
}

const BLOCK = Buffer.alloc(64 * 1024, 'x');
/** Opened at the same time. */
const BATCH = 100;

function pour(socket: Socket): void {
  const push = (): void => {
    while (!socket.destroyed && socket.write(BLOCK));
  };
  socket.on('drain', push);
  push();
}

function listening(server: Server): Promise<number> {
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
  return once(server, 'listening').then(() => (server.address() as AddressInfo).port);
}

const web = createServer((request, response) => {
  if (request.url === '/endless') {
    response.writeHead(200, { 'content-length': 1e12 }).flushHeaders();
    if (response.socket !== null) pour(response.socket);
  } else if (request.method === 'GET') response.end('here');
});
web.on('connection', (socket: Socket) => socket.on('error', () => socket.destroy()));
web.on('upgrade', (_request, socket: Socket) => {
  socket.write('HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
  pour(socket.pause());
});
const tcp = (take: (socket: Socket) => void): Server =>
  createTcpServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    take(socket);
  });

async function open({ port, head, pours }: Fill): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.pause().on('error', () => socket.destroy());
  await new Promise<void>((resolve) =>
    socket.once('connect', resolve).once('close', () => resolve()),
  );
  if (socket.destroyed) return;
  socket.write(head, 'latin1');
  if (pours) pour(socket);
}

const ports: FillerPorts = {
  web: await listening(web),
  pouring: await listening(tcp(pour)),
  deaf: await listening(tcp(() => undefined)),
};
process.stdout.write(`${JSON.stringify(ports)}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const fill = JSON.parse(line) as Fill;
  for (let opened = 0; opened < fill.count; opened += BATCH) {
    await Promise.all(
      Array.from({ length: Math.min(BATCH, fill.count - opened) }, () => open(fill)),
    );
  }
  process.stdout.write('done\n');
}
