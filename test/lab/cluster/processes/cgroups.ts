import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../../errors.ts';

/** The controllers that the kubelet asks for. */
const CONTROLLERS: readonly string[] = ['cpuset', 'cpu', 'io', 'memory', 'hugetlb', 'pids'];
const REMOVE_TIMEOUT_MS = 10_000;
const POLL_MS = 50;

interface Hierarchy {
  readonly path: string;
  readonly version: 1 | 2;
}

/** The roots of all hierarchies: one for version 2, one for each controller for version 1. */
async function hierarchies(): Promise<readonly Hierarchy[]> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  return mounts.split('\n').flatMap((line): readonly Hierarchy[] => {
    const [, path, type] = line.split(' ');
    if (path === undefined) return [];
    if (type === 'cgroup') return [{ path, version: 1 }];
    return type === 'cgroup2' ? [{ path, version: 2 }] : [];
  });
}

/** Makes the cgroup that all pods of a cluster live below, apart from those of any other kubelet of this machine. */
export async function makeCgroups(name: string): Promise<void> {
  for (const { path, version } of await hierarchies()) {
    if (version === 2) await delegateControllers(path);
    await mkdir(join(path, name), { recursive: true });
  }
}

/** In version 2 a cgroup has the controllers that its parent hands down. */
async function delegateControllers(root: string): Promise<void> {
  const words = async (file: string): Promise<readonly string[]> =>
    (await readFile(join(root, file), 'utf8')).trim().split(' ');
  const there = await words('cgroup.controllers');
  const handedDown = await words('cgroup.subtree_control');
  const wanted = CONTROLLERS.filter(
    (controller) => there.includes(controller) && !handedDown.includes(controller),
  );
  if (wanted.length === 0) return;
  try {
    await writeFile(
      join(root, 'cgroup.subtree_control'),
      wanted.map((controller) => `+${controller}`).join(' '),
    );
  } catch (error) {
    // EBUSY in a container that shares its cgroup with other processes: the "no internal processes" rule of cgroups(7).
    throw new LabError(
      'CLUSTER_FAILED',
      `The cgroup controllers ${wanted.join(', ')} cannot be handed down below ${root}. In a container, start it with --cgroupns=host; or use npm start -- --context NAME.`,
      { cause: error },
    );
  }
}

/** Removes a cluster's cgroups and returns how many there were; their processes must have ended. */
export async function removeCgroups(name: string): Promise<number> {
  let removed = 0;
  for (const { path } of await hierarchies()) {
    for (const cgroup of await cgroupsBelow(join(path, name))) {
      await removeCgroup(cgroup);
      removed += 1;
    }
  }
  return removed;
}

/** The cgroup and all below it, the innermost first. */
async function cgroupsBelow(path: string): Promise<readonly string[]> {
  let entries;
  try {
    entries = await readdir(path, { withFileTypes: true });
  } catch {
    return [];
  }
  const inner: string[] = [];
  for (const entry of entries) {
    if (entry.isDirectory()) inner.push(...(await cgroupsBelow(join(path, entry.name))));
  }
  return [...inner, path];
}

/** The kernel lets go of a cgroup a moment after its last process. */
async function removeCgroup(path: string): Promise<void> {
  const deadline = Date.now() + REMOVE_TIMEOUT_MS;
  for (;;) {
    try {
      await rmdir(path);
      return;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
      if (Date.now() > deadline) {
        throw new LabError('CLEANUP_FAILED', `The cgroup ${path} still has processes.`, {
          cause: error,
        });
      }
    }
    await delay(POLL_MS);
  }
}
