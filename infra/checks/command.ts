import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { z } from 'zod';

import { readConfig } from '../config/read.ts';
import type { StackConfig } from '../config/schema.ts';
import { otherStackFiles, readStackFile } from '../config/stack_file.ts';
import { InfraError } from '../errors.ts';
import { type Check, performChecks } from './check.ts';

const PROJECT = 'task-traffic-router';
const root = fileURLToPath(new URL('../../', import.meta.url));

const configOutput = z.record(
  z.string(),
  z.looseObject({ value: z.string().optional(), secret: z.boolean().optional() }),
);

/** Exit status of a command that found something bad, and of one that could not look: no such stack, a wrong config. */
const BAD = 1;
const NOT_CHECKED = 2;

/** Runs the checks of a command for the stack that `--stack` names. */
export async function runChecks(
  help: string,
  checksOf: (config: StackConfig) => Promise<readonly Check[]>,
): Promise<void> {
  const write = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const { values } = parseArgs({
    options: { stack: { type: 'string', short: 's' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true || values.stack === undefined) {
    write(
      `${help}\n\nExit status: 0 when nothing is bad, ${BAD} when something is, ${NOT_CHECKED} when it could not be looked at.`,
    );
    process.exitCode = values.help === true ? 0 : NOT_CHECKED;
    return;
  }
  try {
    const config = configOfStack(values.stack);
    write('✔ config: complete and valid, secrets encrypted');
    process.exitCode = (await performChecks(await checksOf(config), write)) ? 0 : BAD;
  } catch (error) {
    if (!(error instanceof InfraError)) throw error;
    write(error.message);
    process.exitCode = NOT_CHECKED;
  }
}

/** The config of a stack, decrypted by the CLI and checked as the program checks it. */
function configOfStack(stack: string): StackConfig {
  const args = ['config', '--json', '--show-secrets', '--stack', stack];
  const { error, status, stderr, stdout } = spawnSync('pulumi', args, {
    cwd: root,
    encoding: 'utf8',
  });
  if (error !== undefined) {
    throw new InfraError(
      'config-invalid',
      'The Pulumi CLI is not on PATH; it is what reads the stack.',
    );
  }
  if (status !== 0) throw new InfraError('config-invalid', stderr.trim());
  const all = configOutput.parse(JSON.parse(stdout));
  const own = Object.entries(all).filter(([key]) => key.startsWith(`${PROJECT}:`));
  const name = stack.split('/').at(-1) ?? stack;
  return readConfig({
    stack,
    values: Object.fromEntries(
      own.map(([key, { value = '' }]) => [key.slice(PROJECT.length + 1), value]),
    ),
    storage: {
      isEncrypted: (key) => all[`${PROJECT}:${key}`]?.secret === true,
      file: readStackFile(root, PROJECT, name),
    },
    neighbours: otherStackFiles(root, PROJECT, name),
  });
}
