import { randomUUID } from 'node:crypto';
import { addTask, httpAsk, taskWhen, type TaskSeed } from '../lab/clearml/asks.ts';
import { startClearMl, type ClearMl } from '../lab/clearml/server.ts';
import { userToken } from '../lab/clearml/client.ts';
import { textOf } from '../lab/clearml/document.ts';
import { listingOf } from '../support/listing_of.ts';
import { settingsFor, startRouterProcess, type RouterProcess } from '../support/router_process.ts';
import { freePort } from '../lab/free_port.ts';

/** The two forms of an endpoint's URL: a path of the router's host, and a host of its own. */
export const FORMS = ['path', 'wildcard'] as const;
export type Form = (typeof FORMS)[number];

const HOST = 'router.localhost';
const WILDCARD_HOST = 'apps.localhost';

/** The id of a task that is still to be added, for an app that has to know it at its start. */
export function newTaskId(): string {
  return randomUUID().replaceAll('-', '');
}

/** A task that will listen on a port, known before it does, as an app that must be told its prefix at start needs it. */
export interface AppTask {
  readonly id: string;
  readonly port: number;
  /** The path of the task's `endpoint`, without a slash at the end. */
  readonly prefix: string;
  /** What users open, with a slash at the end. */
  readonly url: Readonly<Record<Form, string>>;
}

/** The router in a process of its own, with a wildcard host, before a stand-in ClearML server. */
export class TaskRouter {
  readonly clearml: ClearMl;
  /** The port of loopback that serves both forms. */
  readonly port: number;
  readonly #router: RouterProcess;

  private constructor(clearml: ClearMl, router: RouterProcess, port: number) {
    this.clearml = clearml;
    this.#router = router;
    this.port = port;
  }

  /**
   * Names under `.localhost` count as trustworthy in browsers, which treat them as they treat https.
   *
   * @param more settings beside.
   * @param nodeOptions arguments of Node, before the router's program.
   */
  static async start(
    more: Readonly<Record<string, string>> = {},
    nodeOptions: readonly string[] = [],
  ): Promise<TaskRouter> {
    const clearml = await startClearMl();
    const port = await freePort();
    try {
      const settings = {
        ...settingsFor(clearml),
        HTTP_PORT: String(port),
        ROUTER_URL: `http://${HOST}:${port}`,
        ROUTER_WILDCARD_HOST: WILDCARD_HOST,
        ...more,
      };
      const router = await startRouterProcess(settings, { nodeOptions });
      await router.readyz(200);
      return new TaskRouter(clearml, router, port);
    } catch (error) {
      // A server that is left listening would keep the failed test from ending.
      await clearml.stop();
      throw error;
    }
  }

  /**
   * Adds alice's running task, which asks for HTTP access; resolves when the router has answered.
   *
   * @param seed what else is in the task, and beside the ask in its runtime.
   */
  async addApp(port?: number, seed: TaskSeed = {}): Promise<AppTask> {
    const id = seed.id ?? newTaskId();
    const listensOn = port ?? (await freePort());
    const ask = httpAsk({ address: '127.0.0.1', port: listensOn });
    addTask(this.clearml, { ...seed, id, runtime: { ...ask, ...seed.runtime } });
    const answered = await taskWhen(
      this.clearml,
      id,
      (task) => task.runtime['browser_endpoint'] !== undefined,
    );
    const path = textOf(answered.runtime['endpoint']);
    const wildcard = textOf(answered.runtime['browser_endpoint']);
    const prefix = new URL(path).pathname.slice(0, -1);
    return { id, port: listensOn, prefix, url: { path, wildcard } };
  }

  /** When a task was used last, as the router says; null for never. Milliseconds since the epoch. */
  async lastUse({ id }: Pick<AppTask, 'id'>): Promise<number | null> {
    const token = await userToken(this.clearml, 'alice');
    const { endpoints } = await listingOf({ host: `${HOST}:${this.port}`, port: this.port, token });
    const last = endpoints.find((endpoint) => endpoint.id === id)?.lastUsedAt ?? null;
    return last === null ? null : Date.parse(last);
  }

  /** Uses a task as a program does. */
  async use({ id }: Pick<AppTask, 'id'>): Promise<void> {
    const headers = { authorization: `Bearer ${await userToken(this.clearml, 'alice')}` };
    const url = `http://127.0.0.1:${this.port}/service/${id}/used`;
    await (await fetch(url, { headers })).arrayBuffer();
  }

  async stop(): Promise<void> {
    await this.#router.stop();
    await this.clearml.stop();
  }
}
