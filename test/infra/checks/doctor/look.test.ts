import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';

import { type Look, lookAtCluster } from '../../../../infra/checks/doctor/look.ts';
import { neededApis } from '../../../../infra/checks/doctor/needs.ts';
import { type Answers, clusterAnswering, Refusal } from '../../cluster/stand_in.ts';
import { parsedConfig } from '../../parsed_config.ts';
import { answersOf, recordedClusters } from '../../platform/clusters.ts';
import { smallest } from '../../stacks.ts';
import { linesOf } from '../find.ts';

async function lookAt(context: TestContext, answers: Answers): Promise<Look> {
  const { kubeConfig } = await clusterAnswering(context, answers);
  return lookAtCluster(parsedConfig(smallest), kubeConfig);
}

suite("the doctor's look at the platform", () => {
  test('takes defaults from it, as the program does', async (context) => {
    const { checks, config } = await lookAt(context, answersOf(recordedClusters.gke));
    assert.deepEqual((await linesOf(checks)).lines, [
      '✔ platform: Google GKE: its version is v1.33.4-gke.1245000',
    ]);
    assert.deepEqual(neededApis(config), ['cloud.google.com/v1/backendconfigs']);
  });

  test('names the keys that have to say what was not told', async (context) => {
    const { checks } = await lookAt(context, {
      ...answersOf(recordedClusters.gke),
      '/apis/networking.k8s.io/v1/ingressclasses': new Refusal(403, 'forbidden'),
    });
    assert.deepEqual((await linesOf(checks)).lines, [
      '✖ platform: ingress.controller: missing, and the cluster could not be asked what serves the ingress class (ingress classes: ' +
        '403 forbidden). ' +
        'Name it: pulumi config set --path ingress.controller nginx',
      '    Set the keys that it names.',
    ]);
  });

  test('says nothing of a cluster that does not answer', async (context) => {
    const { checks, facts } = await lookAt(context, { '/version': new Refusal(503, 'starting') });
    assert.deepEqual(checks, []);
    assert.equal(facts.version, undefined);
  });
});
