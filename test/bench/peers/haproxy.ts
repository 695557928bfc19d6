import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { freePort } from '../../lab/free_port.ts';
import { end, has, listening, pinned, UNDER_TEST } from '../machine.ts';
import { PREFIX, WEBSOCKET_PREFIX, type Peer } from '../peer.ts';

const SECRET = 'a-secret-that-only-this-bench-uses';

/** haproxy that verifies the token's signature on each request. */
export const HAPROXY: Peer = {
  name: 'haproxy',
  lacks: () => (has('haproxy') ? undefined : 'haproxy (Debian: haproxy)'),
  start: async (backend, folder) => {
    const [port, tcp] = [await freePort(), await freePort()];
    const config = join(folder, 'haproxy.cfg');
    writeFileSync(
      config,
      `global
  maxconn 8000
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
  http-reuse always
  option http-no-delay
frontend http
  bind 127.0.0.1:${port} backlog 4096
  option forwardfor
  http-request deny deny_status 401 unless { http_auth_bearer,jwt_verify("HS256","${SECRET}") -m int 1 }
  http-request set-var(txn.websocket) bool(true) if { path_beg ${WEBSOCKET_PREFIX}/ }
  http-request replace-path /service/[^/]+(/.*) \\1
  use_backend websocket if { var(txn.websocket) -m bool }
  default_backend http
backend http
  server backend 127.0.0.1:${backend.http}
backend websocket
  server backend 127.0.0.1:${backend.webSocket}
listen tcp
  mode tcp
  bind 127.0.0.1:${tcp} backlog 4096
  server backend 127.0.0.1:${backend.tcpSource}
`,
    );
    const token = await new SignJWT({ identity: { user: 'alice', company: 'acme', role: 'user' } })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setExpirationTime('1h')
      .sign(Buffer.from(SECRET));
    const child = pinned(UNDER_TEST, 'haproxy', ['-f', config, '-q']);
    await Promise.all([listening(port), listening(tcp)]);
    return {
      pids: [child.pid ?? 0],
      http: `http://127.0.0.1:${port}${PREFIX}`,
      webSocket: `http://127.0.0.1:${port}${WEBSOCKET_PREFIX}`,
      tcp,
      headers: { authorization: `Bearer ${token}` },
      stop: () => end(child),
    };
  },
};
