import { spawn, spawnSync, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';

/** The core of the process under test, and the one of load and backend together. */
export const UNDER_TEST = '0';
export const LOAD = '1';

/** Kernel ticks a second, as /proc/<pid>/stat counts them; 100 on every Linux that Node runs on. */
const TICKS = 100;

export function has(command: string): boolean {
  return spawnSync('which', [command]).status === 0;
}

/** What is still running when the bench ends, however it ends. */
const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/** Starts a process on one core. Its standard output goes nowhere unless `stdio` says otherwise. */
export function pinned(
  core: string,
  command: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly stdio?: StdioOptions } = {},
): ChildProcess {
  const child = spawn('taskset', ['-c', core, command, ...args], {
    env: options.env ?? process.env,
    stdio: options.stdio ?? ['ignore', 'ignore', 'inherit'],
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/** Ends a process that `pinned` started, and waits for its end. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const hard = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await exited;
  clearTimeout(hard);
}

/** Runs a command on the core of the load and gives its standard output. */
export async function output(command: string, args: readonly string[]): Promise<string> {
  const child = pinned(LOAD, command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout?.on('data', (chunk) => (text += String(chunk)));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${text}`);
  return text;
}

interface ProcessStat {
  readonly parent: number;
  /** Seconds of CPU, user and system. */
  readonly cpu: number;
}

function statOf(pid: number): ProcessStat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may hold anything.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    return { parent: fields[1] ?? 0, cpu: ((fields[11] ?? 0) + (fields[12] ?? 0)) / TICKS };
  } catch {
    return undefined;
  }
}

function family(roots: readonly number[]): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const stat = Number.isInteger(pid) ? statOf(pid) : undefined;
    if (stat !== undefined) parents.set(pid, stat.parent);
  }
  const found = [...roots];
  for (const pid of found) {
    for (const [child, parent] of parents) if (parent === pid) found.push(child);
  }
  return found;
}

/** Seconds of CPU that processes and their children have used. */
export function cpuOf(pids: readonly number[]): number {
  return family(pids).reduce((sum, each) => sum + (statOf(each)?.cpu ?? 0), 0);
}

/** Bytes of memory that processes and their children hold. */
export function memoryOf(pids: readonly number[]): number {
  return family(pids).reduce((sum, each) => {
    const text = readFileSync(`/proc/${each}/smaps_rollup`, 'utf8');
    return sum + Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
  }, 0);
}

/** Resolves once something listens on the port of one of this machine's own addresses. */
export async function listening(port: number, address = '127.0.0.1'): Promise<void> {
  const deadline = performance.now() + 15_000;
  for (;;) {
    const socket = connect(port, address);
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    if (performance.now() > deadline) throw new Error(`nothing listens on ${address}:${port}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
