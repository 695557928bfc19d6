import { totalmem } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** How hard the process works. */
export interface Strain {
  /** Mean delay of the event loop over the last half second. Milliseconds. */
  readonly delay: number;
  /** Of the heap that V8 may use, or of the memory that the container may use, whichever is used up further; 0 to 1. */
  readonly memory: number;
}

/** Where overload begins; it ends well below. */
export interface OverloadBounds {
  /** Milliseconds; 0 does not look at it. */
  readonly delay: number;
  /** 0 to 1; 0 does not look at it. */
  readonly memory: number;
}

/** A heap may fill within a second. */
const LOOK_EVERY_MS = 100;
/**
 * The container's memory is read from several files of the kernel, for which requests wait: seldom, unless this process has
 * grown since by this share of it.
 */
const CONTAINER_LOOK_EVERY_MS = 1_000;
const GROWTH = 0.02;
/** The mean of fewer samples says little: one long pause of the garbage collector is no overload. */
const DELAY_OVER_MS = 500;
const RESOLUTION_MS = 10;
/** Overload ends when both are below this share of their bounds: else it would end with the first request that was shed. */
const DELAY_ENDS_AT = 0.5;
/** V8 lets garbage lie until its heap is half way between what lives and its limit, so a heap that is well is not an empty one. */
const MEMORY_ENDS_AT = 0.9;

/**
 * Memory by the container's own limit where it has one, 0 to 1: sockets lie outside of V8's heap.
 *
 * @param held bytes that this process holds by V8's own count, which costs nothing.
 */
function watchContainer(): (now: number, held: number) => number {
  let limit = 0;
  let share = 0;
  let before = 0;
  let since = -Infinity;
  return (now, held) => {
    if (now - since < CONTAINER_LOOK_EVERY_MS && held - before < limit * GROWTH) return share;
    since = now;
    before = held;
    const container = process.constrainedMemory();
    limit = container > 0 && container < totalmem() ? container : Infinity;
    share = limit === Infinity ? 0 : 1 - process.availableMemory() / limit;
    return share;
  };
}

/** Measures this process, from one call to the next. */
function measureStrain(): { readonly read: () => Strain; readonly close: () => void } {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  let delay = 0;
  let since = performance.now();
  const containerShare = watchContainer();
  return {
    read: () => {
      const now = performance.now();
      const over = now - since;
      if (over >= DELAY_OVER_MS) {
        // It measures its own timer, whose period is no delay. Without a sample the loop stood still for the whole time.
        delay = delays.count === 0 ? over : Math.max(0, delays.mean / 1e6 - RESOLUTION_MS);
        delays.reset();
        since = now;
      }
      const { used_heap_size: used, heap_size_limit: limit, external_memory } = getHeapStatistics();
      return { delay, memory: Math.max(used / limit, containerShare(now, used + external_memory)) };
    },
    close: () => void delays.disable(),
  };
}

/** Whether this process has more work than it can do. What runs goes on; new work is turned away while it lasts. */
export interface Overload {
  /** Read with each request, which is why it is a plain value. */
  readonly active: boolean;
  /** Looks at once: a burst may fill the heap before a timer is due. Cheap, but not free. */
  readonly look: () => void;
  readonly close: () => void;
}

/** Looks at the process ten times a second. @param source replaced by tests. */
export function watchOverload(
  bounds: OverloadBounds,
  { log, metrics }: { readonly log: Log; readonly metrics: Pick<Metrics, 'overloaded'> },
  source = measureStrain(),
): Overload {
  const overload = {
    active: false,
    look: (): void => {
      const { delay, memory } = source.read();
      const factor = overload.active ? DELAY_ENDS_AT : 1;
      const late = bounds.delay > 0 && delay > bounds.delay * factor;
      const full =
        bounds.memory > 0 && memory > bounds.memory * (overload.active ? MEMORY_ENDS_AT : 1);
      const now = late || full;
      if (now === overload.active) return;
      overload.active = now;
      metrics.overloaded.set(now ? 1 : 0);
      const fields = {
        event: now ? 'overload' : 'overload_ended',
        delayMs: Math.round(delay),
        memoryPercent: Math.round(memory * 100),
      };
      if (now) log.warn(fields, 'more work than this process can do: new requests get 503');
      else log.warn(fields, 'new requests are served again');
    },
    close: (): void => {
      clearInterval(timer);
      source.close();
    },
  };
  const timer = setInterval(overload.look, LOOK_EVERY_MS).unref();
  return overload;
}
