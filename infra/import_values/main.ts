import { existsSync, readFileSync } from 'node:fs';

import { parse } from 'yaml';

import { commandOptions } from '../command_options.ts';
import { convertValues } from './convert.ts';
import { counted } from '../counted.ts';
import { messageOf } from '../errors.ts';
import { PROJECT, ROOT } from '../project.ts';
import { runPulumi } from '../pulumi_cli.ts';
import { plainNameOf } from '../stack_name.ts';
import { addToStackFile } from './stack_writer.ts';

const HELP = `npm run import-values -- VALUES.yaml --stack NAME

Turns a values file of ClearML's application gateway into the config of a stack. Secrets are encrypted by the Pulumi CLI;
what the stack says already stays. Keys without a counterpart are listed.`;

/** Ends the command with one message and no stack trace. */
function stop(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** What the work with a file gives; what goes wrong with it ends the command. */
function workOn<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    // A parser quotes the lines behind the first, which may hold a secret.
    const [why = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    return stop(`${path} cannot be used: ${why}`);
  }
}

/** Encrypts a value by the CLI. */
function setSecret(stack: string, path: string, value: string): void {
  try {
    runPulumi(['config', 'set', '--secret', '--path', '--stack', stack, '--', path], value);
  } catch (error) {
    stop(`pulumi config set --secret --path ${path} failed:\n${messageOf(error)}`);
  }
}

const { values: options, positionals } = commandOptions(
  {
    allowPositionals: true,
    options: { stack: { type: 'string', short: 's' }, help: { type: 'boolean', short: 'h' } },
  },
  HELP,
);
const [file] = positionals;
const { stack } = options;
if (options.help === true) {
  process.stdout.write(`${HELP}\n`);
  process.exit(0);
}
if (file === undefined || stack === undefined) stop(HELP);
if (!existsSync(file)) stop(`There is no file ${file}.`);

const raw: unknown = workOn(file, () => parse(readFileSync(file, 'utf8')));
if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) stop(`${file} holds no values.`);
const { config, secrets, leftOut, warnings, notes } = convertValues(raw as Record<string, unknown>);
// Secrets first: when the CLI refuses, the stack file was not touched.
for (const { path, value } of secrets) setSecret(stack, path, value);
const name = `Pulumi.${plainNameOf(stack)}.yaml`;
const kept = workOn(name, () => addToStackFile(`${ROOT}${name}`, PROJECT, config));

const lines = [
  `${name}: ${counted(Object.keys(config).length, 'section')} taken over, ${counted(secrets.length, 'secret')} encrypted.`,
  ...kept.map((path) => `  kept as it was: ${path}`),
  ...leftOut.map(({ path, why }) => `  left out: ${path} (${why})`),
  ...warnings.map((warning) => `  look again: ${warning}`),
  ...notes.map((note) => `  not in values: ${note}`),
  'Next: name the cluster (pulumi config set --path kubernetes.context NAME), then pulumi preview.',
];
process.stdout.write(`${lines.join('\n')}\n`);
