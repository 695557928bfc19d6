import { randomUUID } from 'node:crypto';
import { addTask, httpAsk, taskWhen } from '../lab/clearml/asks.ts';
import { startClearMl, type ClearMl } from '../lab/clearml/server.ts';
import { textOf } from '../lab/clearml/document.ts';
import { settingsFor, startRouterProcess, type RouterProcess } from '../support/router_process.ts';
import { freePort } from '../lab/free_port.ts';

/** The two forms of an endpoint's URL: a path of the router's host, and a host of its own. */
export const FORMS = ['path', 'wildcard'] as const;
export type Form = (typeof FORMS)[number];

const HOST = 'router.localhost';
const WILDCARD_HOST = 'apps.localhost';

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

  /** Names under `.localhost` count as trustworthy in browsers, which treat them as they treat https. */
  static async start(): Promise<TaskRouter> {
    const clearml = await startClearMl();
    const port = await freePort();
    try {
      const router = await startRouterProcess({
        ...settingsFor(clearml),
        HTTP_PORT: String(port),
        ROUTER_URL: `http://${HOST}:${port}`,
        ROUTER_WILDCARD_HOST: WILDCARD_HOST,
      });
      await router.readyz(200);
      return new TaskRouter(clearml, router, port);
    } catch (error) {
      // A server that is left listening would keep the failed test from ending.
      await clearml.stop();
      throw error;
    }
  }

  /** Adds alice's running task, which asks for HTTP access; resolves when the router has answered. */
  async addApp(port?: number): Promise<AppTask> {
    const id = randomUUID().replaceAll('-', '');
    const listensOn = port ?? (await freePort());
    addTask(this.clearml, { id, runtime: httpAsk({ address: '127.0.0.1', port: listensOn }) });
    const { runtime } = await taskWhen(
      this.clearml,
      id,
      (task) => task.runtime['browser_endpoint'] !== undefined,
    );
    const path = textOf(runtime['endpoint']);
    const wildcard = textOf(runtime['browser_endpoint']);
    const prefix = new URL(path).pathname.slice(0, -1);
    return { id, port: listensOn, prefix, url: { path, wildcard } };
  }

  async stop(): Promise<void> {
    await this.#router.stop();
    await this.clearml.stop();
  }
}
