import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A cgroup with a limit of memory, as a container has one. */
export interface MemoryCgroup {
  /** A process that writes its id here belongs to it. */
  readonly procs: string;
  /** The most that it has used. Bytes. */
  readonly peak: () => number;
  /** How many of its processes the kernel ended for want of memory. */
  readonly killed: () => number;
  /** Its processes have ended. */
  readonly remove: () => Promise<void>;
}

const V1 = '/sys/fs/cgroup/memory';
const V2 = '/sys/fs/cgroup';

/** Undefined where none can be made: that takes root, and a hierarchy that hands memory down. */
export function memoryCgroup(bytes: number): MemoryCgroup | undefined {
  const name = `task-router-test-${process.pid}`;
  for (const { root, limit, peak, events } of [
    {
      root: V1,
      limit: 'memory.limit_in_bytes',
      peak: 'memory.max_usage_in_bytes',
      events: 'memory.oom_control',
    },
    { root: V2, limit: 'memory.max', peak: 'memory.peak', events: 'memory.events' },
  ]) {
    const folder = `${root}/${name}`;
    try {
      mkdirSync(folder);
      writeFileSync(`${folder}/${limit}`, String(bytes));
    } catch {
      try {
        rmdirSync(folder);
      } catch {
        // It was not made.
      }
      continue;
    }
    const read = (file: string): string => readFileSync(`${folder}/${file}`, 'utf8');
    return {
      procs: `${folder}/cgroup.procs`,
      peak: () => Number(read(peak)),
      killed: () => Number(/^oom_kill (\d+)$/m.exec(read(events))?.[1]),
      remove: async () => {
        for (let attempt = 0; ; attempt++) {
          try {
            rmdirSync(folder);
            return;
          } catch (error) {
            if (attempt === 50) throw error;
            await sleep(100);
          }
        }
      },
    };
  }
  return undefined;
}
