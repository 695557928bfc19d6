import { join } from 'node:path';
import { run } from '../command.ts';
import { LabError } from '../errors.ts';
import { cached } from '../tools/cache.ts';
import { findProgram } from '../search_path.ts';
import type { OnProgress } from '../tools/tool.ts';

/** Packages that a ClearML task on this machine runs with, from PyPI. */
const PACKAGES = { clearml: '2.1.12', 'clearml-session': '0.17.0' } as const;

/** The oldest Python that these packages run on. */
const OLDEST_PYTHON = [3, 8] as const;

/** A Python that has the real ClearML SDK. */
export interface Sdk {
  readonly python: string;
  /** Version of the `clearml` package. */
  readonly version: string;
}

/** There is none, and why, in words for the person who runs the lab. */
export interface NoSdk {
  readonly absent: string;
}

/**
 * Finds or installs the ClearML SDK in a virtual environment in the cache, outside the repository. Where Python, its
 * venv module or the packages cannot be had, says why instead.
 */
export async function prepareSdk(options: {
  readonly onProgress: OnProgress;
}): Promise<Sdk | NoSdk> {
  const python = await findProgram('python3');
  if (python === undefined) return { absent: 'there is no python3 on the PATH' };
  try {
    const version = (
      await run(python, ['-c', 'import sys; print("%d.%d.%d" % sys.version_info[:3])'])
    ).trim();
    if (isTooOld(version)) {
      return {
        absent: `python3 is ${version}, and ClearML's SDK needs ${OLDEST_PYTHON.join('.')} or newer`,
      };
    }
    const { folder } = await cached(
      {
        name: 'clearml-sdk',
        version: PACKAGES.clearml,
        ingredients: { PACKAGES, python, version },
      },
      (scratch) => install(python, scratch, options.onProgress),
      () => options.onProgress('ClearML SDK', 'waiting for another run that installs it'),
    );
    return { python: join(folder, 'bin', 'python'), version: PACKAGES.clearml };
  } catch (error) {
    if (error instanceof LabError) return { absent: error.message };
    throw error;
  }
}

async function install(python: string, folder: string, onProgress: OnProgress): Promise<void> {
  onProgress('ClearML SDK', 'making a virtual environment');
  try {
    await run(python, ['-m', 'venv', folder], { timeoutMs: 120_000 });
  } catch (error) {
    // Debian ships venv in a package of its own, and its advice goes to standard output.
    throw new LabError(
      'PREREQUISITES_MISSING',
      `${python} cannot make virtual environments (Debian, Ubuntu: install python3-venv)`,
      { cause: error },
    );
  }
  const packages = Object.entries(PACKAGES).map(([name, version]) => `${name}==${version}`);
  onProgress('ClearML SDK', `installing ${packages.join(' and ')}`);
  await run(
    join(folder, 'bin', 'python'),
    ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages],
    { timeoutMs: 600_000 },
  );
}

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < OLDEST_PYTHON[0] || (major === OLDEST_PYTHON[0] && minor < OLDEST_PYTHON[1]);
}
