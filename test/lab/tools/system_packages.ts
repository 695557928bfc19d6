import { run } from '../command.ts';
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
  onDetail('apt-get update');
  await run('apt-get', ['update', '-q'], { environment, onErrorLine: onDetail });
  onDetail(`apt-get install ${packages.join(' ')}`);
  await run(
    'apt-get',
    ['install', '-y', '-q', '--no-install-recommends', '--no-upgrade', ...packages],
    { environment, onErrorLine: onDetail },
  );
}

/** Folder of the CNI plugins. */
export async function cniPluginFolder(): Promise<string | undefined> {
  const plugin = await firstExecutable(CNI_FOLDERS.map((folder) => `${folder}/ptp`));
  return plugin?.slice(0, -'/ptp'.length);
}
