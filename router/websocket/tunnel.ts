import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Admitted, Gate } from '../auth/gate/decision.ts';
import type { Account } from '../load/byte_budget.ts';
import type { Endpoint, OpenTcpRoute } from '../routes/model/endpoint.ts';
import type { EndpointId } from '../grammar/endpoint_id.ts';
import type { RouteSource } from '../routes/model/table.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Activity } from '../activity/activity.ts';
import { byteMeter } from '../activity/meters.ts';
import { plainAddress } from '../http/headers/client_address.ts';
import { ConnectionCounts, type ConnectionLimits } from '../tcp/connection_limits.ts';
import { type ConnectionEnds, writeProxyHeader } from '../tcp/proxy_header.ts';
import { TcpCopy } from '../sockets/copy.ts';
import { mayLiveOn } from '../tcp/sessions.ts';
import { TASK_ENDED } from './ending.ts';
import { takeOver } from './take_over.ts';
import { dialTask } from './tunnel_dial.ts';
import { asksForTunnel, isTunnelHandshake, tunnelHead } from './tunnel_handshake.ts';
import {
  CLIENT_LEFT,
  NO_HANDSHAKE,
  STOPPING,
  WITHDRAWN,
  closedRefusal,
  limitRefusal,
  outcomeOf,
  type TunnelRefusal,
} from './tunnel_refusal.ts';
import { TunnelSession, type TunnelSessionParts } from './tunnel_session.ts';

/** Proxies in between end a connection on which nothing was sent for as little as 30 s; most of them wait 60 s. */
const PING_INTERVAL_MS = 20_000;

/** What the tunnel needs from the router. */
export interface TunnelDeps {
  readonly hold: Gate['hold'];
  readonly routes: RouteSource;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly activity: Activity;
  /** Of this process; `perPlace` is per endpoint. */
  readonly limits: ConnectionLimits;
  /** Milliseconds between pings; tests replace it. */
  readonly pingInterval?: number;
}

/** An upgrade that the gate admitted and that asks for the tunnel. */
interface TunnelUpgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly admitted: Admitted;
  readonly clientAddress: string;
  /** Who its buffers are held for. */
  readonly account: Account;
}

/** The right to one tunnel, from before its task is asked until `release`. */
interface TunnelRight {
  readonly endpoint: Endpoint;
  /** It leads to a port that no task asked for, which the gate alone watches over. */
  readonly own: boolean;
  /** Aborted, with the reason, once the right is withdrawn. */
  readonly withdrawn: AbortSignal;
  readonly withdraw: (reason: string) => void;
  /** It did not open, or is over. */
  readonly release: () => void;
}

/** TCP over WebSocket at the URL of an endpoint whose task asked for TCP. */
export interface Tunnel {
  /** Whether the upgrade names the tunnel's sub-protocol. All others belong to the task. */
  readonly asked: (request: IncomingMessage) => boolean;
  /** Connects to the task and only then answers 101. Resolves to undefined once the session is open. */
  readonly open: (upgrade: TunnelUpgrade) => Promise<TunnelRefusal | undefined>;
  /** Refuses new sessions. Resolves when the last has ended, or after `grace` milliseconds, which closes the rest with 1001. */
  readonly drain: (grace: number) => Promise<void>;
}

