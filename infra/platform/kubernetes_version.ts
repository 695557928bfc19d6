/** A cluster's version, as far as APIs depend on it. */
export interface KubernetesVersion {
  readonly major: number;
  readonly minor: number;
}

/** Whether `version` is `major.minor` or newer. */
export function isAtLeast(version: KubernetesVersion, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}
