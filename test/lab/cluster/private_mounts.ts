import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runInside } from './namespaces.ts';

/** Folder of the state directory → where the programs of a node expect it. */
const NODE_FOLDERS: Readonly<Record<string, string>> = {
  kubelet: '/var/lib/kubelet',
  containerd: '/var/lib/containerd',
  cni: '/var/lib/cni',
  'log/pods': '/var/log/pods',
};

/** Folders that the cluster sees its own version of: no state directory can lie below them. */
export const PRIVATE_FOLDERS: readonly string[] = ['/run', '/var/lib', '/var/log'];

/**
 * Gives the cluster's mount namespace its own /run, /var/lib and /var/log, so that containerd and the kubelet work at their
 * usual paths (some are fixed: the kubelet's device plugins) and neither see nor touch those of the host.
 */
export async function mountPrivateFolders(directory: string, initPid: number): Promise<void> {
  const inside = (...command: readonly string[]): Promise<string> => runInside(initPid, ...command);
  await inside('mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', '/run');
  for (const folder of ['/var/lib', '/var/log']) {
    const changes = `/run/overlay${folder}`;
    await inside('mkdir', '-p', `${changes}/upper`, `${changes}/work`);
    const layers = `lowerdir=${folder},upperdir=${changes}/upper,workdir=${changes}/work`;
    await inside('mount', '-t', 'overlay', '-o', layers, 'overlay', folder);
  }
  for (const [name, target] of Object.entries(NODE_FOLDERS)) {
    const source = join(directory, name);
    await mkdir(source, { recursive: true });
    await inside('mkdir', '-p', target);
    await inside('mount', '--bind', source, target);
  }
}