/** Nothing listens of its own: the server of users' traffic hands over the upgrades that ask for it. */
export function createTunnel(deps: TunnelDeps): Tunnel {
  const { log, metrics, activity, routes } = deps;
  const sessions = new Set<TunnelSession>();
  const rights = new Set<TunnelRight>();
  const counts = new ConnectionCounts<EndpointId>(deps.limits);
  let draining = false;
  let onIdle: (() => void) | undefined;
  routes.subscribe((table) => {
    for (const { endpoint, own, withdraw } of rights) {
      const gone = !own && !mayLiveOn(endpoint, table.endpoints.get(endpoint.id));
      if (gone) withdraw(TASK_ENDED.words);
    }
  });

  /** The connection was counted in before. */
  const grant = ({ admitted, clientAddress }: TunnelUpgrade): TunnelRight => {
    const { endpoint } = admitted;
    const controller = new AbortController();
    const withdraw = (reason: string): void => controller.abort(reason);
    const right: TunnelRight = {
      endpoint,
      own: admitted.ownPort !== undefined,
      withdrawn: controller.signal,
      withdraw,
      release: () => {
        rights.delete(right);
        unhold();
        counts.leave(endpoint.id, clientAddress);
      },
    };
    rights.add(right);
    const unhold = deps.hold(admitted, (reason) =>
      withdraw(reason === 'unknown-endpoint' ? TASK_ENDED.words : reason),
    );
    return right;
  };

  const carry = (
    { request, admitted, clientAddress }: TunnelUpgrade,
    ends: Pick<TunnelSessionParts, 'client' | 'inward' | 'early' | 'upstream' | 'outward'>,
    { withdrawn, release }: TunnelRight,
  ): void => {
    const { id } = admitted.endpoint;
    const since = performance.now();
    const session = new TunnelSession({
      ...ends,
      greeting: tunnelHead(request),
      pingInterval: deps.pingInterval ?? PING_INTERVAL_MS,
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
            endpoint: id,
            port: admitted.ownPort?.port,
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
    withdrawn.addEventListener('abort', () => session.revoke(String(withdrawn.reason)));
    sessions.add(session);
    const unfollow = activity.follow(
      'tcp',
      admitted.ownPort?.usedAs ?? id,
      byteMeter(() => session.bytes),
    );
    metrics.openSockets.inc({ kind: 'tunnel' });
    metrics.tunnels.inc({ outcome: 'opened' });
  };

  const openWithin = async (
    upgrade: TunnelUpgrade,
    { upstream, proxyHeader }: OpenTcpRoute,
    right: TunnelRight,
  ): Promise<TunnelRefusal | undefined> => {
    const { request, socket, clientAddress, account } = upgrade;
    const { withdrawn } = right;
    const outward = new TcpCopy(account);
    const task = await dialTask(upstream, outward.onread, socket, withdrawn);
    if ('status' in task) return task;
    // Much may have happened since the task answered.
    if (draining || withdrawn.aborted) {
      task.destroy();
      return draining ? STOPPING : WITHDRAWN;
    }
    const inward = new TcpCopy(account);
    const places = tunnelEnds(request, clientAddress);
    const taken = takeOver(socket as Socket, upgrade.head, inward.onread);
    if (taken === undefined) {
      task.destroy();
      return CLIENT_LEFT;
    }
    if (proxyHeader === true) task.write(writeProxyHeader(places));
    carry(upgrade, { ...taken, inward, upstream: task, outward }, right);
    return undefined;
  };

  const open = async (upgrade: TunnelUpgrade): Promise<TunnelRefusal | undefined> => {
    if (draining) return STOPPING;
    if (!isTunnelHandshake(upgrade.request)) return NO_HANDSHAKE;
    const { id, tcp } = upgrade.admitted.endpoint;
    if (tcp?.state !== 'open') return closedRefusal(tcp);
    const limit = counts.enter(id, upgrade.clientAddress);
    if (limit !== undefined) return limitRefusal(limit);
    const right = grant(upgrade);
    const refusal = await openWithin(upgrade, tcp, right);
    if (refusal !== undefined) right.release();
    return refusal;
  };

  return {
    asked: asksForTunnel,
    open: async (upgrade) => {
      const { admitted, clientAddress } = upgrade;
      const { id } = admitted.endpoint;
      const asked = performance.now();
      const refusal = await open(upgrade);
      if (refusal === undefined) {
        if (admitted.ownPort === undefined) activity.answered('tcp', id, asked);
        return undefined;
      }
      const { status, reason, failure } = refusal;
      metrics.tunnels.inc({ outcome: outcomeOf(refusal) });
      // What a port says that nobody asked for tells nothing of those that were asked for.
      const tells = admitted.ownPort === undefined;
      if (failure !== undefined && tells) activity.failed('tcp', id, failure, asked);
      log.info(
        {
          event: 'tunnel_refused',
          endpoint: id,
          port: admitted.ownPort?.port,
          user: admitted.identity?.userId,
          client: clientAddress,
          status,
          reason,
        },
        'tunnel refused',
      );
      return refusal;
    },
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

/** What a task is told of the client of a tunnel. Its port is not known where a proxy is in between: 0. */
function tunnelEnds(request: IncomingMessage, clientAddress: string): ConnectionEnds {
  const { remoteAddress, remotePort, localAddress, localPort } = request.socket;
  const direct = plainAddress(remoteAddress) === clientAddress;
  return {
    client: { address: clientAddress, port: direct ? (remotePort ?? 0) : 0 },
    server: { address: plainAddress(localAddress), port: localPort ?? 0 },
  };
}
