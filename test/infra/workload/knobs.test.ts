import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { valueAt } from '../../../infra/config/values/value_at.ts';
import { ofKind, runStack, someCluster, type StackRun } from '../stack_run.ts';
import { smallest } from '../stacks.ts';

function podOf(run: StackRun): Record<string, unknown> {
  const [deployment] = ofKind(run, 'apps/v1:Deployment');
  return valueAt(deployment?.inputs, ['spec', 'template', 'spec']) as Record<string, unknown>;
}

function containerOf(run: StackRun): Record<string, unknown> {
  return valueAt(podOf(run), ['containers', '0']) as Record<string, unknown>;
}

suite('keys of the pods', () => {
  test('take values of the environment from other objects, before the texts that may name them', async () => {
    const valueFrom = { fieldRef: { fieldPath: 'spec.nodeName' } };
    const envFrom = [{ secretRef: { name: 'more' } }];
    const run = await runStack({
      ...smallest,
      pod: { env: { TZ: 'UTC', NODE_NAME: { valueFrom } }, envFrom },
    });
    const container = containerOf(run);
    const [first, second] = container['env'] as object[];
    assert.deepEqual(
      [first, second],
      [
        { name: 'NODE_NAME', valueFrom },
        { name: 'TZ', value: 'UTC' },
      ],
    );
    assert.deepEqual(container['envFrom'], envFrom);
  });

  test('take no setting, proxy or option of Node from where nobody sees it', async () => {
    const hostile = {
      AUTH_ENABLED: 'false',
      AUTH_DISABLED_ACKNOWLEDGED: 'true',
      TRUSTED_PROXIES_FILE: '/tmp/other',
      POLL_INTERVAL: '9',
      HTTPS_PROXY: 'http://192.0.2.66',
      https_proxy: 'http://192.0.2.66',
      NODE_OPTIONS: '--require=/tmp/other.js',
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
    };
    const environmentOf = async (pod: object): Promise<Record<string, unknown>> => {
      const variables = containerOf(await runStack({ ...smallest, pod }))['env'];
      const all = variables as { name: string; value?: unknown; valueFrom?: unknown }[];
      assert.equal(new Set(all.map(({ name }) => name)).size, all.length);
      return Object.fromEntries(
        all.map(({ name, value, valueFrom }) => [name, value ?? valueFrom]),
      );
    };
    const source = { configMapRef: { name: 'more' } };
    const valueFrom = { configMapKeyRef: { name: 'more', key: 'POLL_INTERVAL' } };
    const kept = await environmentOf({ envFrom: [source], env: { POLL_INTERVAL: { valueFrom } } });
    assert.deepEqual(
      Object.keys(hostile).map((name) => [name, kept[name]]),
      Object.keys(hostile).map((name) => [name, name === 'POLL_INTERVAL' ? valueFrom : '']),
    );
    const plain = await environmentOf({});
    for (const name of Object.keys(plain)) assert.deepEqual(kept[name], plain[name], name);
    const behind = await environmentOf({ envFrom: [{ ...source, prefix: 'MORE_' }] });
    assert.deepEqual(Object.keys(behind), Object.keys(plain));
    const begun = await environmentOf({ envFrom: [{ ...source, prefix: 'NODE_O' }] });
    assert.deepEqual(
      Object.keys(begun).filter((name) => !(name in plain)),
      ['NODE_OPTIONS'],
    );
  });

  test('change the times of a probe and not what it asks', async () => {
    const run = await runStack({ ...smallest, pod: { livenessProbe: { periodSeconds: 60 } } });
    assert.deepEqual(containerOf(run)['livenessProbe'], {
      httpGet: { path: '/healthz', port: 'health' },
      timeoutSeconds: 3,
      periodSeconds: 60,
      failureThreshold: 3,
    });
  });

  test('name hosts and servers of DNS', async () => {
    const names = {
      hostAliases: [{ ip: '192.0.2.1', hostnames: ['api.clearml.example.com'] }],
      dnsPolicy: 'None',
      dnsConfig: { nameservers: ['192.0.2.53'] },
    };
    const { dnsConfig, dnsPolicy, hostAliases } = podOf(
      await runStack({ ...smallest, pod: names }),
    );
    assert.deepEqual({ dnsConfig, dnsPolicy, hostAliases }, names);
  });

  test('name the service account, which gets annotations and the rights', async () => {
    const annotations = { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/router' };
    const run = await runStack({ ...smallest, serviceAccount: { name: 'other', annotations } });
    assert.equal(podOf(run)['serviceAccountName'], 'other');
    const [account] = ofKind(run, 'core/v1:ServiceAccount');
    assert.deepEqual(valueAt(account?.inputs, ['metadata', 'annotations']), annotations);
    const [binding] = ofKind(run, 'rbac.authorization.k8s.io/v1:RoleBinding');
    assert.equal(valueAt(binding?.inputs, ['subjects', '0', 'name']), 'other');
  });

  test('take an account that exists, and give no token to a router that asks the API nothing', async () => {
    const run = await runStack({
      ...smallest,
      availability: { leaderElection: false },
      serviceAccount: { create: false, name: 'existing' },
    });
    const { automountServiceAccountToken, serviceAccountName } = podOf(run);
    assert.deepEqual([serviceAccountName, automountServiceAccountToken], ['existing', false]);
    assert.deepEqual(ofKind(run, 'core/v1:ServiceAccount'), []);
  });
});

suite('the autoscaler', () => {
  const autoscaling = { maxReplicas: 3, targetMemoryUtilizationPercentage: 80, behavior: {} };
  for (const [minor, api] of [
    [22, 'autoscaling/v2beta2'],
    [23, 'autoscaling/v2'],
  ] as const) {
    test(`measures memory by ${api} in Kubernetes 1.${minor}`, async () => {
      const facts = { ...someCluster, version: { major: 1, minor } };
      const run = await runStack({ ...smallest, availability: { autoscaling } }, { facts });
      const [object] = ofKind(run, `${api}:HorizontalPodAutoscaler`);
      const target = (averageUtilization: number) => ({ type: 'Utilization', averageUtilization });
      assert.deepEqual(valueAt(object?.inputs, ['spec', 'metrics']), [
        { type: 'Resource', resource: { name: 'cpu', target: target(70) } },
        { type: 'Resource', resource: { name: 'memory', target: target(80) } },
      ]);
      assert.deepEqual(valueAt(object?.inputs, ['spec', 'behavior']), {});
    });
  }
});

suite('keys of all objects', () => {
  test('label and annotate each, and the pods, without a word on the selectors', async () => {
    const run = await runStack({
      ...smallest,
      commonLabels: { team: 'ml' },
      commonAnnotations: { contact: 'ml@example.com' },
    });
    const objects = run.resources.filter(({ type }) => type.startsWith('kubernetes:'));
    assert.ok(objects.length > 8);
    for (const { inputs, name } of objects) {
      assert.equal(valueAt(inputs, ['metadata', 'labels', 'team']), 'ml', name);
      assert.equal(valueAt(inputs, ['metadata', 'annotations', 'contact']), 'ml@example.com', name);
    }
    const [deployment] = ofKind(run, 'apps/v1:Deployment');
    const template = ['spec', 'template', 'metadata'];
    assert.equal(valueAt(deployment?.inputs, [...template, 'labels', 'team']), 'ml');
    assert.equal(valueAt(deployment?.inputs, [...template, 'annotations']), undefined);
    assert.doesNotMatch(JSON.stringify(valueAt(deployment?.inputs, ['spec', 'selector'])), /team/);
  });

  test('leave lists alone, also those with several items of one key', async () => {
    const hostAliases = ['a.example.com', 'b.example.com'].map((name) => ({
      ip: '192.0.2.1',
      hostnames: [name],
    }));
    const ports = ['UDP', 'TCP'].map((protocol) => ({ name: protocol, port: 53, protocol }));
    const run = await runStack({
      ...smallest,
      commonLabels: { team: 'ml' },
      pod: { hostAliases },
      extraObjects: [
        { apiVersion: 'v1', kind: 'Service', metadata: { name: 'dns' }, spec: { ports } },
      ],
    });
    const [deployment] = ofKind(run, 'apps/v1:Deployment');
    const path = ['spec', 'template', 'spec', 'hostAliases'];
    assert.deepEqual(valueAt(deployment?.inputs, path), hostAliases);
    const service = run.resources.find(({ name }) => name === 'task-router-service-dns');
    assert.deepEqual(valueAt(service?.inputs, ['spec', 'ports']), ports);
  });

  test('make further objects of one name in two namespaces', async () => {
    const inOther = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'b', namespace: 'a' },
    };
    const own = { ...inOther, metadata: { name: 'a-b' } };
    const run = await runStack({ ...smallest, extraObjects: [inOther, own] });
    const made = run.resources.filter(({ name }) => name.startsWith('task-router-configmap-'));
    assert.equal(new Set(made.map(({ name }) => name)).size, 2);
  });

  test('make further objects by the same provider, transforms and labels', async () => {
    const run = await runStack({
      ...smallest,
      commonLabels: { team: 'ml' },
      extraObjects: [
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { b: 'c' } },
        { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'a', namespace: 'b' } },
        { apiVersion: 'example.com/v1', kind: 'Other', metadata: { name: 'a', namespace: '' } },
        { apiVersion: 'cert-manager.io/v1', kind: 'ClusterIssuer', metadata: { name: 'a' } },
      ],
      transforms: [{ kind: 'Thing', patch: { spec: { size: 2 } } }],
    });
    const made = run.resources.filter(({ name }) =>
      /-(configmap|thing|other|clusterissuer)-/.test(name),
    );
    for (const { provider } of made) assert.match(provider ?? '', /::cluster::/);
    const labels = { team: 'ml' };
    assert.deepEqual(
      made.map(({ name, inputs: { data, metadata, spec } }) => ({ name, data, metadata, spec })),
      [
        {
          name: 'task-router-configmap-a',
          data: { b: 'c' },
          metadata: { name: 'a', namespace: 'task-traffic-router', labels },
          spec: undefined,
        },
        {
          name: 'task-router-thing-b/a',
          data: undefined,
          metadata: { name: 'a', namespace: 'b', labels },
          spec: { size: 2 },
        },
        ...['other', 'clusterissuer'].map((kind) => ({
          name: `task-router-${kind}-a`,
          data: undefined,
          metadata: { name: 'a', labels },
          spec: undefined,
        })),
      ].toSorted((one, two) => order(made, one.name) - order(made, two.name)),
    );
    assert.equal(made[0]?.type.startsWith('kubernetes:'), true);
    assert.equal(
      ofKind(run, 'core/v1:ConfigMap').some(({ name }) => name === 'task-router-configmap-a'),
      true,
    );
  });
});

/** Objects are registered as soon as what they wait for is there, in no order of their own. */
function order(made: StackRun['resources'], name: string): number {
  return made.findIndex((object) => object.name === name);
}
