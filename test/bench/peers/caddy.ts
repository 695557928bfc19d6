import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../lab/free_port.ts';
import { end, has, listening, pinned, UNDER_TEST } from '../machine.ts';
import { PREFIX, WEBSOCKET_PREFIX, type Peer } from '../peer.ts';

/** Caddy's reverse proxy; no token is checked, nothing is logged. */
export const CADDY: Peer = {
  name: 'Caddy',
  lacks: () => (has('caddy') ? undefined : 'caddy (Debian: caddy)'),
  start: async (backend, folder) => {
    const port = await freePort();
    const config = join(folder, 'Caddyfile');
    writeFileSync(
      config,
      `{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
  handle_path ${PREFIX}/* {
    reverse_proxy 127.0.0.1:${backend.http} {
      transport http {
        keepalive_idle_conns_per_host 256
        compression off
      }
    }
  }
  handle_path ${WEBSOCKET_PREFIX}/* {
    reverse_proxy 127.0.0.1:${backend.webSocket} {
      flush_interval -1
    }
  }
}
`,
    );
    const env = { PATH: process.env['PATH'], HOME: folder, GOMAXPROCS: '1' };
    const stdio = ['ignore', 'ignore', 'ignore'] as const;
    const child = pinned(
      UNDER_TEST,
      'caddy',
      ['run', '--config', config, '--adapter', 'caddyfile'],
      {
        env,
        stdio: [...stdio],
      },
    );
    await listening(port);
    return {
      pids: [child.pid ?? 0],
      http: `http://127.0.0.1:${port}${PREFIX}`,
      webSocket: `http://127.0.0.1:${port}${WEBSOCKET_PREFIX}`,
      tcp: undefined,
      headers: {},
      stop: () => end(child),
    };
  },
};
