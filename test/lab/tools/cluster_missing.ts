import { findProgram } from '../search_path.ts';
import { OLDEST_GO } from './go/toolchain.ts';
import type { GoToolchain } from './go/toolchain.ts';
import type { Missing } from './prerequisites.ts';
import { installPackages, missingPackages } from './system_packages.ts';

/**
 * What this machine lacks for a cluster of its own, after what could be installed was installed. Nothing is installed where
 * the run cannot go on anyway.
 */
export async function clusterMissing(
  go: GoToolchain | string,
  noInstall: boolean,
  onDetail: (detail: string) => void,
): Promise<readonly Missing[]> {
  const machine = machineMissing(go);
  if (process.platform !== 'linux') return machine;
  return [...machine, ...(await packagesMissing(machine.length === 0 && !noInstall, onDetail))];
}

/** What the machine itself lacks for a cluster of its own. */
function machineMissing(go: GoToolchain | string): readonly Missing[] {
  const missing: Missing[] = [];
  if (process.platform !== 'linux') {
    missing.push({
      what: `Linux: this is ${process.platform}, and a one-node cluster is made of Linux namespaces`,
      remedy: 'Run it in a Linux virtual machine.',
    });
  } else if (process.getuid?.() !== 0) {
    missing.push({
      what: 'root: namespaces, mounts and network links need it',
      remedy: 'Run it as root.',
    });
  }
  if (typeof go === 'string') {
    missing.push({
      what: `Go ${OLDEST_GO} or newer, which builds the cluster's programs: ${go}`,
      remedy: 'Install Go as go.dev/doc/install describes, and put its bin folder on the PATH.',
    });
  }
  return missing;
}

/** Installs the system's packages where `mayInstall` and it is possible, and returns what is missing still. */
async function packagesMissing(
  mayInstall: boolean,
  onDetail: (detail: string) => void,
): Promise<readonly Missing[]> {
  const before = await missingPackages();
  if (before.size === 0) return [];
  const packages = [...before.keys()];
  const programs = [...before.values()].flat().join(', ');
  const command = `apt-get install ${packages.join(' ')}`;
  const what = `system packages: ${packages.join(', ')} (for ${programs})`;
  if ((await findProgram('apt-get')) === undefined) {
    return [{ what, remedy: 'Install them with the package manager of this system.' }];
  }
  if (!mayInstall) return [{ what, remedy: `As root, run: ${command}` }];
  let failure = 'apt-get left them out';
  try {
    await installPackages(packages, onDetail);
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  return (await missingPackages()).size === 0
    ? []
    : [{ what, remedy: `Installing them failed (${failure}). Run: ${command}` }];
}
