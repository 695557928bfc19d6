/** The program, the engine, a cluster, the SDK and the router together: from `pulumi up` to `pulumi destroy`. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { test } from 'node:test';

import { AppsV1Api, CoreV1Api } from '@kubernetes/client-node';
import type { Stack } from '@pulumi/pulumi/automation/index.js';

import { run } from '../../lab/command.ts';
import { checksOf } from '../../lab/run/checks.ts';
import { nextSteps } from '../../lab/run/next_steps.ts';
import { UNATTENDED } from '../../lab/run/options.ts';
import { awaitAnswers } from '../../lab/run/samples.ts';
import { startSession, type Session } from '../../lab/run/session.ts';
import { openStack } from '../../lab/run/stack.ts';
import { PROJECT, ROUTER_NAME, ROUTER_NAMESPACE, STACK } from '../../lab/run/stack_config.ts';
import { stackUp } from '../../lab/run/stack_up.ts';
import { removeRun } from '../../lab/run/teardown.ts';
import { WorkFolder } from '../../lab/run/work_folder.ts';
import { toolsOrSkip } from '../availability.ts';
import { linesOf } from '../progress_lines.ts';

const folder = new WorkFolder(resolve(import.meta.dirname, '../../../.work/e2e'));
const { signal } = new AbortController();

function up(stack: Stack) {
  return stackUp(stack, signal, () => undefined);
}

/** All checks that a person's run makes, in one go. */
async function checkTraffic(session: Session): Promise<void> {
  for (const { title, perform } of checksOf(session, await nextSteps(session))) {
    await assert.doesNotReject(perform(), title);
  }
}

/** Everything in the cluster that bears the router's labels, and its namespace. */
async function leftInCluster(
  { target, tools }: Session,
  kubeconfig: string,
): Promise<readonly string[]> {
  assert.ok('path' in tools.kubectl);
  const { path } = tools.kubectl;
  const kubectl = async (...args: string[]): Promise<string[]> =>
    (await run(path, ['--kubeconfig', kubeconfig, '--context', target.context, ...args]))
      .split('\n')
      .filter((line) => line !== '');
  const kinds = await kubectl('api-resources', '--verbs=list', '--output=name');
  const readable = kinds.filter((kind) => !/^(events|componentstatuses)/.test(kind));
  const selector = `app.kubernetes.io/name=${PROJECT}`;
  const labelled = await kubectl('get', readable.join(','), '-A', '-l', selector, '--output=name');
  const namespaces = await kubectl('get', 'namespaces', '--output=name');
  return [...labelled, ...namespaces.filter((name) => name.endsWith(`/${ROUTER_NAMESPACE}`))];
}

async function podNames({ target }: Session): Promise<readonly string[]> {
  const pods = await target.config.makeApiClient(CoreV1Api).listNamespacedPod({
    namespace: ROUTER_NAMESPACE,
    labelSelector: `app.kubernetes.io/instance=${ROUTER_NAME}`,
  });
  return pods.items
    .filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata?.name ?? '');
}

