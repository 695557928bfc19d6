import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** System administration programs, which the PATH of a plain user, or of root after `su`, often leaves out. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** The PATH of this process, with the system's own folders after it. */
export function searchPath(): string {
  return [process.env['PATH'] ?? '', ...SYSTEM_FOLDERS].join(delimiter);
}

/** Absolute path of a program on the search path, or undefined. */
export async function findProgram(name: string): Promise<string | undefined> {
  const folders = searchPath().split(delimiter);
  return firstExecutable(
    folders.filter((folder) => folder !== '').map((folder) => join(folder, name)),
  );
}

/** The first of these paths that may be executed. */
export async function firstExecutable(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // Not here: the next one.
    }
  }
  return undefined;
}
