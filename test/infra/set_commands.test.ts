import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { stackConfig } from '../../infra/config/reading/schema.ts';
import { secretLeaves } from '../../infra/config/reading/secret_leaves.ts';
import { problems } from './config/problems_of.ts';
import { commandsOf, pages, setCommands, type SetCommand } from './set_commands.ts';

/**
 * Keys whose values the CLI takes for secrets where they look random enough; it then asks for `--secret` or `--plaintext` and sets
 * nothing: `keyPattern` and `looksLikeSecret` of pkg/cmd/pulumi/config/config.go in github.com/pulumi/pulumi. What looks random is
 * left open here, since readers put values of their own in.
 */
const LIKE_A_SECRET = /passwd|pass|password|pwd|secret|token/i;

const secretKeys = new Set(secretLeaves(stackConfig).map((path) => path.join('.')));

/** What keeps the command from doing what its text says. */
function faults({ flags, key, value }: SetCommand): string[] {
  const isSecret = flags.includes('secret');
  if (key === '') return ['names no key in its line'];
  return [
    ...(/[.[]/.test(key) && !flags.includes('path') ? ['lacks --path'] : []),
    ...(isSecret === secretKeys.has(key) ? [] : ['--secret belongs to secrets']),
    ...(isSecret && value !== undefined
      ? ['its value would be in the history of the shell and in the list of processes']
      : []),
    ...(LIKE_A_SECRET.test(key) && !isSecret && !flags.includes('plaintext')
      ? ['the CLI takes it for a secret: lacks --plaintext']
      : []),
    ...(isSecret || value === undefined ? [] : told(key, coerced(value))),
  ];
}

/** What the program says of the value alone. */
function told(key: string, value: unknown): string[] {
  const [section = '', ...path] = key.replaceAll(/\[(\d+)\]/g, '.$1').split('.');
  const group = path.reduceRight<unknown>(
    (inner, name) => (/^\d+$/.test(name) ? [inner] : { [name]: inner }),
    value,
  );
  return problems({ [section]: group }).filter((problem) =>
    problem.startsWith(`${[section, ...path].join('.')}: `),
  );
}

/** What the CLI makes of a value in a path: `coerce` of sdk/go/common/resource/config/object.go. */
function coerced(value: string): unknown {
  if (value === 'true' || value === 'false') return value === 'true';
  return /^(0|-?[1-9]\d*)$/.test(value) ? Number(value) : value;
}

/** Ways to write a secret into a command, of which each has one that reads it from a file, a prompt or a variable. */
const IN_A_COMMAND: readonly RegExp[] = [
  /--from-literal/,
  /--docker-password/,
  /\b\w*(?:PASSPHRASE|PASSWORD|TOKEN|SECRET|ACCESS_KEY)\w*=\S/,
  /Bearer [^$\s`"'…]/,
  /\bcurl\b.* (?:-u|--user) /,
];

/** Lines of a page with a secret in a command. */
function secretsInCommands(text: string): string[] {
  return text.split('\n').filter((line) => {
    const commands = line.startsWith('    ')
      ? [line]
      : [...line.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
    return commands.some((command) => IN_A_COMMAND.some((form) => form.test(command)));
  });
}

suite('every page', () => {
  for (const [file, text] of pages()) {
    test(`keeps secrets out of commands: ${file}`, () => {
      assert.deepEqual(secretsInCommands(text), []);
    });
  }

  test('would be refused with such a command', () => {
    const lines = [
      '    kubectl create secret generic clearml --from-literal=jwksKey=abc',
      'Run `PULUMI_CONFIG_PASSPHRASE=abc pulumi up` then.',
      '    curl -H "Authorization: Bearer abc" https://tasks.example.com/',
      '    curl -u key:secret https://api.clearml.example.com/auth.login',
    ];
    const good = [
      '    curl -H "Authorization: Bearer $CLEARML_TOKEN" https://tasks.example.com/',
      '    kubectl create secret generic clearml --from-file=jwksKey',
      'A password=abc in a sentence is no command.',
    ];
    assert.deepEqual(secretsInCommands([...lines, ...good].join('\n')), lines);
  });
});

suite('every `pulumi config set` of the texts', () => {
  for (const command of setCommands()) {
    test(`runs as it stands: ${command.where}`, () => {
      assert.deepEqual(faults(command), []);
    });
  }

  test('is found in README, pages, examples, reference and messages', () => {
    const files = new Set(setCommands().map(({ where }) => where.replace(/:\d+$/, '')));
    for (const file of [
      'README.md',
      'infra/README.md',
      'infra/operations/keys.md',
      'infra/examples/Pulumi.kind.yaml',
      'infra/Pulumi.annotated.yaml',
      'infra/config/sections/kubernetes.ts',
    ]) {
      assert.ok(files.has(file), file);
    }
  });

  test('would be refused with a fault', () => {
    const text = [
      'pulumi config set --path ingress.tlsSecretName tasks-example-com-tls',
      'pulumi config set --path clearml.apiServerKey ABC',
      "pulumi config set --secret --path router.secret 'NEW OLD'",
      'pulumi config set ingress.className traefik',
      "message: 'pulumi config set --path ' + key",
      "message: 'pulumi config set --path ingress.clasName traefik'",
      'pulumi config set --path tcpSession.portRange.start many (a number)',
    ].join('\n');
    assert.deepEqual(commandsOf('page.md', text).map(faults), [
      ['the CLI takes it for a secret: lacks --plaintext'],
      ['--secret belongs to secrets'],
      ['its value would be in the history of the shell and in the list of processes'],
      ['lacks --path'],
      ['names no key in its line'],
      ['ingress.clasName: unknown key; did you mean className?'],
      ['tcpSession.portRange.start: expected a port from 1 to 65535, found "many"'],
    ]);
  });
});
