import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { TestContext } from 'node:test';
import type { Gate } from '../../router/auth/gate/decision.ts';
import { Activity } from '../../router/activity/activity.ts';
import { checkHealth } from '../../router/activity/check.ts';
import type { Endpoint } from '../../router/routes/model/endpoint.ts';
import type { StaticRoute } from '../../router/routes/model/table.ts';
import { createProxyServer, type ProxyServerDeps } from '../../router/server.ts';
import { createTunnel } from '../../router/websocket/tunnel.ts';
import { until } from './attacked.ts';
import { endpoint, lab, staticRoute, table, taskId, tokenOf, type Lab } from './auth_fixture.ts';
import {
  OK,
  RawClient,
  rawTask,
  replying,
  type RawTask,
  type TaskConnection,
} from './raw_peers.ts';

export const ROUTER_HOST = 'Host: router.example.com';

/** A load-balanced static route `/chat/` with the real gate and the real tunnel in front of it. */
export interface Balanced extends Lab {
  readonly port: number;
  readonly activity: Activity;
  readonly endpoints: readonly Endpoint[];
  /** A header line that says who asks: a user whom ClearML shows all the tasks. */
  readonly user: string;
  readonly client: () => Promise<RawClient>;
  readonly failovers: (kind: string) => Promise<number>;
  /** Lines of this event in the log. */
  readonly events: (event: string) => readonly Record<string, unknown>[];
  /** The same route with these of its tasks. */
  readonly serve: (...endpoints: readonly Endpoint[]) => void;
  /** How many rights the gate watches over. */
  readonly held: () => number;
  /** Ends the router. */
  readonly close: () => Promise<void>;
}

/** @param ports of loopback, by HTTP and TCP: the first is the task 1111…, the next 2222… and so on. */
export async function balanced(
  t: TestContext,
  ports: readonly number[],
  changes: Partial<ProxyServerDeps> = {},
  access: StaticRoute['access'] = 'authenticated',
): Promise<Balanced> {
  const endpoints = ports.map((port, index): Endpoint => {
    const upstream = { address: '127.0.0.1', family: 4, port } as const;
    return {
      ...endpoint(taskId(String(index + 1))),
      http: { state: 'open', upstream },
      tcp: { state: 'open', upstream, port: undefined },
    };
  });
  const tableOf = (served: readonly Endpoint[]) =>
    table(served, [{ ...staticRoute('chat', access, served), loadBalanced: true }]);
  const parts = await lab(tableOf(endpoints));
  const { settings, auth, routes, log, metrics, clearml, lines } = parts;
  const activity = new Activity(routes, { check: checkHealth(settings.ROUTER_URL) });
  let held = 0;
  const gate: Gate = {
    admit: auth.gate.admit,
    hold: (admitted, end) => {
      const release = auth.gate.hold(admitted, end);
      held += 1;
      return () => {
        held -= 1;
        release();
      };
    },
  };
  const proxy = createProxyServer({
    settings: {
      origin: settings.ROUTER_URL.origin,
      wildcardHost: undefined,
      pathForm: true,
      isTrustedProxy: undefined,
      secureCookies: false,
    },
    routes,
    gate,
    pages: [],
    tunnel: createTunnel({
      hold: gate.hold,
      routes,
      log,
      metrics,
      activity,
      limits: { total: 100, perPlace: 100, perClient: undefined },
    }),
    credentialCookies: auth.cookieNames,
    log,
    accessLog: log,
    metrics,
    activity,
    ...changes,
  });
  const token = await tokenOf('user');
  clearml.grant(token, ...endpoints.map(({ task }) => task.id));
  const port = await proxy.listen(0, '127.0.0.1');
  const clients: RawClient[] = [];
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= proxy.close());
  t.after(async () => {
    for (const client of clients) client.destroy();
    auth.close();
    activity.close();
    await close();
  });
  return {
    ...parts,
    port,
    activity,
    endpoints,
    user: `Authorization: Bearer ${token}`,
    client: async () => {
      const client = await RawClient.connect(port);
      clients.push(client);
      return client;
    },
    failovers: async (kind) => {
      const { values } = await metrics.failovers.get();
      return values.find(({ labels }) => labels.kind === kind)?.value ?? 0;
    },
    events: (event) =>
      lines
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter((line) => line['event'] === event),
    held: () => held,
    close,
    serve: (...served) => routes.swap(tableOf(served)),
  };
}

/** A task that ends with its test. Answers 200 unless told otherwise. */
export async function task(
  t: TestContext,
  react: (connection: TaskConnection) => void = replying(OK),
  onConnect?: (connection: TaskConnection) => void,
): Promise<RawTask> {
  const started = await rawTask(react, onConnect);
  t.after(() => started.close().catch(() => undefined));
  return started;
}

/** Takes a request, and closes the connection in place of an answer. */
export function resetting({ socket, text }: TaskConnection): void {
  if (text().includes('\r\n\r\n')) socket.resetAndDestroy();
}

/** A process that listens and has stopped: the kernel drops who connects once its queue is full. */
export async function deafPort(t: TestContext): Promise<number> {
  const program =
    'require("node:net").createServer().listen({port:0,host:"127.0.0.1",backlog:1},' +
    'function(){console.log(this.address().port)})';
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(line.toString());
  child.kill('SIGSTOP');
  const fillers = Array.from({ length: 4 }, () => connect(port, '127.0.0.1'));
  for (const filler of fillers) filler.on('error', () => undefined);
  t.after(() => {
    for (const filler of fillers) filler.destroy();
    child.kill('SIGKILL');
  });
  await until(() => fillers.filter(({ connecting }) => !connecting).length >= 2);
  return port;
}
