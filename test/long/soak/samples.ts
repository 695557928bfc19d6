import { setTimeout as sleep } from 'node:timers/promises';

/** What a router process holds at one moment. Bytes, or a number. */
export interface Sample {
  readonly resident: number;
  readonly heap: number;
  /** What V8 has taken from the kernel for its heap, whether it is in use or not. */
  readonly committed: number;
  /** Memory of buffers, beside the heap. */
  readonly external: number;
  readonly descriptors: number;
  /** Open client connections of users, of all kinds. */
  readonly sockets: number;
  readonly cpuSeconds: number;
}

/** Sum over all labels; 0 where none has been seen. */
function valueOf(metrics: string, name: string): number {
  if (!metrics.includes(`# TYPE ${name} `)) throw new Error(`/metrics has no ${name}`);
  const values = metrics
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
  return values.reduce((sum, value) => sum + value, 0);
}

export async function takeSample(adminUrl: string): Promise<Sample> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  return {
    resident: valueOf(text, 'process_resident_memory_bytes'),
    heap: valueOf(text, 'nodejs_heap_size_used_bytes'),
    committed: valueOf(text, 'nodejs_heap_size_total_bytes'),
    external: valueOf(text, 'nodejs_external_memory_bytes'),
    descriptors: valueOf(text, 'process_open_fds'),
    sockets: valueOf(text, 'task_router_open_sockets'),
    cpuSeconds: valueOf(text, 'process_cpu_seconds_total'),
  };
}

/** Samples taken while the load runs. */
export interface Sampling {
  readonly samples: readonly Sample[];
  readonly stop: () => Promise<void>;
}

export function startSampling(adminUrl: string, interval: number): Sampling {
  const samples: Sample[] = [];
  const ended = new AbortController();
  const run = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      samples.push(await takeSample(adminUrl));
      await sleep(interval, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    samples,
    stop: async () => {
      ended.abort();
      await running;
    },
  };
}

/**
 * How much higher the floor of a value is in the last third than in the first. The floor, which a tenth of the values lie below,
 * is what a collection leaves behind: the garbage on top of it says nothing.
 */
export function growth(values: readonly number[]): number {
  const third = Math.floor(values.length / 3);
  return floor(values.slice(-third)) - floor(values.slice(0, third));
}

function floor(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 10)] ?? 0;
}