test('from pulumi up to pulumi destroy', async (t) => {
  const tools = await toolsOrSkip(t);
  if (tools === undefined) return;
  await removeRun(folder, () => undefined);
  t.after(() => removeRun(folder, () => undefined));
  const session = await startSession({
    options: UNATTENDED,
    folder,
    progress: linesOf(t),
    signal,
  });
  t.after(() => session.stop());
  const { stack, clearml, samples, target } = session;

  for (const { title, perform } of checksOf(session, await nextSteps(session))) {
    await t.test(title, perform);
  }

  await t.test('a second pulumi up changes nothing', async () => {
    const { changes } = await up(stack);
    assert.deepEqual(Object.keys(changes), ['same']);
  });

  await t.test('another port range rolls out, and the TCP task moves into it', async () => {
    const before = await podNames(session);
    await stack.setAllConfig(
      {
        [`${PROJECT}:tcpSession.portRange.start`]: { value: '30420' },
        [`${PROJECT}:tcpSession.portRange.end`]: { value: '30424' },
      },
      true,
    );
    const { changes } = await up(stack);
    assert.ok((changes['update'] ?? 0) >= 2, JSON.stringify(changes));
    assert.equal(
      (await podNames(session)).some((name) => before.includes(name)),
      false,
    );
    const service = await target.config.makeApiClient(CoreV1Api).readNamespacedService({
      namespace: ROUTER_NAMESPACE,
      name: `${ROUTER_NAME}-tcp`,
    });
    assert.deepEqual(
      service.spec?.ports?.map(({ port }) => port),
      [30420, 30421, 30422, 30423, 30424],
    );
    const answers = await awaitAnswers(clearml, samples, session.answers.tcpAddress, {
      start: 30420,
      end: 30424,
    });
    await checkTraffic({ ...session, answers });
  });

  await t.test("a rotated key of ClearML's rolls out", async () => {
    const { answers } = session;
    clearml.rotateSecret();
    await stack.setAllConfig(
      { [`${PROJECT}:clearml.jwksKey`]: { value: clearml.signingKey.raw, secret: true } },
      true,
    );
    const { changes } = await up(stack);
    assert.ok((changes['replace'] ?? 0) >= 1, JSON.stringify(changes));
    const current = await awaitAnswers(clearml, samples, answers.tcpAddress, {
      start: 30420,
      end: 30424,
    });
    await checkTraffic({ ...session, answers: current });
  });

  await t.test('the state holds no secret in plain text', async () => {
    // The file itself: an export through the Automation API decrypts.
    const file = resolve(folder.pulumi, 'backend/.pulumi/stacks', PROJECT, `${STACK}.json`);
    const text = await readFile(file, 'utf8');
    assert.ok(text.includes(ROUTER_NAMESPACE));
    for (const secret of ['lab-router-secret', clearml.signingKey.raw]) {
      for (const form of [secret, Buffer.from(secret).toString('base64')]) {
        assert.equal(text.includes(form), false, `found ${form}`);
      }
    }
  });

  await t.test('a wrong config names every problem and creates nothing', async () => {
    const wrong = await openStack(folder, tools, 'wrong');
    await wrong.setAllConfig(
      {
        [`${PROJECT}:clearml.apiServerUrlReference`]: { value: clearml.url },
        [`${PROJECT}:clearml.apiServerSecret`]: { value: 'in plain text' },
        [`${PROJECT}:ingress.hostNme`]: { value: 'router.example.com' },
        [`${PROJECT}:tcpSession.portRange.start`]: { value: '30010' },
        [`${PROJECT}:tcpSession.portRange.end`]: { value: '30000' },
        [`${PROJECT}:kubernetes.context`]: { value: target.context },
      },
      true,
    );
    const script = resolve(import.meta.dirname, 'up_process.ts');
    const upAnyway = ['-c', '"$@" || true', '-', process.execPath, script, folder.path, 'wrong'];
    const shown = await run('bash', upAnyway);
    for (const problem of [
      /clearml\.apiServerKey: missing/,
      /clearml\.jwksKey: missing/,
      /clearml\.apiServerSecret: stored in plain text/,
      /ingress\.hostNme: .*hostName/,
      /tcpSession\.portRange\.start: the range is reversed/,
    ]) {
      assert.match(shown, problem);
    }
    assert.doesNotMatch(shown, /^\s+at /m, 'a stack trace');
    const { deployment } = await wrong.exportStack();
    const resources = (deployment as { resources?: readonly { type: string }[] }).resources ?? [];
    assert.deepEqual(
      resources.filter(({ type }) => type !== 'pulumi:pulumi:Stack'),
      [],
    );
  });

  await t.test('pulumi destroy leaves nothing in the cluster', async () => {
    const kubeconfig = resolve(folder.cluster, 'kubeconfig');
    assert.notDeepEqual(await leftInCluster(session, kubeconfig), []);
    await stack.destroy();
    assert.deepEqual(await leftInCluster(session, kubeconfig), []);
    const deployments = await target.config
      .makeApiClient(AppsV1Api)
      .listDeploymentForAllNamespaces();
    assert.deepEqual(deployments.items, []);
  });
});
