import type { Way } from '../activity/way.ts';
import type { EndpointId } from '../grammar/endpoint_id.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { Log } from '../telemetry/log.ts';
import type { PlainAnswer } from '../telemetry/plain_server.ts';
import { Addresses, type Resolve } from './addresses.ts';
import { Answerer } from './answerer.ts';
import type { OwnSight } from './own_sight.ts';
import { Peer, type HeardServed, type Silence } from './peer.ts';
import {
  both,
  NOTHING_SEEN,
  type EndpointSeen,
  type HealthSeen,
  type OpenConnections,
  type PastSeen,
  type Replica,
} from './told.ts';

/** Another replica, as this one knows it. */
interface OtherReplica {
  readonly address: string;
  /** Which process it was when it last answered; undefined: it never did. */
  readonly replica: Replica | undefined;
  readonly open: OpenConnections | undefined;
  /** Undefined where it answered the last question. */
  readonly silence: Silence | undefined;
}

/** What is known of all other replicas. */
export interface PeersState {
  /** Why there may be others that were not found; undefined where there are none. */
  readonly problem: string | undefined;
  readonly others: readonly OtherReplica[];
}

/** Whether every other replica told what it saw: where none of them saw a thing, nobody did. */
export function isComplete({ problem, others }: PeersState): boolean {
  return problem === undefined && others.every(({ silence }) => silence === undefined);
}

/** What pages and metrics are told. */
export interface PeersView {
  readonly state: () => PeersState;
  /** What other replicas saw of an endpoint, those included that are no more. Their clocks never count ahead of this one's. */
  readonly seen: (id: EndpointId) => PastSeen;
  /** What each replica that answers says of a way into an endpoint; what a silent one said may be true no more. */
  readonly healthOf: (id: EndpointId, way: Way) => readonly HealthSeen[];
  /** Connections that are open at all replicas together; `atLeast` where some do not tell theirs. */
  readonly open: () => Promise<OpenConnections & { readonly atLeast: boolean }>;
  /** Somebody looks: the others are asked every few seconds for a while. */
  readonly want: () => void;
}

/** How often the others are asked. Milliseconds. */
export interface PeersTimes {
  /** While somebody looks. */
  readonly wanted: number;
  /** Else. */
  readonly unwanted: number;
  /** How long it counts that somebody looked. */
  readonly wantedFor: number;
}

const TIMES: PeersTimes = { wanted: 5_000, unwanted: 30_000, wantedFor: 60_000 };
/** So many are asked at one time: their answers are held in memory whole. */
const ASKED_AT_ONCE = 8;

export interface PeersParts {
  /** PEERS_HOST */
  readonly host: string;
  /** ADMIN_PORT, the same at every replica. */
  readonly port: number;
  /** Newest first. */
  readonly keys: () => readonly Uint8Array[];
  readonly own: OwnSight;
  readonly log: Log;
  readonly heardServed?: HeardServed | undefined;
  readonly resolve?: Resolve;
  readonly times?: PeersTimes;
}

/**
 * The replicas of one router beside this one: finds them by DNS, asks them what they alone saw, and tells them the same of itself. What a
 * replica that is silent saw is unknown, never nothing.
 */
export class Peers implements PeersView {
  readonly #parts: PeersParts;
  readonly #addresses: Addresses;
  readonly #answerer: Answerer;
  readonly #loop: Loop;
  readonly #times: PeersTimes;
  readonly #peers = new Map<string, Peer>();
  /** At which this process met itself. */
  readonly #ownAddresses = new Set<string>();
  /** What replicas told that are no more, of endpoints that still are. This one tells it on as if it were its own. */
  readonly #past = new Map<EndpointId, PastSeen>();
  #problem: string | undefined = 'they were not looked up yet';
  #askedAt = -Infinity;
  #wantedAt = -Infinity;

