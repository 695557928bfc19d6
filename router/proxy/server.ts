import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { Gate } from '../auth/decision.ts';
import { listen } from '../listen.ts';
import type { LoadLimits } from '../load/load_guard.ts';
import { LoadGuard, UNLIMITED } from '../load/load_guard.ts';
import type { Overload } from '../load/overload.ts';
import type { RouteSource } from '../routes/table.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { OwnPages } from '../web/own_pages.ts';
import { accessLine } from './access_log.ts';
import type { AccessRecord } from './access_log.ts';
import type { Activity } from './activity.ts';
import { plainAddress } from './client_address.ts';
import { Entrance } from './entrance.ts';
import type { ProxySettings } from './entrance.ts';
import { RouterResponse } from './exchange.ts';
import { RequestHandler } from './request_handler.ts';
import { TrafficMetrics } from './traffic_metrics.ts';
import type { Tunnel } from './tunnel.ts';
import { UpgradeHandler } from './upgrade_handler.ts';
import { UpstreamPools } from './upstream_pools.ts';

export type { ProxySettings } from './entrance.ts';

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
  readonly log: Log;
  /** Takes one JSON line per request, line end included, and must not block. Undefined: no access log. */
  readonly accessLog: { readonly write: (line: string) => unknown } | undefined;
  readonly metrics: Metrics;
  readonly activity: Activity;
  /** Nothing is limited unless given. */
  readonly limits?: LoadLimits;
  /** Never unless given. */
  readonly overload?: Pick<Overload, 'active' | 'look'>;
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
const LONGEST_HEADERS = 32 * 1024;
/** Time to send the head of a request; slower clients get 408 (A48). */
const HEADERS_TIMEOUT = 60_000;
/**
 * Idle connections are for the load balancer in front to end, or its next request meets a closed one and becomes a 502. The
 * longest common wait is that of Google's load balancers, 600 s.
 */
const KEEP_ALIVE_TIMEOUT = 620_000;
/** How often a drain looks for connections that have become idle. Milliseconds. */
const IDLE_SWEEP = 200;

/** WebSocket is the only protocol that a connection may turn into. `Upgrade: h2c` is a plain request (A31). */
function isWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket';
}

function createHttpServer(): Server<typeof IncomingMessage, typeof RouterResponse> {
  const server = createServer({
    ServerResponse: RouterResponse,
    maxHeaderSize: LONGEST_HEADERS,
    headersTimeout: HEADERS_TIMEOUT,
    connectionsCheckingInterval: 5_000,
    // Uploads take as long as they take.
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
    insecureHTTPParser: false,
    // The proxy reads Host itself, with the other headers.
    requireHostHeader: false,
    noDelay: true,
    keepAlive: true,
    shouldUpgradeCallback: isWebSocket,
    optimizeEmptyRequests: true,
  });
  server.timeout = 0;
  return server;
}

/** Joins the parts into the server of users' traffic; nothing listens yet. */
export function createProxyServer(deps: ProxyServerDeps): ProxyServer {
  const { gate, log, accessLog, pages, tunnel, activity } = deps;
  const server = createHttpServer();
  const guard = new LoadGuard({
    server,
    limits: deps.limits ?? UNLIMITED,
    overload: deps.overload,
    addressOf: (socket) => {
      const address = plainAddress(socket.remoteAddress);
      return deps.settings.isTrustedProxy?.(address) === true ? undefined : address;
    },
    log,
    metrics: deps.metrics,
  });
  const entrance = new Entrance({
    ...deps,
    headRead: (socket) => guard.connections.headRead(socket),
  });
  const pools = new UpstreamPools(deps.routes);
  const metrics = new TrafficMetrics(deps.metrics);
  const writeAccess = (record: AccessRecord): void => {
    accessLog?.write(accessLine(record));
  };
  const { hold } = gate;
  const requests = new RequestHandler({
    entrance,
    hold,
    pages,
    pools,
    guard,
    log,
    writeAccess,
    metrics,
    activity,
  });
  const upgrades = new UpgradeHandler({
    entrance,
    hold,
    routes: deps.routes,
    tunnel,
    guard,
    log,
    writeAccess,
    metrics,
    activity,
  });

  server.on('request', (request, response) => requests.handle(request, response, false));
  server.on('checkContinue', (request, response) => requests.handle(request, response, true));
  server.on('upgrade', (request, socket, head) => upgrades.handle(request, socket, head));
  // Node hands CONNECT out as a raw socket and would only drop it.
  server.on('connect', (_request, socket) => {
    socket.end('HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
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
    guard.close();
  };
  return {
    listen: (port, address) => listen(server, port, address),
    askToLeave: () => requests.askToLeave(),
    drain: async (grace) => {
      requests.askToLeave();
      const all = ended();
      // Answers that began before the drain promised to keep their connection; once idle it would be waited for in vain.
      const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP);
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
