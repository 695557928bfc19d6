import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** How long an app may take until it answers, milliseconds. Python apps import for a long time on a busy machine. */
const START_MS = 90_000;
/** How often it is asked. */
const ASK_MS = 200;

export interface AppOptions {
  /** An environment's Python, and what it runs. */
  readonly python: string;
  readonly args: readonly string[];
  readonly port: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** An app as its user starts it, in a folder of its own. */
export interface AppProcess {
  stop(): Promise<void>;
}

/** Starts an app and resolves once it answers HTTP, whatever the status: some answer 404 outside their base path. */
export async function startApp(options: AppOptions): Promise<AppProcess> {
  const { python, args, port, environment } = options;
  const folder = await mkdtemp(join(tmpdir(), 'router-app-'));
  const child = spawn(python, args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: JupyterLab leaves its kernels behind when it is killed.
    detached: true,
    env: { PATH: process.env['PATH'], HOME: folder, ...environment },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000);
    });
  }
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await exited;
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const deadline = performance.now() + START_MS;
  while (!(await answers(port))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await stop();
      throw new Error(`${args.join(' ')} does not answer on port ${port}:\n${said}`);
    }
    await delay(ASK_MS);
  }
  return { stop };
}

async function answers(port: number): Promise<boolean> {
  try {
    await (await fetch(`http://127.0.0.1:${port}/`, { redirect: 'manual' })).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
