import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Gate } from './auth/gate/decision.ts';
import { listen } from './sockets/listen.ts';
import { UNBOUNDED, type ByteBudget } from './load/byte_budget.ts';
import { LoadGuard, UNLIMITED, type LoadLimits } from './load/load_guard.ts';
import type { Overload } from './load/overload.ts';
import type { RouteSource } from './routes/model/table.ts';
import type { Log } from './telemetry/log.ts';
import type { Metrics } from './telemetry/metrics.ts';
import type { OwnPages } from './pages/own_pages.ts';
import { accessLine, type AccessRecord } from './http/access_log.ts';
import type { Activity } from './activity/activity.ts';
import { plainAddress } from './http/headers/client_address.ts';
import { Admission } from './http/admission.ts';
import { Balancer } from './http/balancer.ts';
import { Entrance, type ProxySettings } from './http/entrance.ts';
import { RouterResponse } from './http/exchange.ts';
import { HostCookies } from './http/headers/host_cookies.ts';
import { LINGER_BOUNDS, LingeringClose, type LingerBounds } from './http/lingering_close.ts';
import { RequestHandler } from './http/request_handler.ts';
import { HOLD_BOUNDS, type HoldBounds } from './http/held_requests.ts';
import { Stickiness } from './http/stickiness.ts';
import { TaskFailures } from './http/task_failures.ts';
import { TrafficMetrics } from './http/traffic_metrics.ts';
import { WaitingRoom } from './http/waiting_room.ts';
import { Listening } from './waiting/listening.ts';
import { Visits } from './waiting/visits.ts';
import type { Tunnel } from './websocket/tunnel.ts';
import { owesAnswer } from './http/owed_answer.ts';
import { UpgradeHandler } from './websocket/upgrade_handler.ts';
import { UpstreamPools } from './upstream/pools.ts';
import { KEEP_ALIVE_DELAY_MS } from './sockets/keep_alive.ts';

/** All that the proxy needs from other rooms. */
export interface ProxyServerDeps {
  readonly settings: ProxySettings;
  readonly routes: RouteSource;
  readonly gate: Gate;
  /** The router's own pages, asked in this order; the proxy answers 404 after the last. */
  readonly pages: readonly OwnPages[];
  readonly tunnel: Tunnel | undefined;
  /** Names of all cookies that carry a credential: they never reach a task, and no task may set them. Asked on each request. */
  readonly credentialCookies: () => readonly string[];
  /** Of the names under which browsers keep `__Host-` cookies of tasks; those of this process alone unless given. */
  readonly cookieKeys?: () => readonly Uint8Array[];
  readonly log: Log;
  /** Takes one JSON line per request, line end included, and must not block. Undefined: no access log. */
  readonly accessLog: { readonly write: (line: string) => unknown } | undefined;
  readonly metrics: Metrics;
  readonly activity: Activity;
  /** Nothing is limited unless given. */
  readonly limits?: LoadLimits;
  /** Without end unless given. */
  readonly budget?: ByteBudget;
  /** Never unless given. */
  readonly overload?: Pick<Overload, 'active' | 'look'>;
  readonly linger?: LingerBounds;
  readonly holds?: HoldBounds;
  readonly visits?: Visits;
  /** Milliseconds between looks for WebSockets of which a side is gone. */
  readonly lookEvery?: number;
}

/** The server of users' traffic. */
export interface ProxyServer {
  /** Port 0 takes a free one. Resolves with the bound port; rejects with LISTEN_FAILED. `address` undefined: every address. */
  readonly listen: (port: number, address: string | undefined) => Promise<number>;
  /** From now on each answer ends its connection: a client that stays meets the end of the router while it sends a request. */
  readonly askToLeave: () => void;
  /**
   * Stops accepting, asks keep-alive clients to leave, lets running requests and sessions go on. Resolves when all have ended,
   * or after `grace` milliseconds, which ends the rest (WebSockets with 1001).
   */
  readonly drain: (grace: number) => Promise<void>;
  /** Ends everything at once. */
  readonly close: () => Promise<void>;
}

/** Headers of a client may be long (ClearML's cookies are), but not without bound. */
const LONGEST_HEADERS_BYTES = 32 * 1024;
/** Time to send the head of a request; slower clients get 408 (A48). */
const HEADERS_TIMEOUT_MS = 60_000;
/**
 * Idle connections are for the load balancer in front to end, or its next request meets a closed one and becomes a 502. The
 * longest common wait is that of Google's load balancers, 600 s.
 */
const KEEP_ALIVE_TIMEOUT_MS = 620_000;
/** How often a drain looks for connections that have become idle. Milliseconds. */
const IDLE_SWEEP_MS = 200;

/** WebSocket is the only protocol that a connection may turn into. `Upgrade: h2c` is a plain request (A31). */
function isWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket';
}

function createHttpServer(): Server<typeof IncomingMessage, typeof RouterResponse> {
  const server = createServer<typeof IncomingMessage, typeof RouterResponse>({
    ServerResponse: RouterResponse,
    maxHeaderSize: LONGEST_HEADERS_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    connectionsCheckingInterval: 5_000,
    // Uploads take as long as they take.
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    insecureHTTPParser: false,
    // The proxy reads Host itself, with the other headers.
    requireHostHeader: false,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
    shouldUpgradeCallback: isWebSocket,
    optimizeEmptyRequests: true,
  });
  server.timeout = 0;
  return server;
}

