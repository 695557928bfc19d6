import { run } from '../../command.ts';
import { findProgram } from '../../search_path.ts';

/** The Go that builds the tools. */
export interface GoToolchain {
  readonly path: string;
  /** Of the form `1.26.8`. */
  readonly version: string;
  /** `linux/amd64` */
  readonly platform: string;
}

/** The oldest Go that builds every module of ./versions.ts by itself. */
export const OLDEST_GO = '1.25.11';
/** From here on Go fetches the toolchain that a module asks for (go.dev/doc/toolchain). */
const OLDEST_SELF_UPDATING_GO = '1.21.0';

/** The Go on the PATH, or in words why there is none that can build the tools. */
export async function findGo(): Promise<GoToolchain | string> {
  const path = await findProgram('go');
  if (path === undefined) return 'Go is not on the PATH';
  const answer = await run(path, ['env', 'GOVERSION', 'GOTOOLCHAIN', 'GOOS', 'GOARCH']);
  const [goVersion = '', toolchain = '', os = '', architecture = ''] = answer.split('\n');
  const version = /^go(\d+(?:\.\d+)*)/.exec(goVersion)?.[1];
  if (version === undefined) return `the Go at ${path} states no version`;
  const needed = toolchain === 'local' ? OLDEST_GO : OLDEST_SELF_UPDATING_GO;
  if (compareVersions(version, needed) < 0) {
    return `the Go at ${path} is ${version}, and ${needed} is needed`;
  }
  return { path, version, platform: `${os}/${architecture}` };
}

/** Negative where `a` is older than `b`; compares dotted numbers. */
export function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
