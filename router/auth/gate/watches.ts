import type { RouteSource, RouteTable } from '../../routes/model/table.ts';
import type { Admitted, DenialReason } from './decision.ts';
import { stillRouted } from './still_routed.ts';

/** One long-lived session whose right is asked again and again. */
interface Watch {
  readonly admitted: Admitted;
  readonly end: (reason: DenialReason) => void;
}

/** Undefined while the right stands. */
export type StillAdmitted = (admitted: Admitted) => Promise<DenialReason | undefined>;

/** How often rights are looked at. Most looks are answered from the cache of access decisions, which asks ClearML when it is due. */
const LOOK_EVERY_MS = 1_000;

/**
 * Watches over whatever is open longer than a look, and ends it when its right is withdrawn: by ClearML's word within
 * ACCESS_CACHE_SECONDS and a look, by the end of the task with the next table.
 */
export class Watches {
  readonly #still: StillAdmitted;
  readonly #routes: RouteSource;
  readonly #watches = new Set<Watch>();
  #timer: NodeJS.Timeout | undefined;

  constructor(still: StillAdmitted, routes: RouteSource) {
    this.#still = still;
    this.#routes = routes;
    routes.subscribe((next) => this.#routed(next));
  }

  /** Returns the function that ends the watch. */
  add(admitted: Admitted, end: (reason: DenialReason) => void): () => void {
    const watch = { admitted, end };
    this.#watches.add(watch);
    this.#timer ??= setInterval(() => this.look(), LOOK_EVERY_MS).unref();
    // Between the decision and now there may have been a table without it.
    if (stillRouted(admitted, this.#routes.current()) === undefined) {
      queueMicrotask(() => this.#end(watch, 'unknown-endpoint'));
    }
    return () => {
      this.#watches.delete(watch);
      if (this.#watches.size === 0) this.close();
    };
  }

  /** Ends what a new table no longer carries. */
  #routed(table: RouteTable): void {
    for (const watch of this.#watches) {
      if (stillRouted(watch.admitted, table) === undefined) this.#end(watch, 'unknown-endpoint');
    }
  }

  /** Asks for the right of every session that is watched. */
  look(): void {
    for (const watch of this.#watches) {
      void this.#still(watch.admitted).then((reason) => {
        if (reason !== undefined) this.#end(watch, reason);
        return reason;
      });
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #end(watch: Watch, reason: DenialReason): void {
    if (this.#watches.delete(watch)) watch.end(reason);
  }
}
