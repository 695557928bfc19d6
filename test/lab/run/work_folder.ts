import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { z } from 'zod';

import { ProcessIdentity } from '../cluster/processes/process_identity.ts';
import { LabError } from '../errors.ts';

const tool = z.object({
  name: z.string(),
  path: z.string(),
  version: z.string(),
  source: z.enum(['PATH', 'installed', 'download', 'built', 'cache']),
});
const absentTool = z.object({ source: z.literal('absent'), reason: z.string() });

/** What has to be known to remove a run, written before anything is made. */
const runRecord = z.object({
  version: z.literal(1),
  /** Marks the run's namespaces. */
  id: z.string(),
  /** The process that runs `npm start`. */
  runner: ProcessIdentity.optional(),
  /** Context of the user's kubeconfig that the run was given; absent for a cluster of its own. */
  context: z.string().optional(),
  /** What the stack is run with, once that is known. */
  tools: z
    .object({
      pulumi: tool,
      languageHost: z.union([tool, absentTool]),
      kubernetesProvider: z.union([tool, absentTool]),
    })
    .optional(),
});

export type RunRecord = z.infer<typeof runRecord>;

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Where a run keeps its state: a folder of the checkout that Git ignores. */
export class WorkFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  /** State directory of the lab's own cluster. */
  get cluster(): string {
    return join(this.path, 'cluster');
  }

  /** What a run without a cluster keeps. */
  get local(): string {
    return join(this.path, 'local');
  }

  /** Pulumi's project, backend and home. */
  get pulumi(): string {
    return join(this.path, 'pulumi');
  }

  get #record(): string {
    return join(this.path, 'run.json');
  }

  /** The record of the last run that was not removed, or undefined. */
  async readRecord(): Promise<RunRecord | undefined> {
    const text = await readIfThere(this.#record);
    if (text === undefined) return undefined;
    try {
      return runRecord.parse(JSON.parse(text));
    } catch (error) {
      throw new LabError(
        'STATE_INVALID',
        `${this.#record} cannot be read as the record of a run. Remove the file and run npm stop again.`,
        { cause: error },
      );
    }
  }

  /** Writes the record, whole or not at all. */
  async writeRecord(record: RunRecord): Promise<void> {
    await mkdir(this.path, { recursive: true });
    await writeFile(`${this.#record}.new`, `${JSON.stringify(record, undefined, 2)}\n`);
    await rename(`${this.#record}.new`, this.#record);
  }

  async removeRecord(): Promise<void> {
    await rm(this.#record, { force: true });
  }

  get #passphrase(): string {
    return join(this.path, 'passphrase');
  }

  /** The passphrase that encrypts the stack's secrets: made once, readable by its owner alone. */
  async passphrase(): Promise<string> {
    const known = await readIfThere(this.#passphrase);
    if (known !== undefined) return known.trim();
    const made = randomBytes(24).toString('base64url');
    await this.setPassphrase(made);
    return made;
  }

  /** Sets the passphrase of a folder that has none yet. */
  async setPassphrase(passphrase: string): Promise<void> {
    await mkdir(this.path, { recursive: true });
    await writeFile(this.#passphrase, `${passphrase}\n`, { mode: 0o600, flag: 'wx' });
  }
}
