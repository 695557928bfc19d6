import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import type { Admitted, Gate } from '../auth/decision.ts';
import type { Endpoint, EndpointId, OpenTcpLane, Upstream } from '../routes/endpoint.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Activity } from './activity.ts';
import { plainAddress } from './client_address.ts';
import {
  ConnectionCounts,
  type ConnectionLimits,
  type ExceededLimit,
} from './connection_limits.ts';
import { type ConnectionEnds, writeProxyHeader } from './proxy_header.ts';
import { TCP_OPTIONS } from './tcp_connection.ts';
import { TcpCopy } from './tcp_copy.ts';
import { TunnelSession } from './tunnel_session.ts';
import type { FailureClass } from './upstream_failure.ts';
import { failureClass } from './upstream_failure.ts';

/**
 * The sub-protocol that asks for the tunnel. A marker in the path would take that path from the task; this name is nobody
 * else's, so every other WebSocket at the endpoint's URL is the task's own.
 */
export const TUNNEL_PROTOCOL = 'tcp.task-traffic-router';

/** Bytes; a client may split its stream as it likes, so nothing is lost by a bound on what one message makes us hold. */
const MAX_MESSAGE = 1 << 20;

/** `closeTimeout`, which the published types lack: milliseconds that a client has to answer a close. */
const WEB_SOCKET_OPTIONS: ServerOptions & { readonly closeTimeout: number } = {
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: MAX_MESSAGE,
  closeTimeout: 5_000,
  handleProtocols: () => TUNNEL_PROTOCOL,
};

/** What the tunnel needs from the router. */
export interface TunnelDeps {
  readonly hold: Gate['hold'];
  readonly log: Log;
  readonly metrics: Metrics;
  readonly activity: Activity;
  /** Of this process; `perPlace` is per endpoint. */
  readonly limits: ConnectionLimits;
  /** Milliseconds; 5,000 unless given. */
  readonly connectTimeout?: number;
  /** Milliseconds between pings; 30,000 unless given. */
  readonly pingInterval?: number;
}

/** An upgrade that the gate admitted and that asks for the tunnel. */
export interface TunnelUpgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly admitted: Admitted;
  readonly clientAddress: string;
}

/** Why a tunnel did not open. Nothing has been written to the socket: the caller answers. */
export interface TunnelRefusal {
  readonly status: 400 | 404 | 502 | 503 | 504;
  /** Plain text for the user: what is wrong and whose fault it is. */
  readonly reason: string;
  /** Set where the task was tried and did not answer. */
  readonly failure?: FailureClass;
  /** A limit would be exceeded. */
  readonly limited?: true;
}

/** TCP over WebSocket at the URL of an endpoint whose task asked for TCP. */
export interface Tunnel {
  /** Whether the upgrade names the tunnel's sub-protocol. All others belong to the task. */
  readonly asked: (request: IncomingMessage) => boolean;
  /** Connects to the task and only then answers 101. Resolves to undefined once the session is open. */
  readonly open: (upgrade: TunnelUpgrade) => Promise<TunnelRefusal | undefined>;
  readonly openSessions: () => number;
  /** Refuses new sessions. Resolves when the last has ended, or after `grace` milliseconds, which closes the rest with 1001. */
  readonly drain: (grace: number) => Promise<void>;
}

/** Nothing listens of its own: the server of users' traffic hands over the upgrades that ask for it. */
export function createTunnel(deps: TunnelDeps): Tunnel {
  const { log, metrics, activity } = deps;
  const sessions = new Set<TunnelSession>();
  const counts = new ConnectionCounts<EndpointId>(deps.limits);
  let draining = false;
  let onIdle: (() => void) | undefined;
  const server = new WebSocketServer(WEB_SOCKET_OPTIONS);

  const carry = (
    upgrade: TunnelUpgrade,
    webSocket: WebSocket,
    upstream: Socket,
    outward: TcpCopy,
  ): void => {
    const { admitted, clientAddress } = upgrade;
    const since = performance.now();
    const session = new TunnelSession({
      webSocket,
      upstream,
      outward,
      pingInterval: deps.pingInterval ?? 30_000,
      onClose: (summary) => {
        release();
        unfollow();
        sessions.delete(session);
        counts.leave(admitted.endpoint.id, clientAddress);
        metrics.openSockets.dec({ kind: 'tunnel' });
        metrics.bytes.inc({ direction: 'in', kind: 'tunnel' }, summary.bytesIn);
        metrics.bytes.inc({ direction: 'out', kind: 'tunnel' }, summary.bytesOut);
        log.info(
          {
            event: 'tunnel',
            endpoint: admitted.endpoint.id,
            user: admitted.identity?.userId,
            client: clientAddress,
            ...summary,
            duration: Math.round(performance.now() - since) / 1_000,
          },
          'tunnel ended',
        );
        if (sessions.size === 0) onIdle?.();
      },
    });
    const release = deps.hold(admitted, (reason) => session.revoke(reason));
    sessions.add(session);
    activity.reached('tcp', admitted.endpoint.id);
    const unfollow = activity.follow('tcp', admitted.endpoint.id, () => session.bytes);
    metrics.openSockets.inc({ kind: 'tunnel' });
    metrics.tunnels.inc({ outcome: 'opened' });
  };

  const open = async (upgrade: TunnelUpgrade): Promise<TunnelRefusal | undefined> => {
    if (draining) return { status: 503, reason: 'The router is about to stop. Try again.' };
    const fault = handshakeFault(upgrade.request) ?? laneFault(upgrade.admitted.endpoint);
    if (fault !== undefined) return fault;
    const { admitted, clientAddress } = upgrade;
    const { id, tcp: lane } = admitted.endpoint;
    if (lane?.state !== 'open') return undefined;
    const limit = counts.enter(id, clientAddress);
    if (limit !== undefined) return { status: 503, reason: LIMIT_WORDS[limit], limited: true };
    const refusal = await openWithin(upgrade, lane);
    if (refusal !== undefined) counts.leave(id, clientAddress);
    return refusal;
  };

  /** Counted in already. */
  const openWithin = async (
    upgrade: TunnelUpgrade,
    lane: OpenTcpLane,
  ): Promise<TunnelRefusal | undefined> => {
    const { request, socket, clientAddress } = upgrade;
    const outward = new TcpCopy();
    const upstream = await connected(lane.upstream, outward, socket, deps.connectTimeout ?? 5_000);
    if ('status' in upstream) return upstream;
    let opened = false;
    server.handleUpgrade(request, socket, upgrade.head, (webSocket) => {
      opened = true;
      if (lane.proxyHeader === true) {
        upstream.write(writeProxyHeader(tunnelEnds(request, clientAddress)));
      }
      carry(upgrade, webSocket, upstream, outward);
    });
    if (opened) return undefined;
    upstream.destroy();
    return CLIENT_LEFT;
  };

  return {
    asked: (request) => {
      const offered = request.headers['sec-websocket-protocol'];
      if (offered === undefined) return false;
      return offered.split(',').some((protocol) => protocol.trim() === TUNNEL_PROTOCOL);
    },
    open: async (upgrade) => {
      const refusal = await open(upgrade);
      if (refusal !== undefined) {
        metrics.tunnels.inc({ outcome: outcomeOf(refusal) });
        if (refusal.failure !== undefined) {
          activity.failed('tcp', upgrade.admitted.endpoint.id, refusal.failure);
        }
        log.info(
          {
            event: 'tunnel-refused',
            endpoint: upgrade.admitted.endpoint.id,
            user: upgrade.admitted.identity?.userId,
            client: upgrade.clientAddress,
            status: refusal.status,
            reason: refusal.reason,
          },
          'tunnel refused',
        );
      }
      return refusal;
    },
    openSessions: () => sessions.size,
    drain: async (grace) => {
      draining = true;
      if (sessions.size === 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          for (const session of sessions) session.goAway();
        }, grace);
        onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },
  };
}

