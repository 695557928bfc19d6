import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { run } from '../../command.ts';
import { LabError } from '../../errors.ts';
import { cached } from '../cache.ts';
import { buildProgress } from './build_progress.ts';
import type { CacheEntry, CacheKey } from '../cache.ts';
import type { GoToolchain } from './toolchain.ts';

/** How programs are built from a published Go module, under the module's own pinned dependencies. */
export interface GoBuild {
  readonly name: string;
  readonly module: string;
  /** Without a leading `v`. */
  readonly version: string;
  /** Packages of the programs, relative to the module: `./cmd/kubelet`. */
  readonly packages: readonly string[];
  /** Version of the modules that the go.mod replaces by folders next to it: a published module comes without these. */
  readonly siblingVersion: string | undefined;
  /** String variables that the linker sets. */
  readonly variables: Readonly<Record<string, string>>;
  /** Further flags of the linker. */
  readonly linkerFlags?: readonly string[];
  /** Files that the published module leaves out and its build needs. */
  readonly extraFiles: Readonly<Record<string, string>>;
}

const Download = z.object({ Dir: z.string() });

/** What the cached programs of a build are called by. */
export function goBuildKey(build: GoBuild, go: GoToolchain): CacheKey {
  return {
    name: build.name,
    version: build.version,
    ingredients: [build, go.version, go.platform],
  };
}

/**
 * The folder with the programs of a build, each named after its package, from the cache or freshly built.
 *
 * @throws LabError `BUILD_FAILED`
 */
export function buildGoModule(
  build: GoBuild,
  go: GoToolchain,
  onDetail: (detail: string) => void,
): Promise<CacheEntry> {
  return cached(
    goBuildKey(build, go),
    (scratch) => compile(build, go, scratch, onDetail),
    () => onDetail('waiting for another run that builds it'),
  );
}

async function compile(
  build: GoBuild,
  go: GoToolchain,
  scratch: string,
  onDetail: (detail: string) => void,
): Promise<void> {
  // Static programs without a C compiler; GOWORK because a module may carry a go.work for folders that it comes without.
  const environment = { CGO_ENABLED: '0', GOWORK: 'off' };
  const told = buildProgress(() => performance.now());
  const onErrorLine = (line: string): void => onDetail(told.line(line));
  const work = join(scratch, 'work');
  const programs = join(scratch, 'bin');
  try {
    await mkdir(work);
    await mkdir(programs);
    const answer = await run(
      go.path,
      ['mod', 'download', '-json', `${build.module}@v${build.version}`],
      { environment, onErrorLine },
    );
    const published = Download.parse(JSON.parse(answer)).Dir;
    const source = await addFiles(published, build.extraFiles, join(work, 'source'));
    const goMod = await readFile(join(published, 'go.mod'), 'utf8');
    await writeFile(join(work, 'go.mod'), publishedGoMod(goMod, build.siblingVersion));
    await writeFile(join(work, 'go.sum'), await readFile(join(published, 'go.sum')));
    const variables = Object.entries(build.variables).map(([name, value]) => `-X ${name}=${value}`);
    const moduleFlags = [`-C=${source}`, `-modfile=${join(work, 'go.mod')}`, '-mod=mod'];
    const packages = await run(go.path, ['list', ...moduleFlags, '-deps', ...build.packages], {
      environment,
      onErrorLine,
    });
    // `unsafe` is the compiler's own, and never compiled.
    const compiled = packages
      .trimEnd()
      .split('\n')
      .filter((name) => name !== 'unsafe');
    onDetail(told.compiling(compiled.length));
    await run(
      go.path,
      [
        'build',
        ...moduleFlags,
        '-trimpath',
        '-buildvcs=false',
        '-v',
        `-ldflags=${['-s', '-w', ...(build.linkerFlags ?? []), ...variables].join(' ')}`,
        `-o=${programs}/`,
        ...build.packages,
      ],
      { environment, onErrorLine },
    );
    await rm(work, { recursive: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LabError(
      'BUILD_FAILED',
      `${build.name} ${build.version} could not be built from its Go module. ${reason}`,
      { cause: error },
    );
  }
}

/**
 * A module's go.mod as it must read outside its own repository: replacements by folders of that repository become the
 * published modules, or go where nothing requires them. All else stays, so the build has its maker's dependencies.
 */
export function publishedGoMod(goMod: string, siblingVersion: string | undefined): string {
  return goMod
    .split('\n')
    .flatMap((line) => {
      const [, indent, module] = /^(\s*(?:replace\s+)?)(\S+)\s+=>\s+\.{1,2}\//.exec(line) ?? [];
      if (indent === undefined || module === undefined) return [line];
      const required = goMod.includes(`\t${module} v`);
      if (!required || siblingVersion === undefined) return [];
      return [`${indent}${module} => ${module} v${siblingVersion}`];
    })
    .join('\n');
}

/** The published source as it is, or a writable copy with the files that it lacks. */
async function addFiles(
  published: string,
  extraFiles: Readonly<Record<string, string>>,
  copy: string,
): Promise<string> {
  const files = Object.entries(extraFiles);
  if (files.length === 0) return published;
  await cp(published, copy, { recursive: true });
  // Go's module cache is read-only, and a copy of it is too.
  await run('chmod', ['-R', 'u+w', copy]);
  for (const [path, content] of files) {
    await mkdir(dirname(join(copy, path)), { recursive: true });
    await writeFile(join(copy, path), content);
  }
  return copy;
}
