import { clusterDown } from '../cluster/down.ts';
import { endLeftProcesses } from './left_processes.ts';
import { removeNamespaces } from './namespaces.ts';
import { forgetStack, openStack } from './stack.ts';
import { namedContext } from './target.ts';
import type { RunRecord, WorkFolder } from './work_folder.ts';

/** Told what is being removed, a line at a time. */
export type Tell = (line: string) => void;

async function leaveNamedCluster(
  folder: WorkFolder,
  record: RunRecord,
  context: string,
  tell: Tell,
): Promise<void> {
  const config = namedContext(context);
  if (record.tools !== undefined) {
    tell(`Destroying the stack in ${context}`);
    const stack = await openStack(folder, record.tools);
    // A run that was killed in the middle of an update holds the stack's lock still.
    await stack.cancel().catch(() => undefined);
    await stack.destroy();
  }
  tell(`Removing the namespaces of the run in ${context}`);
  await removeNamespaces(config, record.id);
}

/**
 * Removes what a run of this folder has made, whole, broken or half started: programs, stack, namespaces, cluster. Finds
 * nothing the second time. The cluster that it was given is left, without what the run put there.
 *
 * @returns whether there was anything to remove.
 */
export async function removeRun(folder: WorkFolder, tell: Tell): Promise<boolean> {
  const record = await folder.readRecord();
  const left = await endLeftProcesses(folder);
  if (left > 0) tell(`Ended ${left} programs that were left`);
  if (record?.context !== undefined) await leaveNamedCluster(folder, record, record.context, tell);
  // With the lab's own cluster goes all that was in it, the stack's objects too.
  const removed = await clusterDown(folder.cluster);
  if (removed.processes > 0) tell('Removed the cluster');
  await forgetStack(folder);
  await folder.removeRecord();
  return record !== undefined || left > 0 || removed.processes > 0;
}
