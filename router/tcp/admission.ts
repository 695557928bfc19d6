import type { Socket } from 'node:net';
import { COST, type Account, type ByteBudget } from '../load/byte_budget.ts';
import type { Endpoint, OpenTcpRoute } from '../routes/model/endpoint.ts';
import type { RouteSource } from '../routes/model/table.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { plainAddress } from '../http/headers/client_address.ts';
import type { ConnectionCounts, ExceededLimit } from './connection_limits.ts';
import type { ConnectionEnds } from './proxy_header.ts';
import {
  type HeaderWait,
  type HeaderedConnection,
  readProxyHeader,
} from './proxy_header_reader.ts';
import { adopt } from '../sockets/adopt.ts';
import { TcpCopy } from '../sockets/copy.ts';
import { reset } from '../sockets/reset.ts';

/** What decides on a connection to a port of the range. */
export interface TcpAdmissionDeps {
  readonly routes: RouteSource;
  readonly log: Log;
  readonly metrics: Metrics;
  /** By port. An admitted connection is counted in; whoever carries it counts it out. */
  readonly counts: ConnectionCounts<number>;
  readonly budget: ByteBudget;
  /** TCP_SOURCE_RANGES: whether an address may connect; undefined is everybody. */
  readonly mayConnect: ((address: string) => boolean) | undefined;
  /** Whether a peer is a load balancer that sends a PROXY header; undefined while TCP_PROXY_PROTOCOL is off. */
  readonly sendsProxyHeader: ((peer: string) => boolean) | undefined;
  /** Milliseconds for a PROXY header. */
  readonly headerTimeout: number;
  readonly carry: (admitted: AdmittedConnection) => void;
  /** Called after each connection that was counted out here. */
  readonly onLeft: () => void;
}

/** A connection that may go to a task; its client is taken over and paused. */
export interface AdmittedConnection extends Pick<HeaderedConnection, 'client' | 'inward'> {
  readonly port: number;
  readonly endpoint: Endpoint;
  readonly route: OpenTcpRoute;
  /** Whose connection it is: what a PROXY header said, or else the peer. */
  readonly ends: ConnectionEnds;
  /** The address that connected: the client's, or the load balancer's. */
  readonly peer: string;
  /** Bytes of the client that came with a PROXY header. */
  readonly early: Buffer | undefined;
  /** Whose bytes its own count as: nobody is signed in, so all who come to this task unknown are one. Whoever carries it gives COST.tcp back. */
  readonly account: Account;
}

/** Why a connection is not carried. */
type Refusal = 'refused' | 'limited' | 'forbidden' | 'malformed';

const LIMIT_WORDS: Readonly<Record<ExceededLimit, string>> = {
  total: 'too many connections to the range',
  place: 'too many connections to this port',
  client: 'too many connections from this address',
};

/** The gate of the TCP range. It knows no sign-in: a port, an address and a number of connections are all that it can ask about. */
export class TcpAdmission {
  readonly #deps: TcpAdmissionDeps;
  /** Connections whose PROXY header has not come yet, and their ports. */
  readonly #waits = new Map<HeaderWait, number>();

  constructor(deps: TcpAdmissionDeps) {
    this.#deps = deps;
  }

  /** @param socket accepted with `pauseOnConnect`. */
  accept(port: number, socket: Socket): void {
    // The kernel knows no peer of a connection that was reset before it was accepted, and no task can be told who it is.
    if (socket.remoteAddress === undefined) {
      reset(socket);
      return;
    }
    const peer = plainAddress(socket.remoteAddress);
    const endpoint = this.#deps.routes.current().ports.get(port);
    if (endpoint?.tcp?.state !== 'open') {
      this.#refuse(socket, port, peer, 'refused', 'no task serves this port');
      return;
    }
    const ends = endsOf(socket, peer, port);
    // From any other peer the same bytes are the client's own (A51).
    if (this.#deps.sendsProxyHeader?.(peer) === true) {
      this.#await(port, socket, peer, ends, this.#accountOf(endpoint));
    } else this.#admit(port, socket, peer, ends, undefined);
  }

