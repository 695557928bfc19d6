/** An HTTPRoute of the Gateway API carries HTTP and WebSockets from a real Gateway to the router. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { CustomObjectsApi } from '@kubernetes/client-node';
import { request } from 'undici';
import { z } from 'zod';

import { taskWhen } from '../../lab/clearml/asks.ts';
import { userToken } from '../../lab/clearml/client.ts';
import { textOf } from '../../lab/clearml/document.ts';
import { Daemons } from '../../lab/cluster/processes/daemons.ts';
import { installCustomKinds } from '../../lab/cluster/components/install_custom_kinds.ts';
import { readState } from '../../lab/cluster/state.ts';
import { waitFor } from '../../lab/run/kubernetes/wait.ts';
import { PROJECT, ROUTER_NAME, ROUTER_NAMESPACE } from '../../lab/run/stack_config.ts';
import { stackUp } from '../../lab/run/stack_up.ts';
import { customKinds, GATEWAY_API } from '../../lab/tools/custom_kinds.ts';
import { findGo } from '../../lab/tools/go/toolchain.ts';
import { skipOrFail } from '../availability.ts';
import { startLoad, troublesOf } from '../load/load.ts';
import { preparedOrSkip } from '../session_or_skip.ts';

const CLASS = { name: 'lab', controllerName: 'traefik.io/gateway-controller' };
const GATEWAY = { name: 'lab-gateway', namespace: 'default' };
const PORT = 8000;
const HOST = 'gateway.example.test';

const GROUP = { group: 'gateway.networking.k8s.io', version: 'v1' };
const API_VERSION = `${GROUP.group}/${GROUP.version}`;

const routeStatus = z.object({
  status: z.object({
    parents: z.array(
      z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })) }),
    ),
  }),
});

test('HTTP through a Gateway', async (t) => {
  const run = await preparedOrSkip(t, 'gateway');
  if (run === undefined) return;
  const { clearml, folder, samples, stack, target, tools } = run;
  const traefik = tools.cluster?.ingressController;
  if (traefik === undefined || !('path' in traefik)) return skipOrFail(t, 'there is no Traefik');
  const go = await findGo();
  if (typeof go === 'string') return skipOrFail(t, go);
  assert.ok(target.exposure.kind === 'ingress');
  const { address } = target.exposure;

  await installCustomKinds(target.config, await customKinds(go, [GATEWAY_API]));
  const custom = target.config.makeApiClient(CustomObjectsApi);
  await custom.createClusterCustomObject({
    ...GROUP,
    plural: 'gatewayclasses',
    body: {
      apiVersion: API_VERSION,
      kind: 'GatewayClass',
      metadata: { name: CLASS.name },
      spec: { controllerName: CLASS.controllerName },
    },
  });
  await custom.createNamespacedCustomObject({
    ...GROUP,
    plural: 'gateways',
    namespace: GATEWAY.namespace,
    body: {
      apiVersion: API_VERSION,
      kind: 'Gateway',
      metadata: GATEWAY,
      spec: {
        gatewayClassName: CLASS.name,
        listeners: [
          {
            name: 'web',
            protocol: 'HTTP',
            port: PORT,
            allowedRoutes: { namespaces: { from: 'All' } },
          },
        ],
      },
    },
  });
  const state = await readState(folder.cluster);
  assert.ok(state !== undefined);
  const daemons = new Daemons(`${folder.cluster}/log`, state.init.pid);
  await daemons.start(
    'traefik-gateway',
    [
      traefik.path,
      '--global.checknewversion=false',
      '--global.sendanonymoususage=false',
      '--providers.kubernetesgateway=true',
      `--providers.kubernetesgateway.statusaddress.ip=${address}`,
      `--entrypoints.web.address=${address}:${PORT}`,
    ],
    { KUBECONFIG: `${folder.cluster}/kubeconfig` },
  );

  await stack.removeConfig(`${PROJECT}:ingress.className`, true);
  const values = {
    'ingress.enabled': 'false',
    'ingress.hostName': `http://${HOST}:${PORT}`,
    'gateway.enabled': 'true',
    'gateway.parentRefs[0].name': GATEWAY.name,
    'gateway.parentRefs[0].namespace': GATEWAY.namespace,
  };
  await stack.setAllConfig(
    Object.fromEntries(
      Object.entries(values).map(([key, value]) => [`${PROJECT}:${key}`, { value }]),
    ),
    true,
  );
  await stackUp(stack, new AbortController().signal, () => undefined);

  await t.test('the Gateway accepts the route, and finds its Service', async () => {
    const look = async () => {
      const route: unknown = await custom.getNamespacedCustomObject({
        ...GROUP,
        plural: 'httproutes',
        namespace: ROUTER_NAMESPACE,
        name: ROUTER_NAME,
      });
      return routeStatus.safeParse(route).data?.status.parents[0]?.conditions ?? [];
    };
    const holds = (conditions: readonly { type: string; status: string }[]): boolean =>
      ['Accepted', 'ResolvedRefs'].every((wanted) =>
        conditions.some(({ type, status }) => type === wanted && status === 'True'),
      );
    await waitFor(
      30,
      async () => (holds(await look()) ? true : undefined),
      async () => JSON.stringify(await look()),
    );
  });

  await t.test('requests and WebSockets arrive at the task', async () => {
    const { runtime } = await taskWhen(
      clearml,
      samples.web.taskId,
      (task) => 'endpoint' in task.runtime,
      AbortSignal.timeout(30_000),
    );
    const { origin, pathname } = new URL(textOf(runtime['endpoint']) ?? '');
    assert.equal(origin, `http://${HOST}:${PORT}`);
    const authorization = `Bearer ${await userToken(clearml, 'alice')}`;
    const endpoint = `http://${address}:${PORT}${pathname}`;
    const load = await startLoad({
      endpoint,
      headers: () => ({ authorization, host: `${HOST}:${PORT}`, origin }),
    });
    t.after(() => load.stop());
    await sleep(2_000);
    const report = await load.stop();
    assert.deepEqual(troublesOf(report), []);
    assert.ok(report.http.done > 20, `${report.http.done} requests`);
    assert.equal(report.webSockets.alive, report.webSockets.opened);

    const { statusCode, body } = await request(endpoint, {
      headers: { host: `${HOST}:${PORT}`, accept: '*/*' },
    });
    await body.dump();
    assert.equal(statusCode, 401, 'without a token');
  });
});
