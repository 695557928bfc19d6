import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { parse } from 'yaml';

import { convertValues } from './convert.ts';
import { addToStackFile } from './stack_writer.ts';

const PROJECT = 'task-traffic-router';
const root = fileURLToPath(new URL('../../', import.meta.url));
const HELP = `npm run import-values -- VALUES.yaml --stack NAME

Turns a values file of ClearML's application gateway into the config of a stack. Secrets are encrypted by the Pulumi CLI;
what the stack says already stays. Keys without a counterpart are listed.`;

/** Ends the command with one message and no stack trace. */
function stop(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Encrypts a value by the CLI, which gets it on its standard input, where no list of processes shows it. */
function setSecret(stack: string, path: string, value: string): void {
  const args = ['config', 'set', '--secret', '--path', '--stack', stack, '--', path];
  const { error, status, stderr } = spawnSync('pulumi', args, {
    cwd: root,
    input: value,
    encoding: 'utf8',
  });
  if (error !== undefined) {
    stop(
      'The Pulumi CLI is not on PATH; it is what encrypts secrets. Install it and run this again.',
    );
  }
  if (status !== 0) stop(`pulumi config set --secret --path ${path} failed:\n${stderr}`);
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { stack: { type: 'string', short: 's' }, help: { type: 'boolean', short: 'h' } },
});
const [file] = positionals;
const { stack } = options;
if (options.help === true) {
  process.stdout.write(`${HELP}\n`);
  process.exit(0);
}
if (file === undefined || stack === undefined) stop(HELP);
if (!existsSync(file)) stop(`There is no file ${file}.`);

const raw: unknown = parse(readFileSync(file, 'utf8'));
if (typeof raw !== 'object' || raw === null) stop(`${file} holds no values.`);
const { config, secrets, leftOut } = convertValues(raw as Record<string, unknown>);
// Secrets first: when the CLI refuses, the stack file was not touched.
for (const { path, value } of secrets) setSecret(stack, path, value);
const name = `Pulumi.${stack.split('/').at(-1) ?? stack}.yaml`;
const kept = addToStackFile(`${root}${name}`, PROJECT, config);

const lines = [
  `${name}: ${Object.keys(config).length} sections taken over, ${secrets.length} secrets encrypted.`,
  ...kept.map((path) => `  kept as it was: ${path}`),
  ...leftOut.map(({ path, why }) => `  left out: ${path} (${why})`),
  'Next: name the cluster (pulumi config set --path kubernetes.context NAME), then pulumi preview.',
];
process.stdout.write(`${lines.join('\n')}\n`);
