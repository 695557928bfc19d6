import type { EndpointId } from '../grammar/endpoint_id.ts';
import type { Served } from '../activity/served.ts';
import { ask, type Asked } from './ask.ts';
import {
  notAfter,
  type EndpointSeen,
  type OpenConnections,
  type PastSeen,
  type Replica,
  type Told,
} from './told.ts';

/** Why a replica that was found does not tell what it saw. */
export interface Silence {
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** A sentence without its end. */
  readonly reason: string;
}

/** What becomes of what another replica had told, once it tells all anew or is there no more. */
export type Fold = (id: EndpointId, seen: PastSeen) => void;

/** Told of each change of what an endpoint served through a replica, as the sums that this replica alone has. */
export type HeardServed = (replicaId: string, id: EndpointId, served: Served) => void;

/** How long one replica is asked on in one round; what is left over comes with the next one. Milliseconds. */
const ASKED_FOR_MS = 5_000;
/** Endpoints of one replica that are kept: more than one router serves. */
const MOST_ENDPOINTS = 100_000;

/** One address at which another replica was found, and what it told last. */
export class Peer {
  readonly address: string;
  readonly #fold: Fold;
  readonly #heardServed: HeardServed;
  readonly #seen = new Map<EndpointId, EndpointSeen>();
  #told: Told | undefined;
  #silence: Silence | undefined = { since: Date.now(), reason: 'it was not asked yet' };

  constructor(address: string, fold: Fold, heardServed: HeardServed) {
    this.address = address;
    this.#fold = fold;
    this.#heardServed = heardServed;
  }

  /** Which process it was when it last answered. */
  get replica(): Replica | undefined {
    return this.#told?.replica;
  }

  /** As it told last. */
  get open(): OpenConnections | undefined {
    return this.#told?.open;
  }

  /** Undefined while it answers. */
  get silence(): Silence | undefined {
    return this.#silence;
  }

  /** What it told of an endpoint, which stays true where that is past; undefined for nothing. */
  seen(id: EndpointId): EndpointSeen | undefined {
    return this.#seen.get(id);
  }

  /** Asks until it has told all. */
  async ask(port: number, keys: readonly Uint8Array[]): Promise<void> {
    const problem = await this.#ask(port, keys, performance.now() + ASKED_FOR_MS);
    this.#silence =
      problem === undefined
        ? undefined
        : { since: this.#silence?.since ?? Date.now(), reason: problem };
  }

  /** It is there no more: what it saw stays true. */
  leave(): void {
    for (const [id, seen] of this.#seen) this.#fold(id, seen);
    this.#seen.clear();
  }

  /** Returns why it did not tell all. @param until by the clock of `performance.now`. */
  async #ask(
    port: number,
    keys: readonly Uint8Array[],
    until: number,
  ): Promise<string | undefined> {
    while (performance.now() < until) {
      const { volume, until: since = 0 } = this.#told ?? {};
      const asked = await ask({ address: this.address, port, keys, volume, since });
      const problem = this.#take(asked);
      if (problem !== undefined) return problem;
      if (this.#told?.more !== true) return undefined;
    }
    return 'it has not told all yet';
  }

  #take(asked: Asked): string | undefined {
    if ('problem' in asked) return asked.problem;
    const { told } = asked;
    if (told.since === 0) this.leave();
    this.#told = { ...told, endpoints: [] };
    const now = Date.now();
    for (const [id, seen] of told.endpoints) {
      if (seen === null) this.#seen.delete(id);
      else this.#seen.set(id, notAfter(now, seen));
      if (seen?.served !== undefined) this.#heardServed(told.replica.id, id, seen.served);
    }
    if (this.#seen.size <= MOST_ENDPOINTS) return undefined;
    this.#seen.clear();
    this.#told = undefined;
    return `it tells of more than ${MOST_ENDPOINTS} endpoints`;
  }
}
