import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { clientWheel } from '../../../router/web/client/client_wheel.ts';
import { VERSION } from '../../../router/version.ts';

const run = promisify(execFile);

/** What a command said, and how it ended. */
export interface Ended {
  readonly status: number;
  readonly out: string;
  readonly error: string;
}

/** The command `task-router` as a user has it: installed by pip from the router, with a home of its own. */
export interface Command {
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Runs any program with that home. */
  readonly program: (file: string, args: readonly string[]) => Promise<Ended>;
  /** Runs the command itself. */
  readonly run: (...args: readonly string[]) => Promise<Ended>;
  /** Starts the command itself and waits until it has written what fits. */
  readonly start: (fits: RegExp, ...args: readonly string[]) => Promise<RunningCommand>;
}

/** A command that goes on. */
export interface RunningCommand {
  readonly child: ChildProcess;
  /** All that it wrote so far. */
  readonly said: () => string;
  /** Resolves once it has written what fits. */
  readonly until: (fits: RegExp) => Promise<void>;
  /** As Ctrl-C does; gives the exit status. */
  readonly interrupt: () => Promise<number | null>;
}

/**
 * @param python with the packages that the wheel asks for.
 * @param folder that is removed by the caller.
 */
export async function installCommand(
  python: string,
  routerUrl: string,
  folder: string,
): Promise<Command> {
  const installed = join(folder, 'installed');
  const wheel = `${routerUrl}/client/${clientWheel(VERSION).file}`;
  const target = ['--quiet', '--no-deps', '--disable-pip-version-check', '--target', installed];
  await run(python, ['-m', 'pip', 'install', ...target, wheel]);
  const command = join(installed, 'bin', 'task-router');
  const environment = {
    PATH: process.env['PATH'],
    HOME: folder,
    PYTHONPATH: installed,
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const program: Command['program'] = (file, args) =>
    new Promise((resolve) => {
      const options = { env: environment, timeout: 120_000, maxBuffer: 64 << 20 };
      const child = execFile(file, args, options, (error, out, said) => {
        resolve({ status: error === null ? 0 : (child.exitCode ?? -1), out, error: said });
      });
      child.stdin?.end();
    });
  return {
    home: folder,
    environment,
    program,
    run: (...args) => program(command, args),
    start: async (fits, ...args) => {
      const child = spawn(command, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
      const ended = once(child, 'exit') as Promise<[number | null]>;
      let said = '';
      const looks = new Set<() => void>();
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          said += text;
          for (const look of looks) look();
        });
      }
      const until = (wanted: RegExp): Promise<void> =>
        new Promise((resolve, reject) => {
          const look = (): void => {
            if (!wanted.test(said)) return;
            looks.delete(look);
            resolve();
          };
          looks.add(look);
          void ended.then(() => reject(new Error(`${args.join(' ')} ended: ${said}`)));
          look();
        });
      await until(fits);
      return {
        child,
        said: () => said,
        until,
        interrupt: async () => {
          child.kill('SIGINT');
          const [status] = await ended;
          return status;
        },
      };
    },
  };
}