/** What a client is told whose request Node's parser does not take, by the parser's word for why; else 400. */
const PARSER_REFUSALS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** Where a request ends that is no HTTP, or that its client did not finish: nobody knows what follows it on the connection. */
function endMalformed({ code = '' }: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  // As Node's server knows it.
  const { _httpMessage: response } = socket as { readonly _httpMessage?: RouterResponse | null };
  if (response?.headersSent !== true) {
    const status = PARSER_REFUSALS[code] ?? '400 Bad Request';
    socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`, 'latin1');
  }
  socket.destroySoon();
  response?.exchange?.closed();
}

/** Joins the parts into the server of users' traffic; nothing listens yet. */
export function createProxyServer(deps: ProxyServerDeps): ProxyServer {
  const { gate, log, accessLog, pages, tunnel, activity } = deps;
  const server = createHttpServer();
  const guard = new LoadGuard({
    server,
    limits: deps.limits ?? UNLIMITED,
    budget: deps.budget ?? UNBOUNDED.budget,
    overload: deps.overload,
    addressOf: (socket) => {
      const address = plainAddress(socket.remoteAddress);
      return deps.settings.isTrustedProxy?.(address) === true ? undefined : address;
    },
    log,
    metrics: deps.metrics,
  });
  const stickiness = new Stickiness(deps.settings.secureCookies);
  const balancer = new Balancer({
    stickiness,
    ejections: activity.ejections,
    givenUp: activity.givenUp,
    inFlight: (task) => guard.inFlight(task),
    seen: activity.of,
  });
  const entrance = new Entrance({
    ...deps,
    balancer,
    headRead: (socket) => guard.connections.used(socket),
  });
  const passing = randomBytes(32);
  const hostCookies = new HostCookies(deps.cookieKeys ?? (() => [passing]));
  const admission = new Admission({ ...deps, guard, stickiness, balancer, hostCookies });
  const pools = new UpstreamPools(deps.routes, deps.settings.answerTime);
  const metrics = new TrafficMetrics(deps.metrics);
  const writeAccess = (record: AccessRecord): void => {
    accessLog?.write(accessLine(record));
  };
  const failures = new TaskFailures({ guard, metrics, activity, log });
  const { hold } = gate;
  const lingering = new LingeringClose(deps.linger ?? LINGER_BOUNDS, guard.connections);
  const listening = new Listening({
    routes: deps.routes,
    check: (endpoint) => activity.checks.begin('http', endpoint),
    // Who waits is to be sent there first, however often it failed before.
    answers: (id, askedAt) => activity.ejections.answered('http', id, askedAt),
  });
  const waitingRoom = new WaitingRoom({
    admission,
    listening,
    visits: deps.visits ?? new Visits(),
    clearmlWebUrl: deps.settings.clearmlWebUrl,
  });
  const requests = new RequestHandler({
    entrance,
    admission,
    failures,
    hold,
    pages,
    pools,
    lingering,
    listening,
    holds: deps.holds ?? HOLD_BOUNDS,
    waitingRoom,
    log,
    writeAccess,
    metrics,
    activity,
  });
  const upgrades = new UpgradeHandler({
    entrance,
    admission,
    failures,
    hold,
    routes: deps.routes,
    lookEvery: deps.lookEvery,
    tunnel,
    log,
    writeAccess,
    metrics,
    activity,
  });

  server.on('connection', (socket: Socket) => {
    // The kernel knows no peer of a connection that was reset before it was accepted: what it asks for would be nobody's.
    if (socket.remoteAddress === undefined) socket.destroy();
    else lingering.watch(socket);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    endMalformed(error, socket);
  });
  server.on('request', (request, response) => requests.handle(request, response, false));
  server.on('checkContinue', (request, response) => requests.handle(request, response, true));
  server.on('upgrade', (request, socket, head) => {
    if (owesAnswer(socket)) requests.abandon(socket);
    else upgrades.handle(request, socket, head);
  });
  // Node hands CONNECT out as a raw socket whose errors nobody hears, and would only drop it.
  server.on('connect', (_request, socket: Socket) => {
    socket.on('error', () => socket.destroy());
    if (owesAnswer(socket)) {
      requests.abandon(socket);
      return;
    }
    socket.write(
      'HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    );
    socket.destroySoon();
  });

  const ended = async (): Promise<void> => {
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    await upgrades.ended();
  };
  const endRest = (): void => {
    upgrades.endAll();
    server.closeAllConnections();
    pools.close();
    requests.close();
    listening.close();
    guard.close();
  };
  return {
    listen: (port, address) => listen(server, port, address),
    askToLeave: () => requests.askToLeave(),
    drain: async (grace) => {
      requests.askToLeave();
      const all = ended();
      // Answers that began before the drain promised to keep their connection; once idle it would be waited for in vain.
      const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS);
      const timer = setTimeout(endRest, grace);
      await all;
      clearInterval(sweep);
      clearTimeout(timer);
      endRest();
    },
    close: async () => {
      const all = ended();
      endRest();
      await all;
    },
  };
}
