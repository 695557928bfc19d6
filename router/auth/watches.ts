import type { RouteTable } from '../routes/table.ts';
import type { Admitted, DenialReason } from './decision.ts';

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
 * Watches over open WebSockets, tunnels and streams, and ends those whose right is withdrawn: by ClearML's word within
 * ACCESS_CACHE_SECONDS and a look, by the end of the task with the next table.
 */
export class Watches {
  readonly #still: StillAdmitted;
  readonly #watches = new Set<Watch>();
  #timer: NodeJS.Timeout | undefined;

  constructor(still: StillAdmitted) {
    this.#still = still;
  }

  /** Returns the function that ends the watch. */
  add(admitted: Admitted, end: (reason: DenialReason) => void): () => void {
    const watch = { admitted, end };
    this.#watches.add(watch);
    this.#timer ??= setInterval(() => this.look(), LOOK_EVERY_MS).unref();
    return () => {
      this.#watches.delete(watch);
      if (this.#watches.size === 0) this.close();
    };
  }

  /** Ends what a new table no longer carries. */
  routed(table: RouteTable): void {
    for (const watch of this.#watches) {
      if (!isRouted(watch.admitted, table)) this.#end(watch, 'unknown-endpoint');
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

/**
 * A static route counts by its name, for each table makes it anew. One that is open to others now than it was is asked for again:
 * who came while it was public may not be one of them.
 */
function isRouted({ endpoint, route, access }: Admitted, table: RouteTable): boolean {
  if (!table.endpoints.has(endpoint.id)) return false;
  if (route === undefined) return true;
  const routes = route.type === 'path' ? table.staticPaths : table.staticHosts;
  const now = routes.get(route.match);
  return now?.name === route.name && now.enabled && now.access === access;
}
