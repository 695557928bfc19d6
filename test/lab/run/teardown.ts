import { rm } from 'node:fs/promises';

import { VersionApi, type KubeConfig } from '@kubernetes/client-node';

import { clusterDown } from '../cluster/down.ts';
import { LabError } from '../errors.ts';
import { endLeftProcesses } from './left_processes.ts';
import { removeNamespaces } from './kubernetes/namespaces.ts';
import { forgetStack, openStack } from './stack.ts';
import { hasContext, namedContext } from './target.ts';
import type { RunRecord, WorkFolder } from './work_folder.ts';

/** Told what is being removed, a line at a time. */
export type Tell = (line: string) => void;

async function leaveNamedCluster(
  folder: WorkFolder,
  { id, tools }: RunRecord,
  context: string,
  tell: Tell,
): Promise<void> {
  // Nothing is put into a cluster before the tools are known.
  if (tools === undefined) return;
  if (!hasContext(context)) {
    tell(`Your kubeconfig has no context ${context} any more: what the run put there is forgotten`);
    return;
  }
  const config = namedContext(context);
  await askCluster(config, context);
  tell(`Destroying the stack in ${context}`);
  const stack = await openStack(folder, tools);
  // A run that was killed in the middle of an update holds the stack's lock still.
  await stack.cancel().catch(() => undefined);
  await stack.destroy();
  tell(`Removing the namespaces of the run in ${context}`);
  await removeNamespaces(config, id);
}

async function askCluster(config: KubeConfig, context: string): Promise<void> {
  try {
    await config.makeApiClient(VersionApi).getCode();
  } catch (error) {
    throw new LabError(
      'CLEANUP_FAILED',
      `The cluster of context ${context} does not answer, and what the run put there cannot be removed. ` +
        'Bring it back and run npm stop; or, where it is gone for good: npm stop -- --forget',
      { cause: error },
    );
  }
}

/**
 * Removes what a run of this folder has made, whole, broken or half started: programs, stack, namespaces, cluster. Finds
 * nothing the second time. The cluster that it was given is left, without what the run put there; with `forget`, it is not
 * asked, and what the run put there stays.
 *
 * @returns whether there was anything to remove.
 */
export async function removeRun(
  folder: WorkFolder,
  tell: Tell,
  { forget = false }: { readonly forget?: boolean } = {},
): Promise<boolean> {
  const record = await folder.readRecord();
  const left = await endLeftProcesses(folder);
  if (left > 0) tell(`Ended ${left} programs that were left`);
  if (record?.context !== undefined && !forget) {
    await leaveNamedCluster(folder, record, record.context, tell);
  }
  // With the lab's own cluster goes all that was in it, the stack's objects too.
  const removed = await clusterDown(folder.cluster);
  if (removed.processes > 0) tell('Removed the cluster');
  await forgetStack(folder);
  await rm(folder.local, { recursive: true, force: true });
  await folder.removeRecord();
  return record !== undefined || left > 0 || removed.processes > 0;
}
