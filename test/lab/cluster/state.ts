import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { LabError } from '../errors.ts';
import { ProcessIdentity } from './processes/process_identity.ts';

/**
 * What has to be known to remove a cluster, written before anything is made that would outlive this process. All else goes
 * with the namespaces: the kernel ends every process of a PID namespace with its first, and frees mounts and links.
 */
const ClusterState = z.object({
  version: z.literal(1),
  name: z.string().regex(/^ttr-[0-9a-f]{8}$/),
  /** Holds the namespaces open; the first process inside them dies with it. */
  launcher: ProcessIdentity,
  /** The first process inside the PID namespace. */
  init: ProcessIdentity,
});
export type ClusterState = z.infer<typeof ClusterState>;

const FILE = 'state.json';

/** The recorded state of a directory, or undefined where none was recorded. */
export async function readState(directory: string): Promise<ClusterState | undefined> {
  const file = join(directory, FILE);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return ClusterState.parse(JSON.parse(text));
  } catch (error) {
    throw new LabError(
      'STATE_INVALID',
      `${file} cannot be read as the state of a cluster. See which processes run under its name, end them, and remove the file.`,
      { cause: error },
    );
  }
}

/** Records the state, whole or not at all. */
export async function writeState(directory: string, state: ClusterState): Promise<void> {
  const file = join(directory, FILE);
  await writeFile(`${file}.new`, `${JSON.stringify(state, undefined, 2)}\n`);
  await rename(`${file}.new`, file);
}
