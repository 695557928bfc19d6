/** A stack that the first version of the program has made is taken over by this one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AppsV1Api, CoreV1Api, NetworkingV1Api } from '@kubernetes/client-node';
import { z } from 'zod';

import { userToken } from '../../lab/clearml/client.ts';
import { awaitAnswers } from '../../lab/run/samples.ts';
import { openStack } from '../../lab/run/stack.ts';
import { ROUTER_NAME, ROUTER_NAMESPACE, STACK } from '../../lab/run/stack_config.ts';
import { stackUp } from '../../lab/run/stack_up.ts';
import { firstVersion, firstVersionProgram, isObject } from './first_version.ts';
import { startLoad, troublesOf } from '../load/load.ts';
import { routerPods, untilDraining } from './router_pods.ts';
import { preparedOrSkip, type OwnRun } from '../session_or_skip.ts';
import type { Prepared } from '../../lab/run/session.ts';

const { signal } = new AbortController();

const exported = z.object({
  resources: z.array(
    z.object({ urn: z.string(), type: z.string(), inputs: z.looseObject({}).default({}) }),
  ),
});

/** Names of the inputs of every object of a state. */
function shapeOf(
  resources: readonly { urn: string; type: string; inputs: object }[],
): Record<string, string[]> {
  const objects = resources.filter(isObject);
  return Object.fromEntries(
    objects.map(({ urn, inputs }) => [urn, Object.keys(inputs).toSorted()]),
  );
}

/** What tells one object from another of the same name. */
async function identities({ target }: OwnRun<Prepared>): Promise<Record<string, string>> {
  const { config } = target;
  const [namespace, name] = [ROUTER_NAMESPACE, ROUTER_NAME];
  const core = config.makeApiClient(CoreV1Api);
  const objects = await Promise.all([
    config.makeApiClient(AppsV1Api).readNamespacedDeployment({ namespace, name }),
    config.makeApiClient(NetworkingV1Api).readNamespacedIngress({ namespace, name }),
    core.readNamespacedService({ namespace, name }),
    core.readNamespacedService({ namespace, name: `${name}-tcp` }),
    core.readNamespace({ name: namespace }),
  ]);
  return Object.fromEntries(
    objects.map(({ kind = '', metadata }) => [`${kind} ${metadata?.name}`, metadata?.uid ?? '']),
  );
}

test('from the first version to this one', async (t) => {
  const run = await preparedOrSkip(t, 'upgrade');
  if (run === undefined) return;
  const { clearml, folder, samples, stack, target, tools } = run;
  const block = /^\d+\.\d+\./.exec(target.hostAddress)?.[0] ?? '';
  const first = await openStack(folder, tools, STACK, firstVersionProgram(run, block));
  await stackUp(first, signal, () => undefined);

  await t.test('the state is that of the first version', async () => {
    const { deployment } = await first.exportStack();
    const { resources } = exported.parse(deployment);
    assert.deepEqual(shapeOf(resources), shapeOf(await firstVersion()));
  });

  const tcpAddress = `${block}1.1`;
  const { endpoint, tcpPort } = await awaitAnswers(clearml, samples, tcpAddress);
  const before = await identities(run);
  const authorization = `Bearer ${await userToken(clearml, 'alice')}`;
  const load = await startLoad({
    endpoint,
    headers: () => ({ authorization }),
    tcp: { address: tcpAddress, port: tcpPort },
  });
  t.after(() => load.stop());
  const [old] = await routerPods(target.config);
  const { steps } = await stackUp(stack, signal, () => undefined);
  await untilDraining(target.config, old?.name ?? '');
  const report = await load.stop();

  await t.test('only what is named by its content is replaced', () => {
    t.diagnostic(steps.map(({ op, resource }) => `${op} ${resource}`).join(', '));
    const replaced = steps.filter(({ op }) => !['create', 'update', 'same'].includes(op));
    assert.deepEqual(
      [...new Set(replaced.map(({ resource }) => resource))],
      ['ConfigMap task-router-code'],
    );
  });

  await t.test('Deployment, Services, Ingress and namespace are the same objects', async () => {
    assert.deepEqual(await identities(run), before);
  });

  await t.test('traffic flows before, during and after', () => {
    assert.deepEqual(report.http.failures, []);
    assert.deepEqual(report.connections.failures, []);
    assert.deepEqual(troublesOf(report), []);
    assert.ok(report.http.done > 100, `${report.http.done} requests`);
  });

  await t.test('a second pulumi up changes nothing', async () => {
    const again = await stackUp(stack, signal, () => undefined);
    assert.deepEqual(Object.keys(again.changes), ['same']);
  });

  await t.test('the router still answers as before', async () => {
    const answers = await awaitAnswers(clearml, samples, tcpAddress);
    assert.deepEqual(answers, { endpoint, tcpAddress, tcpPort });
  });
});
