import type { TestContext } from 'node:test';
import { COOKIE, TASK_A, TASK_B, httpEndpoint, startProxy } from './proxy_world.ts';
import type { ProxyWorld } from './proxy_world.ts';
import { startConfigurableHttpProxy } from './other_router.ts';
import { OK, RawClient, rawTask, replying } from './raw_peers.ts';
import type { RawTask, TaskConnection } from './raw_peers.ts';

/** The prefix of the attacked task, `T` of the attack table. */
export const T = `/service/${TASK_A}`;
export const OTHER = `/service/${TASK_B}`;
export const HOST = 'Host: router.test';
export const LET_IN = `Cookie: ${COOKIE}`;

export interface Attacked {
  readonly world: ProxyWorld;
  /** The task that the attack goes through. */
  readonly task: RawTask;
  /** A task that nothing may reach. */
  readonly other: RawTask;
  readonly client: () => Promise<RawClient>;
  /** Serves one more task. */
  readonly serve: (id: string, taskPort: number) => Promise<void>;
}

/** The program of another router, to show what the rows are worth. */
const OTHER_PROGRAM = process.env['ATTACKED_CHP'];

/** A router between raw sockets: one task that says what the test wants, one that must never hear of it. */
export async function attacked(
  t: TestContext,
  react: (connection: TaskConnection) => void = replying(OK),
  changes: Parameters<typeof startProxy>[1] = {},
): Promise<Attacked> {
  const task = await rawTask(react);
  const other = await rawTask(replying(OK));
  const world = await startProxy(
    [httpEndpoint(task.port, TASK_A), httpEndpoint(other.port, TASK_B)],
    changes,
  );
  const instead =
    OTHER_PROGRAM === undefined ? undefined : await startConfigurableHttpProxy(OTHER_PROGRAM);
  await instead?.serve(T, task.port);
  await instead?.serve(OTHER, other.port);
  const clients: RawClient[] = [];
  t.after(async () => {
    instead?.close();
    for (const client of clients) client.destroy();
    await world.close();
    await task.close();
    await other.close();
  });
  return {
    world,
    task,
    other,
    client: async () => {
      const client = await RawClient.connect(instead?.port ?? world.port);
      clients.push(client);
      return client;
    },
    serve: async (id, taskPort) => {
      const { endpoints } = world.routes.current();
      world.routes.show([...endpoints.values(), httpEndpoint(taskPort, id)]);
      await instead?.serve(`/service/${id}`, taskPort);
    },
  };
}

/** Asserts that the router still serves: after an attack nothing may have crashed, hung or gone out of step. */
export async function stillServes({ client, serve }: Attacked): Promise<void> {
  const sane = await rawTask(replying(OK));
  await serve('c'.repeat(32), sane.port);
  const next = await client();
  next.send(`GET /service/${'c'.repeat(32)}/ HTTP/1.1`, HOST, LET_IN, '', '');
  const answer = await next.answer();
  if (answer.status !== 200 || answer.body !== 'ok') throw new Error(`answered ${answer.status}`);
  await sane.close();
}

/** Resolves once the condition holds, looked at again after each turn of the event loop; rejects after two seconds. */
export async function until(condition: () => boolean, limit = 10_000): Promise<void> {
  const end = performance.now() + limit;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${limit} ms: ${condition.toString()}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
