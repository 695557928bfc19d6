import { InfraError } from '../errors.ts';
import { isAtLeast, type KubernetesVersion } from '../platform/kubernetes_version.ts';

/** The oldest version that has all APIs of this program. */
const OLDEST: KubernetesVersion = { major: 1, minor: 21 };
/** The newest version whose API server has taken the objects of every example (`test/long/api_servers.test.ts`). */
export const NEWEST_TRIED: KubernetesVersion = { major: 1, minor: 37 };

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
