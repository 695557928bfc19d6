import type { Shares } from '../../router/auth/sharing/shares.ts';
import type { Endpoint } from '../../router/routes/model/endpoint.ts';
import type { StaticRoute } from '../../router/routes/model/table.ts';
import type { ProxyServer } from '../../router/server.ts';
import { Activity } from '../../router/activity/activity.ts';
import { createProxyServer } from '../../router/server.ts';
import { limitsOf } from '../../router/load/limit_settings.ts';
import { createTunnel } from '../../router/websocket/tunnel.ts';
import { createOwnPages } from '../../router/web/web.ts';
import { AskedTasks } from './asked_tasks.ts';
import type { Lab } from './auth_fixture.ts';
import { endpoint, lab, table } from './auth_fixture.ts';
import type { RawAnswer, RawTask, TaskConnection } from './raw_peers.ts';
import { OK, RawClient, rawTask } from './raw_peers.ts';
import { HANDSHAKE, accepting } from './web_socket_handshake.ts';

export const ROUTER_HOST = 'router.example.com';
export const WILDCARD = 'tasks.example.com';

export const TUNNEL = [...HANDSHAKE, 'Sec-WebSocket-Protocol: tcp.task-traffic-router'] as const;

/** The real gate behind the real proxy, raw sockets on both sides; only ClearML's answers and the routes are the test's. */
export interface Guarded extends Lab {
  readonly port: number;
  readonly task: RawTask;
  /** One request on a connection of its own. */
  readonly ask: (line: string, ...headers: readonly string[]) => Promise<RawAnswer>;
  readonly close: () => Promise<void>;
}

/** Endpoints that lead to the task that the world starts, by HTTP and by TCP. */
export function endpointAt(port: number, id: string): Endpoint {
  const upstream = { address: '127.0.0.1', family: 4, port } as const;
  return {
    ...endpoint(id),
    http: { state: 'open', upstream },
    tcp: { state: 'open', upstream, port: undefined },
  };
}

const STREAM =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n';

/** Answers requests with 200, WebSocket handshakes with 101, and asks for events with a stream that does not end. */
function answer({ socket, text }: TaskConnection): void {
  const heads = text().split('\r\n\r\n');
  const head = heads.at(-2);
  if (head === undefined || heads.at(-1) !== '') return;
  socket.write(accepting(head) ?? (head.includes('text/event-stream') ? STREAM : OK));
}

export async function guarded(
  ids: readonly string[],
  environment: Record<string, string> = {},
  statics: (endpoints: readonly Endpoint[]) => readonly StaticRoute[] = () => [],
  /** What owners have given to others; left out, nothing. */
  shares?: Shares,
): Promise<Guarded> {
  const task = await rawTask(answer);
  const endpoints = ids.map((id) => endpointAt(task.port, id));
  const given = { ROUTER_WILDCARD_HOST: WILDCARD, ...environment };
  const parts = await lab(table(endpoints, statics(endpoints)), given, undefined, shares);
  const { settings, auth, routes, log, metrics } = parts;
  const activity = new Activity(routes);
  const proxy: ProxyServer = createProxyServer({
    settings: {
      origin: settings.ROUTER_URL.origin,
      pagesOrigin: settings.ROUTER_PAGES_URL?.origin,
      wildcardHost: settings.ROUTER_WILDCARD_HOST,
      pathForm: settings.ROUTER_PATH_FORM,
      isTrustedProxy: undefined,
      secureCookies: true,
    },
    routes,
    gate: auth.gate,
    pages: createOwnPages({
      ...parts,
      activity,
      clearml: new AskedTasks(parts.clearml, routes),
      taskPods: undefined,
      now: parts.passed,
    }),
    tunnel: createTunnel({
      hold: auth.gate.hold,
      routes,
      log,
      metrics,
      activity,
      limits: { total: 100, perPlace: 100, perClient: undefined },
    }),
    credentialCookies: auth.cookieNames,
    limits: limitsOf(settings),
    log,
    accessLog: log,
    metrics,
    activity,
  });
  const port = await proxy.listen(Number(environment['HTTP_PORT'] ?? 0), '127.0.0.1');
  return {
    ...parts,
    port,
    task,
    ask: async (line, ...headers) => {
      const client = await RawClient.connect(port);
      const host = headers.some((header) => /^host:/i.test(header)) ? [] : [`Host: ${ROUTER_HOST}`];
      client.send(`${line} HTTP/1.1`, ...host, ...headers, '', '');
      try {
        return await client.answer(line.startsWith('HEAD '));
      } finally {
        client.destroy();
      }
    },
    close: async () => {
      auth.close();
      await proxy.close();
      await task.close();
    },
  };
}