const LIMIT_WORDS: Readonly<Record<ExceededLimit, string>> = {
  total: 'The router carries as many tunnels as it may (TCP_MAX_CONNECTIONS). Try again later.',
  place:
    'This task has as many tunnels open as it may (TCP_MAX_CONNECTIONS_PER_PORT). Close some of them.',
  client:
    'Your address has as many tunnels open as it may (TCP_MAX_CONNECTIONS_PER_CLIENT). Close some of them.',
};

function outcomeOf({ status, limited }: TunnelRefusal): 'limited' | 'unreachable' | 'refused' {
  if (limited === true) return 'limited';
  return status === 502 || status === 504 ? 'unreachable' : 'refused';
}

/** What a task is told of the client of a tunnel. Its port is not known where a proxy is in between: 0. */
function tunnelEnds(request: IncomingMessage, clientAddress: string): ConnectionEnds {
  const { remoteAddress, remotePort, localAddress, localPort } = request.socket;
  const direct = plainAddress(remoteAddress) === clientAddress;
  return {
    client: { address: clientAddress, port: direct ? (remotePort ?? 0) : 0 },
    server: { address: plainAddress(localAddress), port: localPort ?? 0 },
  };
}

const CLIENT_LEFT: TunnelRefusal = { status: 400, reason: 'The client left.' };

/** What ws would refuse with an answer of its own; checked first, so that the task is not connected to for nothing. */
function handshakeFault(request: IncomingMessage): TunnelRefusal | undefined {
  const { headers } = request;
  const good =
    request.method === 'GET' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['sec-websocket-version'] === '13' &&
    /^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '');
  if (good) return undefined;
  return { status: 400, reason: 'This is not a WebSocket handshake of version 13 (RFC 6455).' };
}

function laneFault({ tcp }: Endpoint): TunnelRefusal | undefined {
  switch (tcp?.state) {
    case 'open':
      return undefined;
    case 'waiting':
      return { status: 503, reason: 'The task has not said yet where it listens for TCP.' };
    case 'refused':
      return { status: 502, reason: tcp.reason };
    case undefined:
      return { status: 404, reason: 'The task has not asked for TCP.' };
  }
}

/** Connects to the task. A client that leaves meanwhile takes the attempt with it. */
function connected(
  { address, port, family }: Upstream,
  outward: TcpCopy,
  client: Duplex,
  timeout: number,
): Promise<Socket | TunnelRefusal> {
  return new Promise((resolve) => {
    const upstream = connect({
      host: address,
      port,
      family,
      onread: outward.onread,
      ...TCP_OPTIONS,
    });
    const settle = (result: Socket | TunnelRefusal): void => {
      clearTimeout(timer);
      client.off('close', onLeave).off('error', onLeave);
      upstream.off('error', onError);
      if (result !== upstream) upstream.destroy();
      else upstream.pause();
      resolve(result);
    };
    const onError = (error: Error): void => {
      const reason = 'The task does not answer at its TCP port.';
      settle({ status: 502, reason, failure: failureClass(error) });
    };
    const onLeave = (): void => settle(CLIENT_LEFT);
    const timer = setTimeout(() => {
      const reason = 'The task did not answer at its TCP port in time.';
      settle({ status: 504, reason, failure: 'timeout' });
    }, timeout);
    client.on('close', onLeave).on('error', onLeave);
    upstream.on('error', onError).once('connect', () => settle(upstream));
  });
}
