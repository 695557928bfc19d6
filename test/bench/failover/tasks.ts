import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../lab/free_port.ts';
import { LOAD, pinned } from '../machine.ts';

/** Where each task says that it is well. */
export const HEALTH_PATH = '/health';

const APP = fileURLToPath(new URL('app.ts', import.meta.url));

/** How a task is lost. `silent`: it stands still, but its kernel takes connections for it. */
export type Loss = 'killed' | 'silent' | 'closed';

/** A task in a process of its own, which is lost and comes back at the same port. */
export class Task {
  readonly name: string;
  readonly port: number;
  #child: ChildProcess;

  private constructor(name: string, port: number) {
    this.name = name;
    this.port = port;
    this.#child = this.#spawn();
  }

  static async start(name: string): Promise<Task> {
    const task = new Task(name, await freePort());
    await task.#says('listening');
    return task;
  }

  /** Gives when it was lost, by the clock of `performance.now`: a process that is killed has let go of its connections by then. */
  async lose(loss: Loss): Promise<number> {
    const child = this.#child;
    if (loss === 'silent') {
      child.kill('SIGSTOP');
      return performance.now();
    }
    const gone = loss === 'killed' ? once(child, 'exit') : this.#says('closed');
    if (loss === 'killed') child.kill('SIGKILL');
    else child.send('close');
    await gone;
    return performance.now();
  }

  /** It is there again. Gives when, by the same clock. */
  async comeBack(loss: Loss): Promise<number> {
    if (loss === 'silent') {
      this.#child.kill('SIGCONT');
      return performance.now();
    }
    if (loss === 'closed') this.#child.send('listen');
    else this.#child = this.#spawn();
    await this.#says('listening');
    return performance.now();
  }

  /** Resolves with its next health check. */
  nextCheck(): Promise<void> {
    return this.#says('checked');
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }

  #spawn(): ChildProcess {
    return pinned(LOAD, process.execPath, [APP, String(this.port), this.name], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  }

  async #says(word: string): Promise<void> {
    for (;;) {
      const [said] = (await once(this.#child, 'message')) as [unknown];
      if (said === word) return;
    }
  }
}
