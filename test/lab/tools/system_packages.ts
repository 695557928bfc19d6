import { setTimeout as delay } from 'node:timers/promises';
import { run, type CommandOptions } from '../command.ts';
import { LabError } from '../errors.ts';
import { findProgram, firstExecutable } from '../search_path.ts';

/** A program of the operating system that the cluster needs, and Debian's and Ubuntu's package of it. */
interface SystemProgram {
  readonly name: string;
  readonly debianPackage: string;
  readonly find: () => Promise<string | undefined>;
}

/** Where distributions put the CNI plugins: Debian, the plugins' own archive, Fedora. */
const CNI_FOLDERS = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni'];

const SYSTEM_PROGRAMS: readonly SystemProgram[] = [
  onPath('containerd', 'containerd'),
  onPath('containerd-shim-runc-v2', 'containerd'),
  onPath('ctr', 'containerd'),
  onPath('runc', 'runc'),
  {
    name: 'ptp (CNI plugin)',
    debianPackage: 'containernetworking-plugins',
    find: () => firstExecutable(CNI_FOLDERS.map((folder) => `${folder}/ptp`)),
  },
  onPath('nft', 'nftables'),
  onPath('ip', 'iproute2'),
  onPath('openssl', 'openssl'),
  onPath('unshare', 'util-linux'),
  onPath('nsenter', 'util-linux'),
  onPath('ldd', 'libc-bin'),
];

function onPath(name: string, debianPackage: string): SystemProgram {
  return { name, debianPackage, find: () => findProgram(name) };
}

/** The programs that are missing, by the Debian package that brings them. */
export async function missingPackages(): Promise<ReadonlyMap<string, readonly string[]>> {
  const missing = new Map<string, string[]>();
  for (const program of SYSTEM_PROGRAMS) {
    if ((await program.find()) !== undefined) continue;
    const names = missing.get(program.debianPackage) ?? [];
    missing.set(program.debianPackage, [...names, program.name]);
  }
  return missing;
}

/**
 * Installs Debian packages with apt. Where systemd then starts a containerd, the cluster's own does not meet it.
 *
 * @throws LabError `COMMAND_FAILED`
 */
export async function installPackages(
  packages: readonly string[],
  onDetail: (detail: string) => void,
): Promise<void> {
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  const options = { environment, onErrorLine: onDetail };
  onDetail('apt-get update');
  await onceUnlocked(['update', '-q'], options);
  onDetail(`apt-get install ${packages.join(' ')}`);
  await onceUnlocked(
    ['install', '-y', '-q', '--no-install-recommends', '--no-upgrade', ...packages],
    options,
  );
}

const LOCK_RETRY_MS = 3_000;
const LOCK_WAIT_MS = 5 * 60_000;

/** Runs apt-get. Where another holds one of its locks, as unattended upgrades of a new machine do, it is tried again for minutes. */
async function onceUnlocked(args: readonly string[], options: CommandOptions): Promise<void> {
  const until = performance.now() + LOCK_WAIT_MS;
  for (;;) {
    try {
      await run('apt-get', args, options);
      return;
    } catch (error) {
      const locked =
        error instanceof LabError &&
        /Could not get lock|is another process using it/.test(error.message);
      if (!locked || performance.now() > until) throw error;
      options.onErrorLine?.('Another program installs packages; waiting for it');
      await delay(LOCK_RETRY_MS);
    }
  }
}

/** Folder of the CNI plugins. */
export async function cniPluginFolder(): Promise<string | undefined> {
  const plugin = await firstExecutable(CNI_FOLDERS.map((folder) => `${folder}/ptp`));
  return plugin?.slice(0, -'/ptp'.length);
}