  /** Ends the connections that are not carried yet: those of one port, or all. */
  endWaiting(port?: number): void {
    for (const [wait, of] of this.#waits) if (port === undefined || of === port) wait.cancel();
  }

  #await(
    port: number,
    accepted: Socket,
    peer: string,
    own: ConnectionEnds,
    account: Account,
  ): void {
    const { counts, headerTimeout, onLeft } = this.#deps;
    const limit = counts.enter(port, undefined);
    if (limit !== undefined) {
      this.#refuse(accepted, port, peer, 'limited', LIMIT_WORDS[limit]);
      return;
    }
    const settled = (then: () => void): void => {
      if (wait !== undefined) this.#waits.delete(wait);
      counts.leave(port, undefined);
      then();
      onLeft();
    };
    const wait = readProxyHeader({
      accepted,
      timeout: headerTimeout,
      account,
      onRead: (headered) => {
        const { client, ends } = headered;
        settled(() => this.#admit(port, client, peer, ends ?? own, headered));
      },
      // A task would count it as somebody who fails to sign in. Ended in good order: to the load balancer this port answers.
      onLocal: (client) => settled(() => client.destroySoon()),
      onFail: (client, reason) => {
        settled(() => {
          // Load balancers ask for a port's health by connecting and leaving.
          if (reason === undefined) reset(client);
          else this.#refuse(client, port, peer, 'malformed', reason);
        });
      },
    });
    if (wait === undefined) settled(() => undefined);
    else this.#waits.set(wait, port);
  }

  #admit(
    port: number,
    socket: Socket,
    peer: string,
    ends: ConnectionEnds,
    headered: HeaderedConnection | undefined,
  ): void {
    const { routes, counts, budget, mayConnect, carry, onLeft } = this.#deps;
    const { address } = ends.client;
    const endpoint = routes.current().ports.get(port);
    if (endpoint?.tcp?.state !== 'open') {
      this.#refuse(socket, port, address, 'refused', 'no task serves this port');
      return;
    }
    if (mayConnect?.(address) === false) {
      this.#refuse(socket, port, address, 'forbidden', 'not within TCP_SOURCE_RANGES');
      return;
    }
    const limit = counts.enter(port, address);
    if (limit !== undefined) {
      this.#refuse(socket, port, address, 'limited', LIMIT_WORDS[limit]);
      return;
    }
    const account = this.#accountOf(endpoint);
    if (budget.take(account, COST.tcp) !== undefined) {
      counts.leave(port, address);
      this.#refuse(socket, port, address, 'limited', 'the router holds as much as it may');
      onLeft();
      return;
    }
    const taken = headered ?? takeAccepted(socket, account);
    if (taken === undefined) {
      budget.give(account, COST.tcp);
      counts.leave(port, address);
      onLeft();
      return;
    }
    const { client, inward, early } = taken;
    carry({ port, endpoint, route: endpoint.tcp, client, inward, early, ends, peer, account });
  }

  #accountOf({ task }: Endpoint): Account {
    return this.#deps.budget.account(task.id);
  }

  /** Reset, so that the client sees at once that nobody serves it. */
  #refuse(socket: Socket, port: number, client: string, outcome: Refusal, words: string): void {
    this.#deps.metrics.tcpConnections.inc({ port, outcome });
    this.#deps.log.warn({ event: 'tcp_refused', port, client, reason: outcome }, words);
    reset(socket);
  }
}

/** Undefined when the client has gone already. */
function takeAccepted(
  accepted: Socket,
  account: Account,
): Pick<AdmittedConnection, 'client' | 'inward' | 'early'> | undefined {
  const inward = new TcpCopy(account);
  const client = adopt(accepted, inward.onread);
  return client === undefined ? undefined : { client, inward, early: undefined };
}

/** Both ends as the kernel knows them, but for the port of the range, which may be listened for at another. */
function endsOf(socket: Socket, peer: string, port: number): ConnectionEnds {
  return {
    client: { address: peer, port: socket.remotePort ?? 0 },
    server: { address: plainAddress(socket.localAddress), port },
  };
}
