/**
 * Sample task: a small web app with a page and a WebSocket that echoes. It knows of the router only what any app
 * behind a proxy does: the path prefix that it is shown under, and who uses it.
 */
import { createServer, type IncomingMessage } from 'node:http';
import { WebSocketServer } from 'ws';

import { sampleTaskPage } from './web_app_page.ts';

const port = Number(process.env['PORT'] ?? 8080);

function header(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : (value ?? '');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const server = createServer((request, response) => {
  const path = request.url ?? '/';
  const prefix = header(request, 'x-forwarded-prefix');
  if (path === '/' && request.method === 'POST') {
    // Short: Traefik 3.5 by itself ends 1 in 500 connections on which an answer above 4 KiB follows a body at once. Go closes the body of
    // a request that is being answered while its client side is about to read that body's end.
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end('<h1>Sample task</h1>\n');
  } else if (path === '/') {
    const user = decoded(header(request, 'x-clearml-user-name')) || 'stranger';
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(sampleTaskPage({ prefix, user, headers: request.headers }));
  } else if (path === '/request') {
    // What reached the app, for looking at what a proxy passes on.
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ path, headers: request.headers }));
  } else {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found\n');
  }
});

const sockets = new WebSocketServer({ server, path: '/echo' });
sockets.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  socket.on('error', () => socket.terminate());
});

server.listen(port, process.env['HOST'] ?? '0.0.0.0', () => {
  console.log(`The sample web app listens on port ${port}`);
});

process.once('SIGTERM', () => {
  for (const socket of sockets.clients) socket.terminate();
  server.close();
  server.closeAllConnections();
});
