import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../errors.ts';
import { insideNamespaces } from './namespaces.ts';

/** Starts the programs of a cluster inside its namespaces, and notices when one of them ends. */
export class Daemons {
  readonly #logs: string;
  readonly #initPid: number;
  readonly #ended = Promise.withResolvers<never>();

  /** @param logs folder of the log files, one for each program */
  constructor(logs: string, initPid: number) {
    this.#logs = logs;
    this.#initPid = initPid;
    this.#ended.promise.catch(() => undefined);
  }

  /** Starts a program that goes on running when this process ends; `down` ends it with its namespace. */
  async start(
    name: string,
    command: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    await mkdir(this.#logs, { recursive: true });
    const log = join(this.#logs, `${name}.log`);
    const output = openSync(log, 'a');
    const [file, ...args] = insideNamespaces(this.#initPid, command);
    const child = spawn(file, args, {
      cwd: '/',
      detached: true,
      env: { ...process.env, ...environment },
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    child.once('error', (error) => this.#ended.reject(error));
    child.once('exit', (code, signal) => {
      void this.#fail(name, log, signal ?? `status ${code}`);
    });
    child.unref();
  }

  async #fail(name: string, log: string, how: string): Promise<void> {
    const lines = (await readFile(log, 'utf8')).trimEnd().split('\n').slice(-8);
    this.#ended.reject(
      new LabError(
        'CLUSTER_FAILED',
        `${name} ended with ${how}. The end of ${log}:\n  ${lines.join('\n  ')}`,
      ),
    );
  }

  /**
   * Waits until `isReady` says so; an error of it means "not yet".
   *
   * @throws LabError `CLUSTER_FAILED` when a program ended meanwhile, or the time is up
   */
  async until(what: string, timeoutMs: number, isReady: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      if (await Promise.race([isReady().catch(() => false), this.#ended.promise])) return;
      if (Date.now() > deadline) {
        throw new LabError(
          'CLUSTER_FAILED',
          `${what} took longer than ${timeoutMs / 1000} s. The logs are in ${this.#logs}.`,
        );
      }
      await Promise.race([delay(POLL_MS), this.#ended.promise]);
    }
  }
}

const POLL_MS = 100;
