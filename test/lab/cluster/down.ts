import { readdir, readlink, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { LabError } from '../errors.ts';
import { lock } from '../lock.ts';
import { removeCgroups } from './processes/cgroups.ts';
import { clusterName } from './cluster_name.ts';
import { removeLink } from './network/network_link.ts';
import { awaitEnd, isRunning, signalProcess } from './processes/process_identity.ts';
import type { ProcessIdentity } from './processes/process_identity.ts';
import { readState } from './state.ts';

/** What `clusterDown` found and removed; empty where there was nothing. */
export interface Removed {
  readonly processes: number;
  readonly networkDevices: readonly string[];
  readonly cgroups: number;
}

const NOTHING: Removed = { processes: 0, networkDevices: [], cgroups: 0 };
const END_TIMEOUT_MS = 30_000;
const LOGS = 'log';

/**
 * Removes the cluster of a state directory and the directory itself: whole, broken or half started. The second time it finds
 * nothing.
 *
 * @throws LabError `STATE_INVALID`, `CLEANUP_FAILED`
 */
export async function clusterDown(directory: string): Promise<Removed> {
  const path = resolve(directory);
  if (!(await isDirectory(path))) return NOTHING;
  // A run that is being started must not lose its ground half way: it is waited for.
  const held = await lock(`cluster/${await clusterName(path)}`, () => undefined);
  try {
    return await removeCluster(path, { keepLogs: false });
  } finally {
    held.release();
  }
}

/** As `clusterDown`, for a caller that holds the cluster's lock. */
export async function removeCluster(
  directory: string,
  { keepLogs }: { readonly keepLogs: boolean },
): Promise<Removed> {
  const state = await readState(directory);
  const name = state?.name ?? (await clusterName(directory));
  // Before its namespace ends, which frees it at a time that the kernel chooses.
  const networkDevices = (await removeLink(name)) ? [name] : [];
  const processes = state === undefined ? 0 : await endNamespaces(state.launcher, state.init);
  const cgroups = await removeCgroups(name);
  for (const entry of await readdir(directory)) {
    if (keepLogs && entry === LOGS) continue;
    await rm(join(directory, entry), { recursive: true, force: true });
  }
  if (!keepLogs) await rm(directory, { recursive: true, force: true });
  return { processes, networkDevices, cgroups };
}

/**
 * Ends the first process of the PID namespace. The kernel then kills all others in it and lets the first one go only when they
 * are gone (pid_namespaces(7)): nothing that a program did to escape, be it a new session or another parent, matters.
 *
 * @returns how many processes there were
 */
async function endNamespaces(launcher: ProcessIdentity, init: ProcessIdentity): Promise<number> {
  const processes = (await isRunning(init)) ? await countProcesses(init.pid) : 0;
  await signalProcess(init, 'SIGKILL');
  await signalProcess(launcher, 'SIGKILL');
  for (const process of [init, launcher]) {
    if (!(await awaitEnd(process, END_TIMEOUT_MS))) {
      throw new LabError(
        'CLEANUP_FAILED',
        `Process ${process.pid} does not end. See /proc/${process.pid}/stack for what it waits for.`,
      );
    }
  }
  return processes;
}

/** How many processes share the PID namespace of `pid`. */
async function countProcesses(pid: number): Promise<number> {
  const namespace = await readlink(`/proc/${pid}/ns/pid`);
  let count = 0;
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const other = await readlink(`/proc/${entry}/ns/pid`).catch(() => undefined);
    if (other === namespace) count += 1;
  }
  return count;
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
