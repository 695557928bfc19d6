import { access, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../../errors.ts';
import { runInside } from './namespaces.ts';

interface Daemon {
  readonly name: string;
  /** As the host sees the process: the /proc of the cluster's own PID namespace. */
  readonly proc: string;
  readonly log: string;
}

const POLL_MS = 100;
const SHOWN_LOG_LINES = 8;

/** Puts a program in the background, apart from the session of the starter, and prints its number. */
const BACKGROUND = 'log=$1; shift; setsid "$@" >>"$log" 2>&1 </dev/null & echo $!';

/**
 * Starts the programs of a cluster inside its namespaces and notices when one of them ends. They belong to the first process
 * there: they go on when this process ends, and end with the namespaces.
 */
export class Daemons {
  readonly #logs: string;
  readonly #initPid: number;
  readonly #started: Daemon[] = [];

  /** @param logs folder of the log files, one for each program */
  constructor(logs: string, initPid: number) {
    this.#logs = logs;
    this.#initPid = initPid;
  }

  /** Starts a program; its environment is this process's and `environment`. */
  async start(
    name: string,
    command: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    await mkdir(this.#logs, { recursive: true });
    const log = join(this.#logs, `${name}.log`);
    const settings = Object.entries(environment).map(([key, value]) => `${key}=${value}`);
    const background = ['sh', '-c', BACKGROUND, 'sh', log, ...command];
    const pid = await runInside(this.#initPid, 'env', ...settings, ...background);
    this.#started.push({ name, proc: `/proc/${this.#initPid}/root/proc/${pid.trim()}`, log });
  }

  /**
   * Waits until `isReady` says so; an error of it means "not yet".
   *
   * @throws LabError `CLUSTER_FAILED` when a program ended meanwhile, or the time is up
   */
  async until(what: string, timeoutMs: number, isReady: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!(await isReady().catch(() => false))) {
      await this.#allRun();
      if (Date.now() > deadline) {
        throw new LabError(
          'CLUSTER_FAILED',
          `${what} took longer than ${timeoutMs / 1000} s. The logs are in ${this.#logs}.`,
        );
      }
      await delay(POLL_MS);
    }
  }

  async #allRun(): Promise<void> {
    for (const { name, proc, log } of this.#started) {
      try {
        await access(proc);
      } catch {
        const lines = (await readFile(log, 'utf8')).trimEnd().split('\n').slice(-SHOWN_LOG_LINES);
        throw new LabError(
          'CLUSTER_FAILED',
          `${name} ended. The end of ${log}:\n  ${lines.join('\n  ')}`,
        );
      }
    }
  }
}
