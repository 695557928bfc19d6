import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { StackFile } from '../../../infra/config/stack_file.ts';
import { readConfig } from '../../../infra/config/read.ts';
import { smallest } from '../stacks.ts';

type Raw = Readonly<Record<string, unknown>>;

/** The problems that a config has, line by line. */
function problems(config: Raw, file?: StackFile, encrypted = true): string[] {
  try {
    readConfig({
      stack: 'dev',
      values: Object.fromEntries(
        Object.entries(config).map(([key, value]) => [
          key,
          typeof value === 'string' ? value : JSON.stringify(value),
        ]),
      ),
      storage: { isEncrypted: () => encrypted, file },
    });
    return [];
  } catch (error) {
    assert.ok(error instanceof Error);
    return error.message
      .split('\n')
      .slice(1, -1)
      .map((line) => line.trim());
  }
}

const { clearml, ingress } = smallest;

const cases: readonly { name: string; config: Raw; expected: readonly string[] }[] = [
  {
    name: 'an empty stack: everything that is required, each with how to give it',
    config: {},
    expected: [
      'clearml.apiServerUrlReference: expected a URL such as https://api.clearml.example.com, found nothing',
      'clearml.apiServerKey: missing; set it with: pulumi config set --secret --path clearml.apiServerKey',
      'clearml.apiServerSecret: missing; set it with: pulumi config set --secret --path clearml.apiServerSecret',
      'clearml.jwksKey: missing; set it with: pulumi config set --secret --path clearml.jwksKey',
      'ingress.hostName: expected a host such as task-router.example.com, with or without https://, found nothing',
      'kubernetes.context: missing; name the cluster, so that no other is changed by accident: pulumi config set --path kubernetes.context NAME (kubectl config get-contexts lists them)',
    ],
  },
  {
    name: 'a misspelt key, with the one that was meant',
    config: { ...smallest, ingress: { ...ingress, hostname: 'x' } },
    expected: ['ingress.hostname: unknown key; did you mean hostName?'],
  },
  {
    name: 'a misspelt section',
    config: { ...smallest, tcpSesion: {} },
    expected: ['tcpSesion: unknown key; did you mean tcpSession?'],
  },
  {
    name: 'a key that nothing is like',
    config: { ...smallest, namespace: { zzzzzzzzzz: 1 } },
    expected: ['namespace.zzzzzzzzzz: unknown key; known are name, create'],
  },
  {
    name: 'a reversed port range',
    config: { ...smallest, tcpSession: { portRange: { start: 31_000, end: 30_000 } } },
    expected: ['tcpSession.portRange.start: the range is reversed: start 31000 is above end 30000'],
  },
  {
    name: 'a port range that is too long',
    config: { ...smallest, tcpSession: { portRange: { start: 20_000, end: 30_000 } } },
    expected: ['tcpSession.portRange.end: the range holds 10001 ports; 2048 are the limit'],
  },
  {
    name: 'a port that is none',
    config: { ...smallest, tcpSession: { portRange: { start: 0, end: '30000' } } },
    expected: [
      'tcpSession.portRange.start: expected a port from 1 to 65535, found 0',
      'tcpSession.portRange.end: expected a port from 1 to 65535, found "30000"',
    ],
  },
  {
    name: "the guide's placeholder of a URL",
    config: { ...smallest, clearml: { ...clearml, apiServerUrlReference: 'https://api.' } },
    expected: [
      'clearml.apiServerUrlReference: expected a complete URL such as https://api.clearml.example.com, found "https://api."',
    ],
  },
  {
    name: 'a placeholder in a secret, which is not quoted',
    config: { ...smallest, clearml: { ...clearml, jwksKey: '<jwks key>' } },
    expected: [
      "clearml.jwksKey: expected the key that signs ClearML's tokens, not a placeholder, found something else (not shown, since it is secret)",
    ],
  },
  {
    name: 'a section that is a text',
    config: { ...smallest, ingress: 'tasks.example.com' },
    expected: ['ingress: expected the settings of the Ingress, found "tasks.example.com"'],
  },
  {
    name: 'credentials twice',
    config: { ...smallest, clearml: { ...clearml, existingSecret: { name: 'router' } } },
    expected: ['apiServerKey', 'apiServerSecret', 'jwksKey'].map(
      (key) =>
        `clearml.${key}: given together with clearml.existingSecret, which holds it; remove one of them`,
    ),
  },
  {
    name: 'plain HTTP with a certificate',
    config: { ...smallest, ingress: { hostName: 'http://a.example.com', tlsSecretName: 'tls' } },
    expected: [
      'ingress.hostName: starts with http://, but ingress.tlsSecretName is set; write it without a scheme',
    ],
  },
];

suite('readConfig', () => {
  for (const { name, config, expected } of cases) {
    test(`tells of ${name}`, () => {
      assert.deepEqual(problems(config), expected);
    });
  }

  test('accepts the least that a stack has to say', () => {
    assert.deepEqual(problems(smallest), []);
  });

  test('demands that secrets are stored encrypted, and names the command', () => {
    const [first] = problems(smallest, undefined, false);
    assert.equal(
      first,
      'clearml.apiServerKey: stored in plain text; replace the value at its source, since it was readable, ' +
        'and encrypt it: pulumi config set --secret --path clearml.apiServerKey',
    );
  });

  test('finds one plain secret among encrypted ones, which Pulumi itself cannot tell apart', () => {
    const file: StackFile = {
      path: 'Pulumi.dev.yaml',
      config: {
        clearml: {
          apiServerKey: { secure: 'v1:abc' },
          apiServerSecret: 'SECRET-secret-key',
          jwksKey: { secure: 'v1:def' },
        },
      },
    };
    assert.deepEqual(problems(smallest, file), [
      'clearml.apiServerSecret: stored in plain text in Pulumi.dev.yaml; replace the value at its source, since it ' +
        'was readable, and encrypt it: pulumi config set --secret --path clearml.apiServerSecret',
    ]);
  });

  test('accepts a section that is encrypted as a whole', () => {
    const file: StackFile = { path: 'Pulumi.dev.yaml', config: { clearml: { secure: 'v1:abc' } } };
    assert.deepEqual(problems(smallest, file), []);
  });

  test('never quotes a secret', () => {
    const wrong = { ...clearml, apiServerSecret: 'SECRET', jwksKey: 7, extra: 'SECRET' };
    assert.doesNotMatch(
      problems({ ...smallest, clearml: wrong }, undefined, false).join(),
      /SECRET/,
    );
  });
});
