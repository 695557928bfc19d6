import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addTask, httpAsk, taskWhen } from '../../lab/clearml/asks.ts';
import { userToken } from '../../lab/clearml/client.ts';
import { ids } from '../../lab/clearml/seed.ts';
import { startClearMl } from '../../lab/clearml/server.ts';
import { freePort } from '../../lab/free_port.ts';
import { settingsFor } from '../../support/router_process.ts';
import { end, listening } from '../machine.ts';
import { bundleIn, ROUTER, routerProcess } from '../peers/router.ts';
import type { BalancingPeer } from './peer.ts';
import { HEALTH_PATH } from './tasks.ts';

const ROUTE = 'balanced';

/** This router as it is deployed, and a load-balanced static route of tasks that name their health path. */
export const BALANCING_ROUTER: BalancingPeer = {
  name: ROUTER.name,
  lacks: ROUTER.lacks,
  start: async (tasks, folder) => {
    const port = await freePort();
    const file = join(folder, 'routes.json');
    const route = {
      name: ROUTE,
      type: 'path',
      path: ROUTE,
      access: 'authenticated',
      owners: { users: [ids.alice] },
      load_balancer: { enabled: true },
    };
    writeFileSync(file, JSON.stringify({ routes: [route] }));
    const clearml = await startClearMl();
    const asking = tasks.map((task) =>
      addTask(clearml, {
        name: task.name,
        runtime: {
          ...httpAsk({
            address: '127.0.0.1',
            port: task.port,
            route: { name: ROUTE, mode: 'path' },
          }),
          router_health_path: HEALTH_PATH,
        },
      }),
    );
    const child = routerProcess(await bundleIn(folder), {
      ...settingsFor(clearml),
      HTTP_PORT: String(port),
      POLL_INTERVAL: '2',
      STATIC_ROUTES_FILE: file,
    });
    await listening(port);
    for (const { id } of asking) {
      await taskWhen(clearml, id, ({ runtime }) => runtime['endpoint'] !== undefined);
    }
    return {
      url: `http://127.0.0.1:${port}/${ROUTE}/x`,
      headers: { authorization: `Bearer ${await userToken(clearml, 'alice')}` },
      stop: async () => {
        await end(child);
        await clearml.stop();
      },
    };
  },
};
