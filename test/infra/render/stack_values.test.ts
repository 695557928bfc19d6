import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { stackConfig } from '../../../infra/config/reading/schema.ts';
import { valuesOfSecrets } from '../../../infra/render/existing_secrets.ts';
import { stackValues } from '../../../infra/render/stack_values.ts';
import { folderOf, valuesFromFile } from './stacks_without_secrets.ts';

const encrypted = { secure: 'v1:abc' };

const withSecrets = {
  clearml: {
    apiServerUrlReference: 'https://api.clearml.example.com',
    apiServerKey: encrypted,
    serverSecret: {},
    proxy: { url: 'http://proxy.example.com', username: 'router', password: encrypted },
  },
  imageCredentials: { password: 'in plain text' },
  ingress: { hostName: encrypted },
  tls: { certificate: '-----BEGIN CERTIFICATE-----', privateKey: encrypted },
  router: { secret: encrypted },
  tcpSession: { portRange: { start: 31_000, end: 30_000 } },
  kubernetes: { context: 'test', kubeconfig: encrypted },
};

const inSecret = (key: string, namedBy: string): string =>
  `  ${key}: has to lie in a Secret that exists in the router's namespace; name that by ${namedBy}, and leave this out`;

suite('the values of a stack that is rendered', () => {
  test('lack every secret, and all that is wrong is told at once', (t) => {
    assert.throws(() => valuesFromFile(t, withSecrets), {
      code: 'config-invalid',
      message: [
        'The config of stack test has 11 problems; nothing was changed.',
        '  ingress.hostName: is encrypted, and nothing is decrypted here; write it in plain text, if it is no secret',
        inSecret('clearml.apiServerKey', 'clearml.existingSecret'),
        inSecret('clearml.apiServerSecret', 'clearml.existingSecret'),
        inSecret('clearml.jwksKey', 'clearml.existingSecret'),
        inSecret('clearml.proxy.password', 'clearml.proxy.existingSecret'),
        inSecret('imageCredentials.password', 'imageCredentials.existingImagePullSecrets'),
        inSecret('tls.privateKey', 'ingress.tlsSecretName'),
        inSecret('router.secret', 'router.existingSecret'),
        "  clearml.serverSecret: its key would be copied into a file; name a Secret in the router's namespace by clearml.existingSecret, and leave this out",
        '  tcpSession.routerAddress: missing; the address that TCP users connect to cannot be taken from the load balancer here: name one, or a DNS name that will lead to it',
        '  tcpSession.portRange.start: the range is reversed: start 31000 is above end 30000',
        'infra/README.md lists every key.',
      ].join('\n'),
    });
  });

  test('tell of a file that is not there', (t) => {
    assert.throws(
      () => stackValues({ root: folderOf(t), project: 'task-traffic-router', stack: 'no' }),
      {
        code: 'config-invalid',
        message: 'There is no file Pulumi.no.yaml.',
      },
    );
  });

  test('have a key in place of each secret', () => {
    for (const [path, namedBy] of valuesOfSecrets) {
      const [section = '', ...keys] = namedBy.split('.');
      const shape = stackConfig.shape as Readonly<Record<string, unknown>>;
      assert.ok(section in shape && keys.length > 0, `${path.join('.')}: ${namedBy}`);
    }
  });
});
