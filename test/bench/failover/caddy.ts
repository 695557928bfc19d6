import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../lab/free_port.ts';
import { end, listening, pinned, UNDER_TEST } from '../machine.ts';
import { CADDY } from '../peers/caddy.ts';
import { CHECK, type BalancingPeer } from './peer.ts';
import { HEALTH_PATH } from './tasks.ts';

/**
 * Caddy with active and passive checks, and with retries: of every method where the connection was not taken, of GET alone where it
 * was (`lb_retry_match`, whose default that is). What it remembers of failures bridges the time to its next check.
 */
export const BALANCING_CADDY: BalancingPeer = {
  name: CADDY.name,
  lacks: CADDY.lacks,
  start: async (tasks, folder) => {
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
  reverse_proxy ${tasks.map((task) => `127.0.0.1:${task.port}`).join(' ')} {
    lb_policy least_conn
    lb_try_duration 5s
    health_uri ${HEALTH_PATH}
    health_interval ${CHECK.every}
    health_timeout ${CHECK.patience}
    fail_duration 3s
  }
}
`,
    );
    const args = ['run', '--config', config, '--adapter', 'caddyfile'];
    const child = pinned(UNDER_TEST, 'caddy', args, {
      env: { PATH: process.env['PATH'], HOME: folder, GOMAXPROCS: '1' },
      stdio: ['ignore', 'ignore', 'ignore'],
    });
    await listening(port);
    return { url: `http://127.0.0.1:${port}/x`, headers: {}, stop: () => end(child) };
  },
};
