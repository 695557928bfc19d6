import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { parseVersion } from '../../../infra/cluster/version.ts';
import { drainWarnings } from '../../../infra/advice/drain.ts';
import { settledConfig } from '../settled_config.ts';
import { smallest } from '../stacks.ts';

type Raw = Readonly<Record<string, unknown>>;

function problemOf(config: Raw, gitVersion: string): string {
  try {
    const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
    settledConfig({ ...smallest, ...config }, { gitVersion, version: parseVersion(major, minor) });
    return '';
  } catch (error) {
    return (error as Error).message.split('\n')[1]?.trim() ?? '';
  }
}

suite('what a cluster refuses or drops', () => {
  test('a certificate of an OpenShift Route before 4.19', () => {
    const route = {
      openshiftRoute: { enabled: true },
      ingress: { hostName: 'tasks.example.com', tlsSecretName: 'tasks-tls' },
    };
    assert.equal(
      problemOf(route, 'v1.31.9'),
      "ingress.tlsSecretName: needs OpenShift 4.19 (Kubernetes 1.32), and the cluster runs Kubernetes 1.31, whose Routes refer to no Secret; remove this and write ingress.hostName with https://, and the cluster's own certificate serves it",
    );
    assert.equal(problemOf(route, 'v1.32.5'), '');
    const bare = { ...route, ingress: { hostName: 'https://tasks.example.com' } };
    assert.equal(problemOf(bare, 'v1.31.9'), '');
  });

  test('the priority classes of the system, outside of kube-system on GKE', () => {
    const pod = { priorityClassName: 'system-cluster-critical' };
    assert.equal(
      problemOf({ pod }, 'v1.33.4-gke.1000'),
      'pod.priorityClassName: Google GKE refuses pods of system-cluster-critical outside of kube-system; name another class, or a namespace that exists (namespace.create false) with a ResourceQuota for that class',
    );
    assert.equal(problemOf({ pod }, 'v1.33.4'), '');
    assert.equal(problemOf({ pod: { priorityClassName: 'high' } }, 'v1.33.4-gke.1000'), '');
    const namespace = { name: 'clearml', create: false };
    assert.equal(problemOf({ pod, namespace }, 'v1.33.4-gke.1000'), '');
  });

  test('sessions that outlive what an autoscaler waits for', () => {
    const warnings = (drainSeconds: number): readonly string[] =>
      drainWarnings(settledConfig({ ...smallest, router: { drainSeconds } }));
    assert.deepEqual(warnings(595), []);
    assert.deepEqual(warnings(600), [
      'A pod that ends takes 605 seconds (router.drainSeconds and the delay before it), but an autoscaler of nodes that removes its ' +
        'node ends it after 600, unless it was told otherwise (max-graceful-termination-sec).',
    ]);
  });
});
