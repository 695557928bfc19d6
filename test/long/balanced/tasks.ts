import assert from 'node:assert/strict';

import { CoreV1Api } from '@kubernetes/client-node';

import { addTask, endTask, httpAsk } from '../../lab/clearml/asks.ts';
import { waitFor } from '../../lab/run/kubernetes/wait.ts';
import { runPod } from '../../lab/run/kubernetes/pods.ts';
import { TASK_NAMESPACE } from '../../lab/run/stack_config.ts';
import type { ContainerSignal } from '../../e2e/resilience/replicas.ts';
import type { World } from '../../e2e/resilience/world.ts';

const namespace = TASK_NAMESPACE;
const PORT = 8080;
/** Longer than a replica may go without asking it. Milliseconds. */
const START_MS = 3_000;
/** Node's own 5 s end on a busy machine while a request is on its way, which fails then whatever the router does. Milliseconds. */
const KEEP_ALIVE_MS = 600_000;
const NAMES = ['balanced-a', 'balanced-b', 'balanced-c'] as const;

/**
 * Takes its time to start, as an app that loads a model. Answers with its name and the SHA-256 of the body that it was sent; not with the
 * body: Traefik 3.5 without any router ends 1 in 500 connections on which a long answer follows a long request at once, since Go
 * closes the body of the request while its client side is still about to read that body's end. SIGUSR2 closes its port, and the connections to it, and opens it again; SIGTERM
 * ends it once it has answered what it was asked.
 */
const PROGRAM = `
const server = require('http').createServer((request, response) => {
  const digest = require('crypto').createHash('sha256');
  request.on('data', (chunk) => digest.update(chunk));
  request.on('end', () => response.end(process.env.NAME + ' ' + digest.digest('hex')));
});
server.keepAliveTimeout = ${KEEP_ALIVE_MS};
setTimeout(() => server.listen(${PORT}), ${START_MS});
// Without a port nothing else would keep the process running.
setInterval(() => undefined, 60_000);
process.on('SIGUSR2', () => {
  if (!server.listening) return server.listen(${PORT});
  server.close();
  server.closeAllConnections();
});
process.on('SIGTERM', () => server.close(() => process.exit()));
`;

/** One of three tasks behind the load-balanced route, in a pod of its own. */
export interface BalancedTask {
  /** Of its pod, and in all its answers. */
  readonly name: string;
  /** Of the task, and of its endpoint. */
  readonly id: string;
}

export interface BalancedTasks {
  readonly all: readonly BalancedTask[];
  /** Signals its process. */
  readonly signal: (task: BalancedTask, signal: ContainerSignal) => Promise<void>;
  /** Has its pod evicted, of which ClearML hears nothing. */
  readonly evict: (task: BalancedTask) => Promise<void>;
  /** Resolves once its process has been started anew. */
  readonly restarted: (task: BalancedTask) => Promise<void>;
  readonly end: () => Promise<void>;
}

/** Starts them, each with a health path. @param route name of the static route that they ask for. */
export async function startBalancedTasks(world: World, route: string): Promise<BalancedTasks> {
  const { clearml, target } = world.session;
  const core = target.config.makeApiClient(CoreV1Api);
  const all = await Promise.all(
    NAMES.map(async (name): Promise<BalancedTask> => {
      const environment = { NAME: name };
      const address = await runPod(target.config, { name, code: PROGRAM, environment });
      const ask = httpAsk({ address, port: PORT, route: { name: route, mode: 'path' } });
      const { id } = addTask(clearml, { name, runtime: { ...ask, router_health_path: '/' } });
      return { name, id };
    }),
  );
  const container = async ({ name }: BalancedTask) => {
    const { status } = await core.readNamespacedPod({ namespace, name });
    const found = status?.containerStatuses?.[0];
    assert.ok(found !== undefined);
    return found;
  };
  return {
    all,
    signal: async (task, signal) => {
      const { containerID = '' } = await container(task);
      await world.replicas.signal(
        { containerId: containerID.replace('containerd://', '') },
        signal,
      );
    },
    evict: async ({ name }) => {
      const body = { metadata: { name, namespace } };
      await core.createNamespacedPodEviction({ name, namespace, body });
    },
    restarted: async (task) => {
      await waitFor(
        60,
        async () => {
          const { restartCount, ready } = await container(task);
          return restartCount > 0 && ready ? true : undefined;
        },
        () => Promise.resolve(`${task.name} does not start again`),
      );
    },
    end: async () => {
      for (const { id } of all) endTask(clearml, id);
      await core.deleteCollectionNamespacedPod({
        namespace,
        labelSelector: `app in (${NAMES.join(',')})`,
      });
    },
  };
}
