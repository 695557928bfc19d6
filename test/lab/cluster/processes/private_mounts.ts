import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runInside } from './namespaces.ts';

/** Folder of the state directory → where the programs of a node expect it. */
const NODE_FOLDERS: Readonly<Record<string, string>> = {
  kubelet: '/var/lib/kubelet',
  containerd: '/var/lib/containerd',
  cni: '/var/lib/cni',
  'log/pods': '/var/log/pods',
};

/**
 * Settings of the kernel that the kubelet writes where they differ (setupKernelTunables). They are the whole machine's, so the
 * kubelet is shown what it wants to see, and the host keeps its own.
 */
const SHOWN_SETTINGS: Readonly<Record<string, number>> = {
  'vm/overcommit_memory': 1,
  'vm/panic_on_oom': 0,
  'kernel/panic': 10,
  'kernel/panic_on_oops': 1,
  'kernel/keys/root_maxkeys': 1_000_000,
  'kernel/keys/root_maxbytes': 25_000_000,
};

/** Folders that the cluster sees its own version of: no state directory can lie below them. */
export const PRIVATE_FOLDERS: readonly string[] = ['/run', '/var/lib', '/var/log'];

/**
 * Gives the cluster's mount namespace its own /run, /var/lib and /var/log, so that containerd and the kubelet work at their
 * usual paths (some are fixed: the kubelet's device plugins) and neither see nor touch those of the host; nor its kernel.
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
  const settings = join(directory, 'kernel');
  await mkdir(settings, { recursive: true });
  for (const [name, value] of Object.entries(SHOWN_SETTINGS)) {
    const shown = join(settings, name.replaceAll('/', '.'));
    await writeFile(shown, `${value}\n`);
    await inside('mount', '--bind', shown, `/proc/sys/${name}`);
  }
  for (const [name, target] of Object.entries(NODE_FOLDERS)) {
    const source = join(directory, name);
    await mkdir(source, { recursive: true });
    await inside('mkdir', '-p', target);
    await inside('mount', '--bind', source, target);
  }
}
