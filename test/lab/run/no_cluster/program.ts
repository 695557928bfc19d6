import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

import { LabError } from '../../errors.ts';

/** A program of a run without a cluster. */
export interface Program {
  /** Resolves with the first line that fits. @throws LabError `COMMAND_FAILED` where the program ends before. */
  line(fits: (line: string) => boolean): Promise<string>;
  stop(): Promise<void>;
}

const TOLD_LINES = 20;

/**
 * Starts a program of Node, with nothing in its environment but this.
 *
 * @param args of Node: its flags, the file, and the file's own.
 * @param log a file that takes all that it writes.
 */
export function startProgram(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  log?: string,
): Program {
  // Windows starts no program without SystemRoot.
  const { SystemRoot } = process.env;
  const child = spawn(process.execPath, args, {
    env: { ...env, ...(SystemRoot === undefined ? {} : { SystemRoot }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  if (log !== undefined) {
    const file = createWriteStream(log);
    child.stdout.pipe(file, { end: false });
    child.stderr.pipe(file, { end: false });
    void ended.then(() => file.end());
  }
  const last: string[] = [];
  const waiting = new Set<(line: string) => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      last.push(line);
      if (last.length > TOLD_LINES) last.shift();
      for (const look of waiting) look(line);
    });
  }
  return {
    line: (fits) =>
      new Promise((resolve, reject) => {
        const look = (line: string): void => {
          if (!fits(line)) return;
          waiting.delete(look);
          resolve(line);
        };
        waiting.add(look);
        const gone = (): void =>
          reject(new LabError('COMMAND_FAILED', `${name} has ended:\n${last.join('\n')}`));
        void ended.then(gone, gone);
      }),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
}
