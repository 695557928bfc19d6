import { readdir, readFile } from 'node:fs/promises';

import { awaitEnd, identify, signalProcess } from '../cluster/processes/process_identity.ts';
import type { WorkFolder } from './work_folder.ts';

/** Set in the environment of every program that a run starts, so that a later one can tell which are left of it. */
const MARK = 'TASK_TRAFFIC_ROUTER_RUN';

const END_MS = 5000;

/** What a program's environment must hold to be found by `endLeftProcesses`. */
export function runMark(folder: WorkFolder): Readonly<Record<string, string>> {
  return { [MARK]: folder.path };
}

async function carriesMark(pid: number, folder: WorkFolder): Promise<boolean> {
  try {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1');
    return environment.split('\0').includes(`${MARK}=${folder.path}`);
  } catch {
    // Gone meanwhile, or another user's.
    return false;
  }
}

/** Programs that run with the mark of this folder, this process aside. */
export async function markedProcesses(folder: WorkFolder): Promise<readonly number[]> {
  if (process.platform !== 'linux') return [];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const carry = await Promise.all(pids.map((pid) => carriesMark(pid, folder)));
  return pids.filter((pid, index) => carry[index] === true && pid !== process.pid);
}

/** Ends the programs that an interrupted run of this checkout has left: the Pulumi CLI, the sample tasks, and what they started. */
export async function endLeftProcesses(folder: WorkFolder): Promise<number> {
  let ended = 0;
  for (const pid of await markedProcesses(folder)) {
    const found = await identify(pid);
    if (found === undefined || !(await signalProcess(found, 'SIGTERM'))) continue;
    if (!(await awaitEnd(found, END_MS))) await signalProcess(found, 'SIGKILL');
    ended += 1;
  }
  return ended;
}

/** Processes that this one has started, and those that they have started. */
async function descendants(pid: number): Promise<readonly number[]> {
  const children: number[] = [];
  for (const thread of await readdir(`/proc/${pid}/task`).catch(() => [])) {
    const text = await readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '');
    children.push(...text.split(' ').filter(Boolean).map(Number));
  }
  return [...children, ...(await Promise.all(children.map(descendants))).flat()];
}

/** Asks every program that this process runs to end: a build that nobody waits for any more. */
export async function endDescendants(): Promise<void> {
  for (const pid of await descendants(process.pid)) {
    const found = await identify(pid);
    if (found !== undefined) await signalProcess(found, 'SIGTERM');
  }
}
