import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NODE_FLAGS, bundleRouter } from '../../../infra/bundle/bundle.ts';
import { addTask, httpAsk, taskWhen, tcpAsk } from '../../lab/clearml/asks.ts';
import { userToken } from '../../lab/clearml/client.ts';
import { startClearMl } from '../../lab/clearml/server.ts';
import type { Pod } from '../../support/kubernetes/pod.ts';
import { settingsFor } from '../../support/router_process.ts';
import { freePort } from '../../lab/free_port.ts';
import type { Backend } from '../backend.ts';
import { end, listening, pinned, UNDER_TEST } from '../machine.ts';
import { PREFIX, WEBSOCKET_PREFIX, type Peer, type RunningPeer } from '../peer.ts';

/** One process of the router, at a loopback address. */
interface Replica extends Partial<Pod> {
  readonly address: string;
}

/** Bundles the router as it is deployed. Gives the path of the bundle. */
export async function bundleIn(folder: string): Promise<string> {
  const bundle = join(folder, 'router.cjs');
  writeFileSync(bundle, await bundleRouter());
  return bundle;
}

/** Starts one process of the router, with Node's flags as they are deployed and these more. */
export function routerProcess(
  bundle: string,
  settings: Readonly<Record<string, string>>,
  nodeOptions: readonly string[] = [],
): ChildProcess {
  return pinned(UNDER_TEST, process.execPath, [...NODE_FLAGS, ...nodeOptions, bundle], {
    env: { PATH: process.env['PATH'], ...settings },
  });
}

/**
 * Starts this router as it is deployed, with everything on: token, ClearML's word, metrics, access log.
 *
 * @param port where each replica serves HTTP, at its own address.
 * @returns the first replica's URLs and port, the pids of all.
 */
export async function startRouters(
  backend: Backend,
  folder: string,
  port: number,
  replicas: readonly [Replica, ...Replica[]],
): Promise<RunningPeer> {
  const bundle = await bundleIn(folder);
  const clearml = await startClearMl();
  const [admin, tcp] = [await freePort(), await freePort()];
  const children = replicas.map(({ address, settings, nodeOptions }) =>
    routerProcess(
      bundle,
      {
        ...settingsFor(clearml),
        BIND_ADDRESS: address,
        HTTP_PORT: String(port),
        ADMIN_PORT: String(admin),
        POLL_INTERVAL: '2',
        MAX_WEBSOCKETS_PER_USER: '0',
        TCP_ROUTER_ADDRESS: '127.0.0.1',
        TCP_PORT_START: String(tcp),
        TCP_PORT_END: String(tcp),
        ...settings,
      },
      nodeOptions,
    ),
  );
  await Promise.all(replicas.map(({ address }) => listening(port, address)));
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
  // A replica that does not lead learns of the task later than the leader: of its TCP port and of its path in one look.
  await Promise.all(replicas.map((replica) => listening(tcp, replica.address)));
  const url = `http://${replicas[0].address}:${port}`;
  return {
    pids: children.map(({ pid = 0 }) => pid),
    http: url + PREFIX,
    webSocket: url + WEBSOCKET_PREFIX,
    tcp,
    headers: { authorization: `Bearer ${await userToken(clearml, 'alice')}` },
    stop: async () => {
      await Promise.all(children.map(end));
      await clearml.stop();
    },
  };
}

export const ROUTER: Peer = {
  name: 'router',
  lacks: () => undefined,
  start: async (backend, folder) =>
    startRouters(backend, folder, await freePort(), [{ address: '127.0.0.1' }]),
};
