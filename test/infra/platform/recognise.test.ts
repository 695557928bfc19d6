import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { settledConfig } from '../settled_config.ts';
import { smallest } from '../stacks.ts';

suite('the platform of a stack', () => {
  test('is the one that config names', () => {
    const config = { ...smallest, kubernetes: { context: 'test', platform: 'aks' } };
    const { found } = settledConfig(config, { gitVersion: 'v1.33.4-gke.1000' });
    assert.equal(found.platform.name, 'aks');
    assert.equal(found.reason, 'kubernetes.platform says so');
  });

  test('has to be named where the cluster could not be asked', () => {
    assert.throws(() => settledConfig(smallest, { nodes: undefined, trouble: '403 forbidden' }), {
      code: 'config-invalid',
      message:
        'The config of stack test has one problem; nothing was changed.\n' +
        '  kubernetes.platform: missing, and the cluster could not be asked what it is (403 forbidden). Name it: ' +
        'pulumi config set --path kubernetes.platform other (or eks, gke, aks, openshift, k3s, microk8s)\n' +
        'infra/README.md lists every key.',
    });
  });
});
