import { addTask, httpAsk } from '../lab/clearml/asks.ts';
import type { Ask, TaskSeed } from '../lab/clearml/asks.ts';
import { userToken } from '../lab/clearml/client.ts';
import type { ClearMlOptions } from '../lab/clearml/options.ts';
import type { Runtime } from '../lab/clearml/records.ts';
import { startClearMl } from '../lab/clearml/server.ts';
import type { ClearMl } from '../lab/clearml/server.ts';
import { RawClient, rawTask, replying } from './raw_peers.ts';
import type { RawAnswer, RawTask } from './raw_peers.ts';
import { settingsFor, startRouterProcess } from './router_process.ts';
import type { RouterProcess } from './router_process.ts';
import { accepting } from './web_socket_handshake.ts';

export const HOST = 'router.example.test';
export const NAVIGATION = 'Sec-Fetch-Mode: navigate';
/** A router process and a ClearML server, seen from outside: bytes in, bytes out. */
export interface Outside {
  readonly clearml: ClearMl;
  readonly router: RouterProcess;
  /** One request on a connection of its own, `Host` of ROUTER_URL unless given: `ask('GET /', 'Accept: text/html')`. */
  readonly ask: (line: string, ...headers: readonly string[]) => Promise<RawAnswer>;
  /** The same for a request that the router may leave unanswered for long: the connection itself. */
  readonly connect: (line: string, ...headers: readonly string[]) => Promise<RawClient>;
  /** `Authorization: Bearer …` of alice. */
  readonly bearer: string;
  /** `Cookie: …` of alice, as ClearML's web app sets it. */
  readonly cookie: string;
  /** Starts a task and waits until it is routed; gives its id. */
  readonly serve: (task: RawTask, ask?: Partial<Ask>, seed?: TaskSeed) => Promise<string>;
  /** Puts a running task with this runtime into ClearML and waits until the router has taken notice. */
  readonly notice: (runtime: Runtime, seed?: TaskSeed) => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** A task that answers each request with the head that it was sent, and accepts each WebSocket. */
export function echoTask(more = ''): Promise<RawTask> {
  return rawTask(
    replying(
      (head) =>
        accepting(head) ??
        `HTTP/1.1 200 OK\r\n${more}Content-Length: ${head.length}\r\n\r\n${head}`,
    ),
  );
}

export async function startOutside(
  settings: Readonly<Record<string, string>> = {},
  options?: ClearMlOptions,
): Promise<Outside> {
  const clearml = await startClearMl(options);
  const router = await startRouterProcess({ ...settingsFor(clearml), ...settings });
  await router.readyz(200);
  const token = await userToken(clearml, 'alice');
  const connect: Outside['connect'] = async (line, ...headers) => {
    const client = await RawClient.connect(Number(new URL(router.url).port));
    const named = headers.some((header) => /^host:/i.test(header));
    client.send(`${line} HTTP/1.1`, ...(named ? [] : [`Host: ${HOST}`]), ...headers, '', '');
    return client;
  };
  const notice: Outside['notice'] = async (runtime, seed = {}) => {
    const { id } = addTask(clearml, { runtime, ...seed });
    await router.logged(({ task }) => task === id);
    return id;
  };
  return {
    clearml,
    router,
    connect,
    ask: async (line, ...headers) => {
      const client = await connect(line, ...headers);
      try {
        return await client.answer(line.startsWith('HEAD '));
      } finally {
        client.destroy();
      }
    },
    bearer: `Authorization: Bearer ${token}`,
    cookie: `Cookie: ${clearml.cookieName}=${token}`,
    notice,
    serve: async ({ port }, ask = {}, seed = {}) =>
      notice(httpAsk({ address: '127.0.0.1', port, ...ask }), seed),
    stop: async () => {
      if (router.child.exitCode === null) router.child.kill('SIGKILL');
      await router.stop();
      await clearml.stop();
    },
  };
}
