import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { ofKind, runStack, stepsOf, type StackRun } from '../../stack_run.ts';
import { smallest } from '../../stacks.ts';

const LOAD_BALANCER = 'alb.ingress.kubernetes.io/load-balancer-attributes';
const TARGETS = 'alb.ingress.kubernetes.io/target-group-attributes';

/** A part of the one object of a kind. */
function partOf(run: StackRun, kind: string, part: 'metadata' | 'spec'): Record<string, unknown> {
  return ofKind(run, kind)[0]?.inputs[part] as Record<string, unknown>;
}

async function attributes(annotations: object, router: object = {}): Promise<unknown[]> {
  const ingress = { ...smallest.ingress, className: 'alb', annotations };
  const run = await runStack({ ...smallest, ingress, router });
  const metadata = partOf(run, 'networking.k8s.io/v1:Ingress', 'metadata');
  const found = metadata['annotations'] as Record<string, string>;
  return [found[LOAD_BALANCER], found[TARGETS]];
}

suite('an ALB', () => {
  test('keeps quiet connections for an hour, and those of a pod that ends as long as the pod does', async () => {
    assert.deepEqual(await attributes({}), [
      'idle_timeout.timeout_seconds=3600',
      'deregistration_delay.timeout_seconds=330',
    ]);
    assert.deepEqual(await attributes({}, { drainSeconds: 7200 }), [
      'idle_timeout.timeout_seconds=3600',
      'deregistration_delay.timeout_seconds=3600',
    ]);
  });

  test('has the attributes of config beside them, which win key by key', async () => {
    const given = {
      [LOAD_BALANCER]: 'access_logs.s3.enabled=true, access_logs.s3.bucket=logs',
      [TARGETS]: 'deregistration_delay.timeout_seconds = 20,slow_start.duration_seconds=30',
    };
    assert.deepEqual(await attributes(given), [
      'idle_timeout.timeout_seconds=3600,access_logs.s3.enabled=true,access_logs.s3.bucket=logs',
      'deregistration_delay.timeout_seconds = 20,slow_start.duration_seconds=30',
    ]);
  });

  const alb = { ...smallest, ingress: { ...smallest.ingress, className: 'alb' } };
  const gate = 'elbv2.k8s.aws/pod-readiness-gate-inject';
  const step =
    "Let new pods count as ready only once AWS's load balancer reaches them: kubectl label namespace clearml " +
    'elbv2.k8s.aws/pod-readiness-gate-inject=enabled; the pods of the next rollout have it.';

  test('says by a readiness gate that it reaches a pod, in a namespace that is made here', async () => {
    const labelsOf = async (more: object): Promise<unknown> => {
      const run = await runStack({ ...alb, ...more });
      assert.ok(!stepsOf(run).includes(step));
      return partOf(run, 'core/v1:Namespace', 'metadata')['labels'];
    };
    assert.deepEqual(await labelsOf({}), { [gate]: 'enabled' });
    assert.deepEqual(await labelsOf({ namespace: { labels: { [gate]: 'disabled', a: 'b' } } }), {
      [gate]: 'disabled',
      a: 'b',
    });
    assert.equal(await labelsOf({ ingress: smallest.ingress }), undefined);
  });

  test('has its namespace labelled by hand where that is not made here', async () => {
    const run = await runStack({ ...alb, namespace: { name: 'clearml', create: false } });
    assert.ok(stepsOf(run).includes(step), stepsOf(run).join('\n'));
    const others = await runStack({ ...smallest, namespace: { name: 'clearml', create: false } });
    assert.ok(!stepsOf(others).includes(step));
  });

  test('has half a minute to find a new pod before an old one ends', async () => {
    const secondsOf = async (config: Readonly<Record<string, unknown>>): Promise<unknown> => {
      return partOf(await runStack(config), 'apps/v1:Deployment', 'spec')['minReadySeconds'];
    };
    assert.equal(await secondsOf(alb), 30);
    assert.equal(await secondsOf(smallest), undefined);
  });
});
