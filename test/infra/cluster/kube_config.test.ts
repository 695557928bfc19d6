import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { kubeConfigOf } from '../../../infra/cluster/kube_config.ts';

const kubeconfig = JSON.stringify({
  clusters: ['a', 'b'].map((name) => ({
    name,
    cluster: { server: `https://${name}.example.com` },
  })),
  users: [{ name: 'me', user: { token: 'SECRET-token' } }],
  contexts: ['a', 'b'].map((name) => ({ name, context: { cluster: name, user: 'me' } })),
});

const wrong: readonly (readonly [
  name: string,
  kubeconfig: string | undefined,
  context: string | undefined,
  message: string,
])[] = [
  [
    'a context that is not there',
    kubeconfig,
    'prod',
    'kubernetes.context: kubernetes.kubeconfig has no context prod; its contexts are a, b. Nothing was changed. Name the one of ' +
      'your cluster: pulumi config set --path kubernetes.context a',
  ],
  [
    'a kubeconfig without a current context',
    kubeconfig,
    undefined,
    'kubernetes.context: kubernetes.kubeconfig has no current context; its contexts are a, b. Nothing was changed. Name the one ' +
      'of your cluster: pulumi config set --path kubernetes.context a',
  ],
  [
    'a kubeconfig without contexts',
    '{}',
    'prod',
    'kubernetes.context: kubernetes.kubeconfig has no context prod; its contexts are none. Nothing was changed. Name the one of ' +
      'your cluster: pulumi config set --path kubernetes.context NAME',
  ],
  [
    'a text that is no kubeconfig, and is not quoted',
    '{ "SECRET": ',
    'prod',
    'kubernetes.kubeconfig: is no kubeconfig, as YAML or as JSON. Nothing was changed.',
  ],
];

suite('kubeConfigOf', () => {
  test('takes the context that config names, from YAML or from one line of JSON', () => {
    const config = kubeConfigOf({ kubeconfig, context: 'b' });
    assert.equal(config.getCurrentCluster()?.server, 'https://b.example.com');
  });

  for (const [name, content, context, message] of wrong) {
    test(`refuses ${name}`, () => {
      assert.throws(() => kubeConfigOf({ kubeconfig: content, context }), {
        code: 'config-invalid',
        message,
      });
    });
  }

  test('names the files of kubectl where they have no such context', (t) => {
    const before = process.env['KUBECONFIG'];
    t.after(() => {
      if (before === undefined) delete process.env['KUBECONFIG'];
      else process.env['KUBECONFIG'] = before;
    });
    process.env['KUBECONFIG'] = '/nowhere/config';
    assert.throws(() => kubeConfigOf({ kubeconfig: undefined, context: 'prod' }), {
      code: 'config-invalid',
      message:
        'kubernetes.context: the kubeconfig (KUBECONFIG or ~/.kube/config) cannot be read: ENOENT: no such file or directory, ' +
        "open '/nowhere/config'. Nothing was changed.",
    });
  });

  test('names no context where there is no kubeconfig', (t) => {
    const before = { ...process.env };
    t.after(() => {
      process.env = before;
    });
    process.env = { ...before, HOME: '/nowhere' };
    delete process.env['KUBECONFIG'];
    assert.throws(() => kubeConfigOf({ kubeconfig: undefined, context: 'prod' }), {
      message:
        'kubernetes.context: the kubeconfig (KUBECONFIG or ~/.kube/config) has no context prod; its contexts are none. Nothing was ' +
        'changed. Name the one of your cluster: pulumi config set --path kubernetes.context NAME',
    });
  });
});
