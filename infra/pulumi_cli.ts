import { spawnSync } from 'node:child_process';

import { InfraError } from './errors.ts';
import { ROOT } from './project.ts';

/** Of what the CLI writes; a state with its bundle has a few megabytes. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * Runs the Pulumi CLI in the project and returns what it writes.
 *
 * @param input what it reads from its standard input, where no list of processes shows it.
 * @throws InfraError `config-invalid` with the CLI's own words when it refuses, or when there is none.
 */
export function runPulumi(args: readonly string[], input = ''): string {
  const options = { cwd: ROOT, encoding: 'utf8', input, maxBuffer: MOST_BYTES } as const;
  const { error, status, stderr, stdout } = spawnSync('pulumi', args, options);
  if (error !== undefined) {
    const message = 'The Pulumi CLI is not on PATH; it is what reads and encrypts the stack.';
    throw new InfraError('config-invalid', message);
  }
  if (status !== 0) throw new InfraError('config-invalid', stderr.trim());
  return stdout;
}
