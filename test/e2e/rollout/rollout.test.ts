/** What users notice of a rollout: nothing, until the grace of the old pod ends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Stack } from '@pulumi/pulumi/automation/index.js';

import { bundleRouter } from '../../../infra/bundle/bundle.ts';
import { askCluster } from '../../../infra/cluster/facts.ts';
import { userToken } from '../../lab/clearml/client.ts';
import { exposeByService } from '../../lab/run/kubernetes/http_service.ts';
import { waitFor } from '../../lab/run/kubernetes/wait.ts';
import { openStack } from '../../lab/run/stack.ts';
import { PROJECT, STACK } from '../../lab/run/stack_config.ts';
import { stackUp } from '../../lab/run/stack_up.ts';
import { startLoad, troublesOf, type Load, type LoadReport } from '../load/load.ts';
import { routerPods, untilGone, type RouterPod } from './router_pods.ts';
import { sessionOrSkip } from '../session_or_skip.ts';

/** Seconds in which a pod that leaves still takes new work, by default; and the lab's `router.drainSeconds`. */
const SHUTDOWN_DELAY = 5;
const SHORT_DRAIN = 5;
/** A session may end this much before its time, since Kubernetes tells times in whole seconds. Milliseconds. */
const WHOLE_SECOND = 1_000;

const { signal } = new AbortController();

/** The two ways to the router: through the ingress controller, and straight from the nodes' rules. */
interface Reports {
  readonly ingress: LoadReport;
  readonly service: LoadReport;
}

test('a rollout under load', async (t) => {
  const session = await sessionOrSkip(t, 'rollout');
  if (session === undefined) return;
  const { answers, clearml, folder, stack, target, tools } = session;
  const { config } = target;
  const token = await userToken(clearml, 'alice');
  const { host, origin, pathname } = new URL(answers.endpoint);
  const tcp = { address: answers.tcpAddress, port: answers.tcpPort };
  const direct = new URL(pathname, await exposeByService(config)).href;

  // A connection that is tried before the nodes know the Service would stay without an answer.
  await waitFor(
    30,
    () =>
      fetch(direct, { signal: AbortSignal.timeout(1_000) }).then(
        ({ status }) => status,
        () => undefined,
      ),
    () => Promise.resolve(`${direct} does not answer`),
  );

  /** Runs `pulumi up` under load, which goes on until `until` says so of the pods from before. */
  async function rollOut(
    changed: Stack,
    until: (old: RouterPod) => Promise<unknown>,
  ): Promise<Reports & { steps: readonly string[]; old: readonly RouterPod[] }> {
    const before = await routerPods(config);
    const authorization = `Bearer ${token}`;
    const loads: Load[] = [];
    // However this ends: load that runs on would keep the process from ending.
    t.after(() => Promise.all(loads.map((load) => load.stop())));
    for (const targets of [
      { endpoint: answers.endpoint, headers: () => ({ authorization }), tcp },
      { endpoint: direct, headers: () => ({ authorization, host, origin }) },
    ]) {
      loads.push(await startLoad(targets));
    }
    const { steps } = await stackUp(changed, signal, () => undefined);
    const names = new Set(before.map(({ name }) => name));
    const old = (await routerPods(config)).filter(({ name }) => names.has(name));
    for (const pod of old) await until(pod);
    // What comes after is part of the rollout, too.
    await sleep(1_000);
    const [ingress, service] = await Promise.all(loads.map((load) => load.stop()));
    assert.ok(ingress !== undefined && service !== undefined);
    t.diagnostic(
      `${ingress.http.done} requests through the Ingress, ${service.http.done} through a Service, ` +
        `${ingress.connections.done} TCP connections`,
    );
    return {
      ingress,
      service,
      steps: steps.map(({ op, resource }) => `${op} ${resource}`),
      old,
    };
  }

  function assertNoneFailed({ ingress, service }: Reports): void {
    for (const report of [ingress, service]) {
      assert.deepEqual([...report.http.failures, ...report.connections.failures], []);
      assert.ok(report.http.done > 100, `${report.http.done} requests`);
    }
  }

  /** Sessions outlive the pod's leaving: it drains, and they go on. */
  async function assertNothingNoticed(changed: Stack): Promise<readonly string[]> {
    const rolled = await rollOut(changed, ({ endBegan = Date.now() }) =>
      sleep(Math.max(0, endBegan + (SHUTDOWN_DELAY + 1) * 1_000 - Date.now())),
    );
    assert.equal(rolled.old.length, 1, 'the old pod is to be there still, for its sessions');
    assert.deepEqual([...troublesOf(rolled.ingress), ...troublesOf(rolled.service)], []);
    for (const { webSockets } of [rolled.ingress, rolled.service]) {
      assert.equal(webSockets.alive, webSockets.opened);
    }
    assert.equal(rolled.ingress.tcpSessions.alive, rolled.ingress.tcpSessions.opened);
    assertNoneFailed(rolled);
    return rolled.steps;
  }

  await t.test('of config: no request fails, and sessions end with the grace', async () => {
    await stack.setAllConfig({ [`${PROJECT}:router.drainSeconds`]: { value: '60' } }, true);
    const rolled = await rollOut(stack, ({ name }) => untilGone(config, name));
    assert.deepEqual(rolled.steps, ['update Deployment task-router']);
    assertNoneFailed(rolled);
    const began = Math.min(...rolled.old.map(({ endBegan }) => endBegan ?? Number.NaN));
    const graceEnds = began + (SHUTDOWN_DELAY + SHORT_DRAIN) * 1_000;
    const { ingress, service } = rolled;
    for (const { ended, opened } of [ingress.webSockets, service.webSockets]) {
      assert.equal(ended.length, opened);
      for (const { at, how } of ended) {
        assert.match(how, /^close code 1001/);
        assert.ok(at > graceEnds - WHOLE_SECOND, `${graceEnds - at} ms before the grace ends`);
      }
    }
    assert.equal(ingress.tcpSessions.ended.length, ingress.tcpSessions.opened);
    for (const { at, how } of ingress.tcpSessions.ended) {
      assert.match(how, /ECONNRESET/);
      assert.ok(at > graceEnds - WHOLE_SECOND, `${graceEnds - at} ms before the grace ends`);
    }
  });

  await t.test('of a secret: nothing is noticed', async () => {
    const value = clearml.signingKey.raw;
    await stack.setAllConfig({ [`${PROJECT}:clearml.jwksKey`]: { value, secret: true } }, true);
    assert.deepEqual(await assertNothingNoticed(stack), [
      'create-replacement Secret task-router-credentials',
      'replace Secret task-router-credentials',
      'update Deployment task-router',
      'delete-replaced Secret task-router-credentials',
    ]);
  });

  await t.test('of the bundle: nothing is noticed', async () => {
    const other = await openStack(folder, tools, STACK, async () => {
      const { program } = await import('../../../infra/program.ts');
      const bundle = async () => `${await bundleRouter()}\n// another version\n`;
      return { ...(await program({ bundle, askCluster })) };
    });
    assert.deepEqual(await assertNothingNoticed(other), [
      'create-replacement ConfigMap task-router-code',
      'replace ConfigMap task-router-code',
      'update Deployment task-router',
      'delete-replaced ConfigMap task-router-code',
    ]);
  });

  await t.test('back to the bundle before: nothing is noticed', async () => {
    const steps = await assertNothingNoticed(stack);
    assert.ok(steps.includes('update Deployment task-router'), steps.join('\n'));
  });
});
