import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import type { Admitted, Gate } from '../auth/decision.ts';
import type { Endpoint, Upstream } from '../routes/endpoint.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Activity } from './activity.ts';
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
    const lane = upgrade.admitted.endpoint.tcp;
    if (lane?.state !== 'open') return undefined;
    const outward = new TcpCopy();
    const upstream = await connected(
      lane.upstream,
      outward,
      upgrade.socket,
      deps.connectTimeout ?? 5_000,
    );
    if ('status' in upstream) return upstream;
    let opened = false;
    server.handleUpgrade(upgrade.request, upgrade.socket, upgrade.head, (webSocket) => {
      opened = true;
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
        const outcome =
          refusal.status === 502 || refusal.status === 504 ? 'unreachable' : 'refused';
        metrics.tunnels.inc({ outcome });
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
