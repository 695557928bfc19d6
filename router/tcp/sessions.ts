import type { Endpoint } from '../routes/model/endpoint.ts';
import type { RouteTable } from '../routes/model/table.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Activity } from '../activity/activity.ts';
import { byteMeter } from '../activity/meters.ts';
import { writeProxyHeader } from './proxy_header.ts';
import type { AdmittedConnection } from './admission.ts';
import { TcpConnection, type TcpSummary } from './connection.ts';
import { lookAround } from '../sockets/gone.ts';
import { failureOfCode } from '../upstream/failure.ts';

/** What carrying a connection needs from the router. */
export interface TcpSessionsDeps {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly activity: Activity;
  /** Milliseconds to connect to a task. */
  readonly connectTimeout: number;
  /** Milliseconds between looks for connections of which a side is gone. */
  readonly lookEvery: number | undefined;
  /** Called when a connection has ended. */
  readonly onEnd: (admitted: AdmittedConnection) => void;
}

/** The connections to the TCP range that are carried, each with the route that it was let in by. */
export class TcpSessions {
  readonly #deps: TcpSessionsDeps;
  readonly #carried = new Map<TcpConnection, AdmittedConnection>();
  readonly #looking: NodeJS.Timeout;

  constructor(deps: TcpSessionsDeps) {
    this.#deps = deps;
    this.#looking = lookAround(this.#carried, (one) => one.endIfGone(), deps.lookEvery);
  }

  carry(admitted: AdmittedConnection): void {
    const { metrics, activity, connectTimeout, onEnd } = this.#deps;
    const { port, endpoint, route, client, inward, early, ends, account } = admitted;
    const since = performance.now();
    const connection = new TcpConnection({
      client,
      inward,
      early,
      account,
      upstream: route.upstream,
      connectTimeout,
      proxyHeader: route.proxyHeader === true ? writeProxyHeader(ends) : undefined,
      onOpen: () => {
        metrics.tcpConnections.inc({ port, outcome: 'opened' });
        activity.answered('tcp', endpoint.id, since);
      },
      onClose: (summary) => {
        this.#carried.delete(connection);
        unfollow();
        metrics.openSockets.dec({ kind: 'tcp' });
        this.#tell(summary, admitted, since);
        onEnd(admitted);
      },
    });
    this.#carried.set(connection, admitted);
    const unfollow = activity.follow(
      'tcp',
      endpoint.id,
      byteMeter(() => connection.bytes),
    );
    metrics.openSockets.inc({ kind: 'tcp' });
  }

  /** Ends what the table no longer stands for. */
  endStale(table: RouteTable): void {
    for (const [connection, admitted] of this.#carried) {
      const { endpoint, port } = admitted;
      if (!mayLiveOn(endpoint, table.ports.get(port))) connection.reset();
    }
  }

  /** Ends the connections of one port, or all. */
  end(port?: number): void {
    for (const [connection, admitted] of this.#carried) {
      if (port === undefined || admitted.port === port) connection.reset();
    }
  }

  close(): void {
    clearInterval(this.#looking);
  }

  /** @param since when it was dialled, by the clock of `performance.now`. */
  #tell(summary: TcpSummary, admitted: AdmittedConnection, since: number): void {
    const { log, metrics, activity } = this.#deps;
    const { port, endpoint, route, ends, peer } = admitted;
    const { address } = ends.client;
    if (summary.end === 'unreachable') {
      metrics.tcpConnections.inc({ port, outcome: 'unreachable' });
      activity.failed('tcp', endpoint.id, failureOfCode(summary.code ?? ''), since);
    }
    metrics.bytes.inc({ direction: 'in', kind: 'tcp' }, summary.bytesIn);
    metrics.bytes.inc({ direction: 'out', kind: 'tcp' }, summary.bytesOut);
    log.info(
      {
        event: 'tcp',
        port,
        endpoint: endpoint.id,
        client: address,
        proxy: peer === address ? undefined : peer,
        upstream: `${route.upstream.address} ${route.upstream.port}`,
        end: summary.end,
        code: summary.code,
        bytesIn: summary.bytesIn,
        bytesOut: summary.bytesOut,
        duration: Math.round(performance.now() - since) / 1_000,
      },
      'connection ended',
    );
  }
}

/**
 * A task that ends, or that starts anew, loses its open connections, and so does one that moves to another address. A task that
 * asks again with another port of the same address (its SSH server restarted) keeps them: the sessions outlive the listener.
 */
export function mayLiveOn(then: Endpoint, now: Endpoint | undefined): boolean {
  return (
    then.tcp?.state === 'open' &&
    now?.tcp?.state === 'open' &&
    now.id === then.id &&
    now.task.startedAt === then.task.startedAt &&
    now.tcp.upstream.address === then.tcp.upstream.address
  );
}
