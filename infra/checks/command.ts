import { z } from 'zod';

import { commandOptions } from '../command_options.ts';
import { readStack } from '../config/reading/read.ts';
import type { StackConfig } from '../config/stack_config.ts';
import { InfraError } from '../errors.ts';
import { PROJECT, ROOT } from '../project.ts';
import { runPulumi } from '../pulumi_cli.ts';
import { plainNameOf } from '../stack_name.ts';
import { type Check, performChecks } from './check.ts';

const configOutput = z.record(
  z.string(),
  z.looseObject({ value: z.string().optional(), secret: z.boolean().optional() }),
);

/** Exit status of a command that found something bad. */
const BAD = 1;
/** Of one that could not look: no such stack, a wrong config. */
export const NOT_CHECKED = 2;

/** Runs the checks of a command for the stack that `--stack` names, in the words of whoever called: with its organisation where they said it. */
export async function runChecks(
  help: string,
  checksOf: (config: StackConfig, stack: string) => readonly Check[] | Promise<readonly Check[]>,
): Promise<void> {
  const write = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const { values } = commandOptions(
    { options: { stack: { type: 'string', short: 's' }, help: { type: 'boolean', short: 'h' } } },
    help,
  );
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
    const checks = await checksOf(config, values.stack);
    process.exitCode = (await performChecks(checks, write)) ? 0 : BAD;
  } catch (error) {
    if (!(error instanceof InfraError)) throw error;
    write(error.message);
    process.exitCode = NOT_CHECKED;
  }
}

/**
 * The config of a stack, decrypted by the CLI and checked as the program checks it.
 *
 * @throws InfraError where there is no such stack, or its config is wrong.
 */
export function configOfStack(stack: string): StackConfig {
  const args = ['config', '--json', '--show-secrets', '--stack', stack];
  const all = configOutput.parse(JSON.parse(runPulumi(args)));
  const values = Object.entries(all).map(([key, { value = '' }]) => [key, value] as const);
  return readStack(
    { root: ROOT, project: PROJECT, stack: plainNameOf(stack) },
    Object.fromEntries(values),
    (key) => all[key]?.secret === true,
  );
}
