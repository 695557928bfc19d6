import { join } from 'node:path';
import { run } from '../command.ts';
import { LabError } from '../errors.ts';
import { findProgram } from '../search_path.ts';
import { cached } from '../tools/cache.ts';
import { keepReason } from '../tools/kept_reason.ts';
import type { OnProgress } from '../tools/tool.ts';

/** A virtual environment to be had. */
export interface PythonEnvironment {
  /** Its name in the cache. */
  readonly name: string;
  /** What people read of it. */
  readonly title: string;
  /** Packages from PyPI, with their versions. The first one's version names the environment. */
  readonly packages: Readonly<Record<string, string>>;
  /** The oldest Python that the packages run on: major, minor. */
  readonly oldestPython: readonly [number, number];
}

/** There is none, and why, in words for the person who runs the lab. */
export interface NoPython {
  readonly absent: string;
}

/**
 * Finds or installs packages in a virtual environment in the cache, outside the repository. Where Python, its venv module or
 * the packages cannot be had, says why instead. The environment is renamed when it is whole, so its programs are started as
 * modules (`python -m`): the scripts in its `bin` name a folder that is gone.
 */
export async function preparePython(
  environment: PythonEnvironment,
  onProgress: OnProgress,
): Promise<{ readonly python: string } | NoPython> {
  const { name, title, packages, oldestPython } = environment;
  const python = await findProgram('python3');
  if (python === undefined) return { absent: 'there is no python3 on the PATH' };
  try {
    const version = (
      await run(python, ['-c', 'import sys; print("%d.%d.%d" % sys.version_info[:3])'])
    ).trim();
    if (isOlder(version, oldestPython)) {
      return {
        absent: `python3 is ${version}, and ${title} needs ${oldestPython.join('.')} or newer`,
      };
    }
    const { folder } = await cached(
      {
        name,
        version: Object.values(packages)[0] ?? '',
        ingredients: { packages, python, version },
      },
      (scratch) => install(python, scratch, environment, onProgress),
      () => onProgress(title, 'waiting for another run that installs it'),
    );
    return { python: join(folder, 'bin', 'python') };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    if (error.code !== 'COMMAND_FAILED') return { absent: error.message };
    const file = await keepReason(name, error.message);
    return { absent: `${title} could not be installed, and ${file} says why` };
  }
}

async function install(
  python: string,
  folder: string,
  { title, packages }: PythonEnvironment,
  onProgress: OnProgress,
): Promise<void> {
  onProgress(title, 'making a virtual environment');
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
  const wanted = Object.entries(packages).map(([name, version]) => `${name}==${version}`);
  onProgress(title, `installing ${wanted.join(' and ')}`);
  await run(
    join(folder, 'bin', 'python'),
    ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...wanted],
    { timeoutMs: 600_000 },
  );
}

function isOlder(version: string, oldest: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < oldest[0] || (major === oldest[0] && minor < oldest[1]);
}
