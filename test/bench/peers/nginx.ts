import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../lab/free_port.ts';
import { end, has, listening, pinned, UNDER_TEST } from '../machine.ts';
import { PREFIX, WEBSOCKET_PREFIX, type Peer } from '../peer.ts';

export const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so';

/** nginx with keep-alive to the backend; no token is checked. */
export const NGINX: Peer = {
  name: 'nginx',
  lacks: () => (has('nginx') ? undefined : 'nginx (Debian: nginx, libnginx-mod-stream)'),
  start: async (backend, folder) => {
    const [port, tcp] = [await freePort(), await freePort()];
    const config = join(folder, 'nginx.conf');
    const proxy =
      'proxy_http_version 1.1; proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr;';
    writeFileSync(
      config,
      `load_module ${STREAM_MODULE}; daemon off; worker_processes 1; error_log stderr; pid ${folder}/pid;
events { worker_connections 8192; }
http {
  access_log ${folder}/access.log; keepalive_requests 1000000; client_max_body_size 0; proxy_request_buffering off; proxy_max_temp_file_size 0;
  client_body_temp_path ${folder}/t0; proxy_temp_path ${folder}/t1; fastcgi_temp_path ${folder}/t2; uwsgi_temp_path ${folder}/t3; scgi_temp_path ${folder}/t4;
  upstream backend { server 127.0.0.1:${backend.http}; keepalive 128; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location ${PREFIX}/ { proxy_pass http://backend/; ${proxy} proxy_set_header Connection ""; }
    location ${WEBSOCKET_PREFIX}/ { proxy_pass http://127.0.0.1:${backend.webSocket}/; ${proxy} proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; proxy_buffering off; }
  }
}
stream { server { listen 127.0.0.1:${tcp} backlog=4096; proxy_pass 127.0.0.1:${backend.tcpSource}; } }
`,
    );
    const child = pinned(UNDER_TEST, 'nginx', ['-c', config]);
    await Promise.all([listening(port), listening(tcp)]);
    return {
      pids: [child.pid ?? 0],
      http: `http://127.0.0.1:${port}${PREFIX}`,
      webSocket: `http://127.0.0.1:${port}${WEBSOCKET_PREFIX}`,
      tcp,
      headers: {},
      stop: () => end(child),
    };
  },
};
