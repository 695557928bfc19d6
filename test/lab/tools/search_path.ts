import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** System administration programs, which the PATH of a plain user often leaves out. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Absolute path of a program on the PATH or in the system's own folders, or undefined. */
export async function findProgram(name: string): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return firstExecutable([...folders, ...SYSTEM_FOLDERS].map((folder) => join(folder, name)));
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
