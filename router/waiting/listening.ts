import { sharerOf } from '../auth/identity/owner.ts';
import type { EndpointId } from '../grammar/endpoint_id.ts';
import { findsRoom } from '../load/fair_room.ts';
import { sameUpstream, type Endpoint, type Upstream } from '../routes/model/endpoint.ts';
import type { RouteSource, RouteTable } from '../routes/model/table.ts';
import type { CheckOutcome } from '../activity/check.ts';

/** What listening is looked at with. */
export interface ListeningParts {
  readonly routes: RouteSource;
  /** Tries its HTTP way; undefined where there is no room for that now. */
  readonly check: (endpoint: Endpoint) => Promise<CheckOutcome> | undefined;
  /** Told of each task that was found to answer. @param askedAt by the clock of `performance.now`. */
  readonly answers: (id: EndpointId, askedAt: number) => void;
}

interface Look {
  readonly sharer: string;
  readonly upstream: Upstream;
  readonly outcome: Promise<CheckOutcome>;
  settled: boolean;
}

/** Least time from the end of one look at a task to the beginning of the next. */
export const LOOK_EVERY_MS = 2_000;
/** Tasks that are looked at in that time; of more it is not known. */
const MOST_LOOKS = 256;

/**
 * Whether tasks take connections that did not: one check in two seconds for each of them, however many wait. Nothing is
 * kept longer than that, and nothing is looked at that nobody waits for.
 */
export class Listening {
  readonly #parts: ListeningParts;
  readonly #looks = new Map<EndpointId, Look>();
  readonly #waiting = new Map<EndpointId, Set<() => void>>();
  readonly #unsubscribe: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: ListeningParts) {
    this.#parts = parts;
    this.#unsubscribe = parts.routes.subscribe((table, previous) => this.#routed(table, previous));
  }

  /** What a check of its HTTP way comes to now, or came to in the last seconds. `refused`, too, where it has no open way in, and where there is no room to look. */
  look(endpoint: Endpoint): Promise<CheckOutcome> {
    const { id, http } = endpoint;
    if (http?.state !== 'open') return Promise.resolve('refused');
    const { upstream } = http;
    const known = this.#looks.get(id);
    if (known !== undefined && sameUpstream(known.upstream, upstream)) return known.outcome;
    if (known === undefined && !this.#hasRoom(endpoint)) return Promise.resolve('refused');
    return this.#look(endpoint, upstream);
  }

  /**
   * Calls `wake` when one of them takes connections or fails in another way than before, or is routed otherwise; as often as that
   * happens, until the function is called that it returns.
   */
  wait(ids: readonly EndpointId[], wake: () => void): () => void {
    for (const id of ids) {
      const others = this.#waiting.get(id);
      if (others === undefined) this.#waiting.set(id, new Set([wake]));
      else others.add(wake);
    }
    this.#timer ??= setInterval(() => this.#lookAll(), LOOK_EVERY_MS).unref();
    return () => {
      for (const id of ids) {
        const left = this.#waiting.get(id);
        left?.delete(wake);
        if (left?.size === 0) this.#waiting.delete(id);
      }
      if (this.#waiting.size === 0) this.#stop();
    };
  }

  close(): void {
    this.#unsubscribe();
    this.#stop();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #hasRoom({ task }: Endpoint): boolean {
    const sharer = sharerOf(task);
    return findsRoom(MOST_LOOKS, this.#looks.size, () => {
      let own = 0;
      for (const look of this.#looks.values()) if (look.sharer === sharer) own += 1;
      return own;
    });
  }

  #look(endpoint: Endpoint, upstream: Upstream): Promise<CheckOutcome> {
    const { id, task } = endpoint;
    const askedAt = performance.now();
    const check = this.#parts.check(endpoint);
    if (check === undefined) return Promise.resolve('refused');
    const look: Look = {
      sharer: sharerOf(task),
      upstream,
      settled: false,
      outcome: check.then((outcome) => {
        look.settled = true;
        setTimeout(() => {
          if (this.#looks.get(id) === look) this.#looks.delete(id);
        }, LOOK_EVERY_MS).unref();
        if (outcome === 'answers') this.#parts.answers(id, askedAt);
        return outcome;
      }),
    };
    this.#looks.set(id, look);
    return look.outcome;
  }

  /** The looks of requests that wait keep time for the pages, too. */
  #lookAll(): void {
    const { endpoints } = this.#parts.routes.current();
    for (const id of this.#waiting.keys()) {
      const endpoint = endpoints.get(id);
      if (endpoint === undefined) continue;
      if (this.#looks.get(id)?.settled === true) this.#looks.delete(id);
      void this.look(endpoint).then((outcome) => {
        if (outcome !== 'refused') this.#wake(id);
        return outcome;
      });
    }
  }

  #routed({ endpoints }: RouteTable, previous: RouteTable): void {
    for (const id of Array.from(this.#waiting.keys())) {
      if (endpoints.get(id) !== previous.endpoints.get(id)) this.#wake(id);
    }
  }

  #wake(id: EndpointId): void {
    // Who is woken may go on waiting at once.
    for (const wake of Array.from(this.#waiting.get(id) ?? [])) wake();
  }
}
