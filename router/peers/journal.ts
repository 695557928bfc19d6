import { randomBytes } from 'node:crypto';
import type { EndpointId } from '../grammar/endpoint_id.ts';
import { MOST_TOLD, NOTHING_SEEN, seenAlike, type EndpointSeen, type Told } from './told.ts';

interface Entry {
  /** The number of the change that made it. */
  readonly change: number;
  /** Null: the endpoint is gone. */
  readonly seen: EndpointSeen | null;
}

/** How many endpoints that are gone are remembered before a new volume begins without them. */
const MOST_GONE = 5_000;

/** Of a volume of the journal, or of a process: 128 bits that nobody else has. */
export function newId(): string {
  return randomBytes(16).toString('base64url');
}

/**
 * What this replica saw, in the order in which it changed, so that whoever asks is told what changed since. It compares when somebody
 * asks: what requests do costs nothing more. Bounded by the route table, and by MOST_GONE.
 */
export class Journal {
  /** Oldest change first. */
  readonly #entries = new Map<EndpointId, Entry>();
  #volume = newId();
  #gone = 0;
  #last = 0;

  /** Compares what is seen now with what was seen before. */
  look(
    endpoints: ReadonlyMap<EndpointId, unknown>,
    seenOf: (id: EndpointId) => EndpointSeen,
  ): void {
    for (const id of endpoints.keys()) {
      const seen = seenOf(id);
      const known = this.#entries.get(id)?.seen ?? NOTHING_SEEN;
      if (!seenAlike(seen, known)) this.#enter(id, seen);
    }
    for (const [id, { seen }] of this.#entries) {
      if (seen !== null && !endpoints.has(id)) this.#enter(id, null);
    }
    if (this.#gone > MOST_GONE) this.#beginVolume();
  }

  /** What changed since a change of a volume. Whoever names another volume is told all that there is. */
  since(volume: string | undefined, asked: number): Omit<Told, 'replica' | 'open'> {
    const since = volume === this.#volume ? Math.min(asked, this.#last) : 0;
    const endpoints: Told['endpoints'] = [];
    let until = since;
    for (const [id, { change, seen }] of this.#entries) {
      if (change <= since) continue;
      if (endpoints.length === MOST_TOLD) {
        return { volume: this.#volume, since, until, more: true, endpoints };
      }
      // Whoever is told all anew has nothing to forget.
      if (since > 0 || seen !== null) endpoints.push([id, seen]);
      until = change;
    }
    return { volume: this.#volume, since, until, more: false, endpoints };
  }

  #enter(id: EndpointId, seen: EndpointSeen | null): void {
    if (this.#entries.get(id)?.seen === null) this.#gone -= 1;
    if (seen === null) this.#gone += 1;
    this.#last += 1;
    this.#entries.delete(id);
    this.#entries.set(id, { change: this.#last, seen });
  }

  #beginVolume(): void {
    for (const [id, { seen }] of this.#entries) if (seen === null) this.#entries.delete(id);
    this.#gone = 0;
    this.#volume = newId();
  }
}
