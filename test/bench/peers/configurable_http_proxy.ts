import { createRequire } from 'node:module';
import { freePort } from '../../lab/free_port.ts';
import { end, listening, pinned, UNDER_TEST } from '../machine.ts';
import { PREFIX, WEBSOCKET_PREFIX, type Peer } from '../peer.ts';

/** JupyterHub's proxy, as the hub runs it; no token is checked. */
export const CONFIGURABLE_HTTP_PROXY: Peer = {
  name: 'configurable-http-proxy',
  lacks: () => undefined,
  start: async (backend) => {
    const [port, api] = [await freePort(), await freePort()];
    const program = createRequire(import.meta.url).resolve(
      'configurable-http-proxy/bin/configurable-http-proxy',
    );
    const child = pinned(UNDER_TEST, process.execPath, [
      program,
      '--ip=127.0.0.1',
      `--port=${port}`,
      '--api-ip=127.0.0.1',
      `--api-port=${api}`,
      '--log-level=error',
    ]);
    await Promise.all([listening(port), listening(api)]);
    for (const [prefix, target] of [
      [PREFIX, backend.http],
      [WEBSOCKET_PREFIX, backend.webSocket],
    ]) {
      const answer = await fetch(`http://127.0.0.1:${api}/api/routes${prefix}`, {
        method: 'POST',
        body: JSON.stringify({ target: `http://127.0.0.1:${target}` }),
      });
      if (!answer.ok) throw new Error(`configurable-http-proxy: ${answer.status}`);
    }
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
