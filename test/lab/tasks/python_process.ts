import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../errors.ts';

/** What a task's process is told of ClearML, as its agent would tell it. */
export interface ClearMlAccess {
  readonly apiHost: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** A Python program that answers lines with lines. */
export interface PythonProcess {
  /** Sends a line, where one is given, and resolves with the next line of the answer. */
  exchange(line?: string): Promise<string>;
  /** Ends the input and waits until the process is gone; kills what is left after ten seconds. */
  stop(): Promise<void>;
}

/** How long a process may take to end by itself, milliseconds. */
const STOP_MS = 10_000;

const KEPT_ERROR_LINES = 20;

/** Starts one of `python/` with the real SDK, in a folder of its own and without this user's ClearML settings. */
export async function startPython(
  python: string,
  script: string,
  access: ClearMlAccess,
  environment: Readonly<Record<string, string>>,
): Promise<PythonProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'clearml-task-'));
  // From here it is part of no repository, which the SDK would look for and describe in the task.
  await copyFile(join(import.meta.dirname, 'python', script), join(folder, script));
  const child = spawn(python, [script], {
    cwd: folder,
    stdio: 'pipe',
    // A group of its own: the SDK leaves a reporting process behind, which would notice only half a minute later.
    detached: true,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      CLEARML_CONFIG_FILE: join(folder, 'clearml.conf'),
      CLEARML_CACHE_DIR: join(folder, 'cache'),
      CLEARML_API_HOST: access.apiHost,
      CLEARML_WEB_HOST: access.apiHost,
      CLEARML_FILES_HOST: access.apiHost,
      CLEARML_API_ACCESS_KEY: access.accessKey,
      CLEARML_API_SECRET_KEY: access.secretKey,
      CLEARML_SUPPRESS_UPDATE_MESSAGE: '1',
      ...environment,
    },
  });
  const errorLines: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    errorLines.push(line);
    if (errorLines.length > KEPT_ERROR_LINES) errorLines.shift();
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exited = once(child, 'exit');
  return {
    async exchange(line) {
      if (line !== undefined) child.stdin.write(`${line}\n`);
      const { value, done } = await answers.next();
      if (done !== true) return value;
      throw new LabError('COMMAND_FAILED', `${script} ended:\n  ${errorLines.join('\n  ')}`);
    },
    async stop() {
      child.stdin.end();
      await Promise.race([exited, delay(STOP_MS, undefined, { ref: false })]);
      killGroup(child.pid);
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
