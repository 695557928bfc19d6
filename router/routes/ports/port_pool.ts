import type { EndpointId } from '../../grammar/endpoint_id.ts';
import type { PortBinder } from './port_binder.ts';

export interface PortPoolOptions {
  readonly start: number;
  readonly end: number;
  readonly binder: PortBinder;
  /** Milliseconds that a freed port rests, so that a stale `ssh -p` meets nobody. */
  readonly rest: number;
  /** Monotonic milliseconds; tests replace it. */
  readonly now?: () => number;
}

/** The external ports of the range and who holds them. A held port is never taken over. */
export interface PortPool {
  readonly start: number;
  readonly end: number;
  readonly held: (id: EndpointId) => number | undefined;
  readonly inRange: (port: number) => boolean;
  /** Gives back the very port that the endpoint says it had before. False where it is not to be had. */
  readonly restore: (id: EndpointId, port: number) => Promise<boolean>;
  /**
   * Takes over what another process, the leader or the one before a restart, handed out. False where the port cannot be had here,
   * or not yet.
   *
   * @param issued time of issue of the stamp that says so; undefined for the word of the runtime alone.
   */
  readonly follow: (id: EndpointId, port: number, issued?: number) => Promise<boolean>;
  /** The port that the endpoint held last, else the one that has been free longest. Undefined when the range is exhausted. */
  readonly allocate: (id: EndpointId) => Promise<number | undefined>;
  /** Frees the ports of all other endpoints. */
  readonly retain: (ids: ReadonlySet<EndpointId>) => void;
  /** Unbinds what was freed. Called once no table leads to those ports any more. */
  readonly releaseFreed: () => void;
  /** Ports that nobody holds, resting ones included. */
  readonly left: () => number;
  /** Ports that could not be bound at the last try. */
  readonly unusable: () => readonly number[];
}

/** A port that could not be bound is tried again after this time. */
const RETRY_MS = 30_000;

interface FreePort {
  readonly lastHolder: EndpointId | undefined;
  /** Not handed out to anybody else before this moment. */
  readonly from: number;
  readonly unusable: boolean;
}

export function createPortPool(options: PortPoolOptions): PortPool {
  const { binder, now = () => performance.now() } = options;
  const holders = new Map<EndpointId, number>();
  /** In the order in which they became free: the first has been free longest. */
  const free = new Map<number, FreePort>();
  const lastPorts = new Map<EndpointId, number>();
  const freed = new Set<number>();
  /** The newest stamp that was followed for each port: an older one is a task's memory of what was so once. */
  const followed = new Map<number, number>();
  for (let port = options.start; port <= options.end; port += 1) {
    free.set(port, { lastHolder: undefined, from: 0, unusable: false });
  }

  /** Highest port given back so far; undefined once new ports are handed out. */
  let highestRestored: number | undefined = 0;

  /**
   * What was freed before a restart is not known, but ports are handed out upwards: those below the highest one in use were likely
   * used before, so those above it go first.
   */
  const rotate = (): void => {
    for (const [port, entry] of Array.from(free)) {
      if (highestRestored === undefined || port > highestRestored) break;
      free.delete(port);
      free.set(port, entry);
    }
    highestRestored = undefined;
  };

  const take = async (id: EndpointId, port: number, entry: FreePort): Promise<boolean> => {
    free.delete(port);
    if (await binder.claim(port)) {
      if (entry.lastHolder !== undefined) lastPorts.delete(entry.lastHolder);
      giveUp(id);
      holders.set(id, port);
      freed.delete(port);
      return true;
    }
    free.set(port, { ...entry, from: now() + RETRY_MS, unusable: true });
    return false;
  };

  const giveUp = (id: EndpointId): void => {
    const port = holders.get(id);
    if (port === undefined) return;
    holders.delete(id);
    free.set(port, { lastHolder: id, from: now() + options.rest, unusable: false });
    lastPorts.set(id, port);
    freed.add(port);
  };

  const isUsable = (entry: FreePort | undefined): entry is FreePort =>
    entry !== undefined && !(entry.unusable && entry.from > now());

  const restore = async (id: EndpointId, port: number): Promise<boolean> => {
    const entry = free.get(port);
    if (!isUsable(entry)) return holders.get(id) === port;
    // Whoever held it last may have users who still connect to it: a runtime that names it is no proof of having been that one.
    if (entry.lastHolder !== undefined && entry.lastHolder !== id) return false;
    if (highestRestored !== undefined) highestRestored = Math.max(highestRestored, port);
    return take(id, port, entry);
  };

  const follow = async (id: EndpointId, port: number, issued?: number): Promise<boolean> => {
    if (issued !== undefined) {
      if (issued < (followed.get(port) ?? 0)) return holders.get(id) === port;
      followed.set(port, issued);
    }
    const entry = free.get(port);
    if (!isUsable(entry)) return holders.get(id) === port;
    // The leader lets a port rest, too, so one that is claimed sooner without a stamp is a task's invention.
    const rests = entry.lastHolder !== undefined && entry.from > now();
    if (issued === undefined && rests && entry.lastHolder !== id) return false;
    if (highestRestored !== undefined) highestRestored = Math.max(highestRestored, port);
    return take(id, port, entry);
  };

  return {
    start: options.start,
    end: options.end,
    held: (id) => holders.get(id),
    inRange: (port) => port >= options.start && port <= options.end,
    restore,
    follow,
    allocate: async (id) => {
      rotate();
      const last = lastPorts.get(id);
      if (last !== undefined && (await restore(id, last))) return last;
      for (const [port, entry] of free) {
        if (entry.from <= now() && (await take(id, port, entry))) return port;
      }
      return undefined;
    },
    retain: (ids) => {
      for (const id of holders.keys()) if (!ids.has(id)) giveUp(id);
    },
    releaseFreed: () => {
      for (const port of freed) binder.release(port);
      freed.clear();
    },
    left: () => options.end - options.start + 1 - holders.size,
    unusable: () => [...free].filter(([, entry]) => entry.unusable).map(([port]) => port),
  };
}
