import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NODE_FLAGS, bundleRouter } from '../../../infra/bundle/bundle.ts';
import { addTask, httpAsk, taskWhen, tcpAsk } from '../../lab/clearml/asks.ts';
import { userToken } from '../../lab/clearml/client.ts';
import { startClearMl } from '../../lab/clearml/server.ts';
import { settingsFor } from '../../router/process.ts';
import { freePort } from '../../lab/free_port.ts';
import { end, listening, pinned, UNDER_TEST } from '../machine.ts';
import { PREFIX, WEBSOCKET_PREFIX, type Peer } from '../peer.ts';
import { SMALL } from '../scenarios/http.ts';

/** This router as it is deployed, with everything on: token, ClearML's word, metrics, access log. */
function router(name: string, workers: number, only?: readonly string[]): Peer {
  return {
    name,
    ...(only === undefined ? {} : { only }),
    lacks: () => undefined,
    start: async (backend, folder) => {
      const bundle = join(folder, 'router.cjs');
      writeFileSync(bundle, await bundleRouter());
      const clearml = await startClearMl();
      const [port, admin, tcp] = [await freePort(), await freePort(), await freePort()];
      const child = pinned(UNDER_TEST, process.execPath, [...NODE_FLAGS, bundle], {
        env: {
          PATH: process.env['PATH'],
          ...settingsFor(clearml),
          HTTP_PORT: String(port),
          ADMIN_PORT: String(admin),
          POLL_INTERVAL: '2',
          WORKERS: String(workers),
          MAX_WEBSOCKETS_PER_USER: '0',
          TCP_ROUTER_ADDRESS: '127.0.0.1',
          TCP_PORT_START: String(tcp),
          TCP_PORT_END: String(tcp),
        },
      });
      await listening(port);
      const idOf = (prefix: string): string => prefix.slice('/service/'.length);
      const address = '127.0.0.1';
      addTask(clearml, {
        id: idOf(PREFIX),
        runtime: {
          ...httpAsk({ address, port: backend.http }),
          ...tcpAsk({ address, port: backend.tcpSource }),
        },
      });
      addTask(clearml, {
        id: idOf(WEBSOCKET_PREFIX),
        runtime: httpAsk({ address, port: backend.webSocket }),
      });
      for (const prefix of [PREFIX, WEBSOCKET_PREFIX]) {
        await taskWhen(clearml, idOf(prefix), ({ runtime }) => runtime['endpoint'] !== undefined);
      }
      await listening(tcp);
      return {
        pid: child.pid ?? 0,
        http: `http://127.0.0.1:${port}${PREFIX}`,
        webSocket: `http://127.0.0.1:${port}${WEBSOCKET_PREFIX}`,
        tcp,
        headers: { authorization: `Bearer ${await userToken(clearml, 'alice')}` },
        stop: async () => {
          await end(child);
          await clearml.stop();
        },
      };
    },
  };
}

export const ROUTER: Peer = router('router', 1);

/** Its WORKERS, on the one core that every process under test has: what sharing costs, not what a second core brings. */
export const TWO_WORKERS: Peer = router('router, 2 workers', 2, [SMALL.name]);