  constructor(parts: PeersParts) {
    const { host, keys, own, resolve, log, times = TIMES } = parts;
    this.#parts = parts;
    this.#times = times;
    this.#addresses = new Addresses(host, resolve);
    const seen = (id: EndpointId): EndpointSeen => {
      const now = own.seen(id);
      return { ...now, ...both(now, this.#pastOf(id)) };
    };
    this.#answerer = new Answerer({ ...own, seen }, keys);
    this.#loop = createLoop({
      turn: () => this.#turn(),
      interval: times.wanted,
      failed: (error) =>
        log.error({ event: 'peers_broke', error: String(error) }, 'other replicas are not asked'),
    });
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Answers another replica; see `Answerer`. */
  answer(target: string, authorization: string | undefined): Promise<PlainAnswer> {
    return this.#answerer.answer(target, authorization);
  }

  readonly want = (): void => {
    this.#wantedAt = performance.now();
  };

  readonly state = (): PeersState => {
    const met = new Set<string>();
    const others: OtherReplica[] = [];
    for (const { address, replica, open, silence } of this.#peers.values()) {
      // One that has two addresses is one.
      if (replica !== undefined && met.has(replica.id)) continue;
      if (replica !== undefined) met.add(replica.id);
      others.push({ address, replica, open, silence });
    }
    return { problem: this.#problem, others };
  };

  readonly seen = (id: EndpointId): PastSeen => {
    let seen = this.#pastOf(id);
    for (const peer of this.#peers.values()) seen = both(seen, peer.seen(id) ?? NOTHING_SEEN);
    return seen;
  };

  readonly healthOf = (id: EndpointId, way: Way): readonly HealthSeen[] =>
    [...this.#peers.values()].flatMap((peer) =>
      peer.silence === undefined ? (peer.seen(id)?.[way] ?? []) : [],
    );

  /** When each of them saw the endpoint used last, as it told: another list with each use that is told, whatever their clocks say. */
  readonly usesOf = (id: EndpointId): readonly number[] => {
    const told = [...this.#peers.values()].map((peer) => peer.seen(id)?.usedAt ?? 0);
    return [this.#pastOf(id).usedAt, ...told];
  };

  readonly open: PeersView['open'] = async () => {
    const sum = { ...(await this.#parts.own.open()) };
    const state = this.state();
    for (const { open, silence } of state.others) {
      if (open === undefined || silence !== undefined) continue;
      sum.websocket += open.websocket;
      sum.tcp += open.tcp;
      sum.tunnel += open.tunnel;
    }
    return { ...sum, atLeast: !isComplete(state) };
  };

  #pastOf(id: EndpointId): PastSeen {
    return this.#past.get(id) ?? NOTHING_SEEN;
  }

  async #turn(): Promise<void> {
    const now = performance.now();
    const { unwanted, wantedFor } = this.#times;
    if (now - this.#wantedAt > wantedFor && now - this.#askedAt < unwanted) return;
    this.#askedAt = now;
    const problem = await this.#find();
    const peers = [...this.#peers.values()];
    while (peers.length > 0) {
      await Promise.all(peers.splice(0, ASKED_AT_ONCE).map((peer) => this.#ask(peer)));
    }
    this.#problem = problem;
    const endpoints = this.#parts.own.endpoints();
    for (const id of this.#past.keys()) if (!endpoints.has(id)) this.#past.delete(id);
  }

  /** Returns why there may be others than those that were found. */
  async #find(): Promise<string | undefined> {
    const { addresses, problem } = await this.#addresses.find();
    if (problem !== undefined && problem !== this.#problem) {
      this.#problem = problem;
      this.#parts.log.warn(
        { event: 'peers_unknown', reason: problem },
        'other replicas may be there',
      );
    }
    const found = new Set(addresses);
    for (const address of this.#ownAddresses) {
      if (!found.has(address)) this.#ownAddresses.delete(address);
    }
    for (const [address, peer] of this.#peers) {
      if (found.has(address)) continue;
      this.#peers.delete(address);
      peer.leave();
    }
    for (const address of found) {
      if (this.#peers.has(address) || this.#ownAddresses.has(address)) continue;
      this.#peers.set(address, new Peer(address, this.#fold, this.#heardServed));
    }
    return problem;
  }

  async #ask(peer: Peer): Promise<void> {
    const { port, keys, own, log } = this.#parts;
    const { address, silence: before } = peer;
    await peer.ask(port, keys());
    const { replica, silence } = peer;
    if (replica?.id === own.replica.id) {
      this.#ownAddresses.add(address);
      this.#peers.delete(address);
      return;
    }
    if (silence !== undefined && silence.reason !== before?.reason) {
      log.warn(
        { event: 'peer_silent', address, reason: silence.reason },
        'a replica does not answer',
      );
    }
    if (silence === undefined && before !== undefined) {
      const { name, version } = replica ?? {};
      log.info({ event: 'peer_answers', address, name, version }, 'a replica answers');
    }
  }

  /** A process that met itself counts itself once. */
  readonly #heardServed: HeardServed = (replicaId, id, served) => {
    const { own, heardServed } = this.#parts;
    if (replicaId !== own.replica.id) heardServed?.(replicaId, id, served);
  };

  readonly #fold = (id: EndpointId, seen: PastSeen): void => {
    if (this.#parts.own.endpoints().has(id)) this.#past.set(id, both(this.#pastOf(id), seen));
  };
}
