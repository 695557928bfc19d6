import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../../../infra/bundle/bundle.ts';
import { freePort } from '../../lab/free_port.ts';
import { end, listening, pinned, UNDER_TEST } from '../machine.ts';
import { PREFIX, type Peer } from '../peer.ts';

const FORWARDER = fileURLToPath(new URL('bare_dispatch_server.ts', import.meta.url));

/** The yardstick: what Node's server and undici's `dispatch` cost with nothing of ours in between, in a Node set up as the router's. */
export const BARE_DISPATCH: Peer = {
  name: 'bare dispatch',
  lacks: () => undefined,
  start: async (backend) => {
    const port = await freePort();
    const args = [...NODE_FLAGS, FORWARDER, String(port), String(backend.http)];
    const child = pinned(UNDER_TEST, process.execPath, args);
    await listening(port);
    return {
      pids: [child.pid ?? 0],
      http: `http://127.0.0.1:${port}${PREFIX}`,
      webSocket: undefined,
      tcp: undefined,
      headers: {},
      stop: () => end(child),
    };
  },
};
