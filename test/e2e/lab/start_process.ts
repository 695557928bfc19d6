import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

export const REPOSITORY = resolve(import.meta.dirname, '../../..');

/** How a program has ended. */
export interface Ended {
  readonly status: number | null;
  /** Standard output and standard error, as they came. */
  readonly output: string;
}

/** A program of the lab in a process group of its own, so that a signal can be sent as a terminal sends it. */
export interface LabProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves at the first line that holds `text`; rejects where the program ends before. */
  until(text: string): Promise<void>;
  /** Sends a signal to the whole process group, as Ctrl-C does. */
  signalGroup(signal: NodeJS.Signals): void;
}

/** Starts `npm start` or `npm stop`, without npm in between, which would hide the process. */
export function startLab(
  script: 'start' | 'stop',
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
  prefix: readonly string[] = [],
): LabProcess {
  const [file, ...before] = [...prefix, process.execPath];
  const program = join(REPOSITORY, 'test/lab', `${script}.ts`);
  const child = spawn(file, [...before, program, ...args], {
    cwd: REPOSITORY,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  const lines: string[] = [];
  let onLine: ((line: string) => void) | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      onLine?.(line);
    });
  }
  const ended = once(child, 'close').then(([status]) => ({
    status: status as number | null,
    output: lines.join('\n'),
  }));
  return {
    child,
    ended,
    until(text) {
      return new Promise((resolve, reject) => {
        onLine = (line) => {
          if (line.includes(text)) resolve();
        };
        void ended.then(({ status, output }) =>
          reject(new Error(`ended with status ${status} before "${text}":\n${output}`)),
        );
      });
    },
    signalGroup(signal) {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    },
  };
}
