import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../lab/free_port.ts';
import { end, listening, pinned, UNDER_TEST } from '../machine.ts';
import { HAPROXY } from '../peers/haproxy.ts';
import { CHECK, type BalancingPeer } from './peer.ts';
import { HEALTH_PATH } from './tasks.ts';

/**
 * haproxy with checks, with `observe` for what traffic tells, and with two retries, each at another server: of every method where the
 * connection was not taken, of all but POST where nothing came back, as its manual has it.
 */
export const BALANCING_HAPROXY: BalancingPeer = {
  name: HAPROXY.name,
  lacks: HAPROXY.lacks,
  start: async (tasks, folder) => {
    const port = await freePort();
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
  timeout check ${CHECK.patience}
  option http-no-delay
  option redispatch 1
  retries 2
  retry-on conn-failure empty-response
frontend http
  bind 127.0.0.1:${port} backlog 4096
  default_backend tasks
backend tasks
  balance leastconn
  http-request disable-l7-retry if METH_POST
  option httpchk GET ${HEALTH_PATH}
  default-server check inter ${CHECK.every} fall 1 rise 1 observe layer7 error-limit 1 on-error mark-down
${tasks.map((task) => `  server ${task.name} 127.0.0.1:${task.port}`).join('\n')}
`,
    );
    const child = pinned(UNDER_TEST, 'haproxy', ['-f', config, '-q']);
    await listening(port);
    return { url: `http://127.0.0.1:${port}/x`, headers: {}, stop: () => end(child) };
  },
};
