import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { LabError } from './errors.ts';
import { searchPath } from './search_path.ts';

export interface CommandOptions {
  readonly cwd?: string;
  /** Added to this process's environment, whose PATH has the system's own folders too. */
  readonly environment?: Readonly<Record<string, string>>;
  /** After this time the command and all that it started are killed. Milliseconds. */
  readonly timeoutMs?: number;
  /** Each line of standard error, as it comes. */
  readonly onErrorLine?: (line: string) => void;
}

const KEPT_ERROR_LINES = 12;

/**
 * Runs a command to its end, without a shell, and returns its standard output.
 *
 * @throws LabError `COMMAND_FAILED` with the last lines of its standard error.
 */
export function run(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, PATH: searchPath(), ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, so that a time-out ends the grandchildren too.
      detached: options.timeoutMs !== undefined,
    });
    let output = '';
    let timedOut = false;
    const errorLines: string[] = [];
    const fail = (what: string, cause?: unknown): void => {
      const tail = errorLines.length === 0 ? '' : `:\n  ${errorLines.join('\n  ')}`;
      reject(
        new LabError('COMMAND_FAILED', `${[file, ...args].join(' ')} ${what}${tail}`, { cause }),
      );
    };

    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    createInterface({ input: child.stderr }).on('line', (line) => {
      errorLines.push(line);
      if (errorLines.length > KEPT_ERROR_LINES) errorLines.shift();
      options.onErrorLine?.(line);
    });
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
          }, options.timeoutMs);

    child.once('error', (error) => {
      clearTimeout(timer);
      fail(`could not be run: ${error.message}`, error);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(output);
      else if (timedOut) fail(`took longer than ${Number(options.timeoutMs) / 1000} s`);
      else fail(code === null ? `was ended by ${signal}` : `ended with status ${code}`);
    });
  });
}
