import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../lab/free_port.ts';

/** A router that is attacked instead of ours. */
export interface OtherRouter {
  readonly port: number;
  readonly serve: (prefix: string, taskPort: number) => Promise<void>;
  readonly close: () => void;
}

/**
 * configurable-http-proxy, started from the program at `path`:
 *
 *     ATTACKED_CHP=node_modules/.bin/configurable-http-proxy node --test "test/attacks/*.test.ts"
 *
 * It knows no sign-in; of the rows only those that are about bytes say something of it.
 */
export async function startConfigurableHttpProxy(path: string): Promise<OtherRouter> {
  const [port, apiPort] = [await freePort(), await freePort()];
  const token = randomBytes(16).toString('hex');
  const child = spawn(
    process.execPath,
    [
      path,
      '--no-include-prefix',
      '--ip',
      '127.0.0.1',
      '--port',
      `${port}`,
      '--api-ip',
      '127.0.0.1',
      '--api-port',
      `${apiPort}`,
    ],
    { env: { ...process.env, CONFIGPROXY_AUTH_TOKEN: token }, stdio: 'ignore' },
  );
  const call = (route: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${apiPort}/api/routes${route}`, {
      ...init,
      headers: { authorization: `token ${token}` },
    });
  for (let attempt = 0; ; attempt++) {
    const ready = await call('').then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) break;
    if (attempt === 100) throw new Error(`${path} does not start`);
    await sleep(100);
  }
  return {
    port,
    serve: async (prefix, taskPort) => {
      const target = `http://127.0.0.1:${taskPort}`;
      await call(prefix, { method: 'POST', body: JSON.stringify({ target }) });
    },
    close: () => child.kill(),
  };
}
