import { InfraError } from '../errors.ts';

/** A cluster's version, as far as APIs depend on it. */
export interface KubernetesVersion {
  readonly major: number;
  readonly minor: number;
}

/** Versions that this program is made for: all its APIs are in the first one, and the last one was tried. */
const OLDEST: KubernetesVersion = { major: 1, minor: 21 };
const NEWEST_TRIED: KubernetesVersion = { major: 1, minor: 35 };

/** Whether `version` is `major.minor` or newer. */
export function isAtLeast(version: KubernetesVersion, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}

/** Reads what `/version` says; clouds put a `+` behind the minor number. Undefined when it is not a version. */
export function parseVersion(major: string, minor: string): KubernetesVersion | undefined {
  const parsed = { major: Number.parseInt(major, 10), minor: Number.parseInt(minor, 10) };
  return Number.isNaN(parsed.major + parsed.minor) ? undefined : parsed;
}

/**
 * The version gate.
 *
 * @returns a warning for a version that is newer than the newest one that was tried.
 * @throws InfraError `cluster-too-old` for one that lacks APIs of this program.
 */
export function checkVersion(version: KubernetesVersion): string | undefined {
  if (!isAtLeast(version, OLDEST.major, OLDEST.minor)) {
    throw new InfraError(
      'cluster-too-old',
      `The cluster runs Kubernetes ${text(version)}; ${text(OLDEST)} is the oldest that has what the router needs. ` +
        'Nothing was changed.',
    );
  }
  return isAtLeast(version, NEWEST_TRIED.major, NEWEST_TRIED.minor + 1)
    ? `The cluster runs Kubernetes ${text(version)}; ${text(NEWEST_TRIED)} is the newest that was tried with this program.`
    : undefined;
}

function text({ major, minor }: KubernetesVersion): string {
  return `${major}.${minor}`;
}
