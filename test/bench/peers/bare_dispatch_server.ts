/** `node bare_dispatch_server.ts <port> <backend port>`: forwards, and does nothing else. */
import { createServer } from 'node:http';
import { Pool } from 'undici';

const [port, backend] = process.argv.slice(2);
const pool = new Pool(`http://127.0.0.1:${backend}`, { connections: 128, pipelining: 1 });
const HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'expect']);

createServer({ requestTimeout: 0 }, (request, response) => {
  const headers: string[] = [];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index] ?? '';
    if (!HOP.has(name.toLowerCase())) headers.push(name, request.rawHeaders[index + 1] ?? '');
  }
  const hasBody =
    request.headers['content-length'] !== undefined ||
    request.headers['transfer-encoding'] !== undefined;
  let wasPaused = false;
  pool.dispatch(
    {
      path: request.url ?? '/',
      method: request.method as 'GET',
      headers,
      body: hasBody ? request : null,
    },
    {
      onRequestStart: () => undefined,
      onResponseStart: (controller, status) => {
        const raw = (controller.rawHeaders ?? []) as readonly Buffer[];
        const out: string[] = [];
        for (let index = 0; index < raw.length; index += 2) {
          const name = raw[index]?.toString('latin1') ?? '';
          const value = raw[index + 1]?.toString('latin1') ?? '';
          if (!HOP.has(name.toLowerCase())) out.push(name, value);
        }
        response.writeHead(status, out);
      },
      onResponseData: (controller, chunk) => {
        if (response.write(chunk) || response.destroyed) return;
        controller.pause();
        response.once('drain', () => controller.resume());
        if (wasPaused) return;
        wasPaused = true;
        // What comes for a client that has left flows away.
        response.once('close', () => controller.resume());
      },
      onResponseEnd: () => response.end(),
      onResponseError: () => response.destroy(),
    },
  );
}).listen(Number(port), '127.0.0.1', 4096);
