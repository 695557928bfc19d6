import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../lab/free_port.ts';
import { end, listening, LOAD, pinned } from './machine.ts';

/** What stands behind every process under test, on the core of the load. */
export interface Backend {
  /** `/small`, `/100k`, `/10m`, `/upload`, at the end of any path: nginx, because it must never be the bottleneck. */
  readonly http: number;
  /** An echo for WebSockets at any path, and `/events`: an event each 10 ms with the time at which it was sent. */
  readonly webSocket: number;
  /** Echoes a first `1`; after any other byte it sends for as long as the other end reads. */
  readonly tcpSource: number;
  readonly stop: () => Promise<void>;
}

const NODE_BACKEND = fileURLToPath(new URL('node_backend.ts', import.meta.url));

export async function startBackend(folder: string): Promise<Backend> {
  const [http, webSocket, tcpSource] = [await freePort(), await freePort(), await freePort()];
  const files = join(folder, 'files');
  mkdirSync(files, { recursive: true });
  writeFileSync(join(files, '100k'), Buffer.alloc(100 << 10, 'x'));
  writeFileSync(join(files, '10m'), Buffer.alloc(10 << 20, 'x'));
  const config = join(folder, 'backend.conf');
  writeFileSync(
    config,
    `daemon off; worker_processes 1; error_log stderr; pid ${folder}/backend.pid;
events { worker_connections 4096; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; keepalive_timeout 600;
  client_body_temp_path ${folder}/backend-body; client_max_body_size 0;
  proxy_temp_path ${folder}/b1; fastcgi_temp_path ${folder}/b2; uwsgi_temp_path ${folder}/b3; scgi_temp_path ${folder}/b4;
  server {
    listen 127.0.0.1:${http} backlog=4096;
    location ~ /(small|upload-done)$ { return 200 "${'x'.repeat(128)}"; }
    # Answered only once all of the body is there.
    location ~ /upload$ { client_body_buffer_size 2m; rewrite ^ /upload-done break; proxy_pass_request_body off; proxy_method GET; proxy_set_header Content-Length ""; proxy_pass http://127.0.0.1:${http}; }
    location ~ /(100k|10m)$ { alias ${files}/$1; }
  }
}
`,
  );
  const nginx = pinned(LOAD, 'nginx', ['-c', config]);
  const node = pinned(LOAD, process.execPath, [NODE_BACKEND, String(webSocket), String(tcpSource)]);
  await Promise.all([http, webSocket, tcpSource].map((port) => listening(port)));
  return {
    http,
    webSocket,
    tcpSource,
    stop: async () => {
      await Promise.all([end(nginx), end(node)]);
    },
  };
}
