/** Several routers on one cluster, in one namespace and in namespaces that were there before, serve their own tasks alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CoreV1Api } from '@kubernetes/client-node';
import type { Stack } from '@pulumi/pulumi/automation/index.js';
import { request } from 'undici';

import { addTask, httpAsk, taskWhen, tcpAsk } from '../../lab/clearml/asks.ts';
import { callApi, login, userToken } from '../../lab/clearml/client.ts';
import { textOf } from '../../lab/clearml/document.ts';
import { credentials } from '../../lab/clearml/seed.ts';
import { openStack } from '../../lab/run/stack.ts';
import {
  PROJECT,
  ROUTER_NAMESPACE,
  stackConfig,
  TASK_NAMESPACE,
  type PortRange,
} from '../../lab/run/stack_config.ts';
import { stackUp } from '../../lab/run/stack_up.ts';
import { startLoad, troublesOf, type Load, type LoadTargets } from '../load/load.ts';
import { preparedOrSkip } from '../session_or_skip.ts';

/** One router of several: everything that tells it from the others. */
interface Neighbour {
  readonly name: string;
  readonly namespace: string;
  readonly createsNamespace: boolean;
  readonly queue: string;
  readonly host: string;
  readonly ports: PortRange;
}

const TEAM_NAMESPACE = 'team-of-its-own';

const FIRST: Neighbour = {
  name: 'first-router',
  namespace: ROUTER_NAMESPACE,
  createsNamespace: true,
  queue: 'default',
  host: 'first.example.test',
  ports: { start: 30400, end: 30404 },
};
const SECOND: Neighbour = {
  name: 'second-router',
  namespace: ROUTER_NAMESPACE,
  createsNamespace: false,
  queue: 'gpu',
  host: 'second.example.test',
  ports: { start: 30410, end: 30414 },
};
const THIRD: Neighbour = {
  name: 'third-router',
  namespace: TEAM_NAMESPACE,
  createsNamespace: false,
  queue: 'research',
  host: 'third.example.test',
  ports: { start: 30420, end: 30424 },
};

const { signal } = new AbortController();

/** Not by `fetch`, which sends no `Host` but its own. */
async function ask(url: string, headers: Readonly<Record<string, string>>) {
  const { statusCode, body } = await request(url, { headers });
  await body.dump();
  return { status: statusCode };
}

function up(stack: Stack) {
  return stackUp(stack, signal, () => undefined);
}

test('several routers on one cluster', async (t) => {
  const run = await preparedOrSkip(t, 'neighbours');
  if (run === undefined) return;
  const { clearml, folder, target, tools } = run;
  assert.equal(target.exposure.kind, 'ingress');
  const core = target.config.makeApiClient(CoreV1Api);
  const administrator = `Bearer ${await login(clearml.url, credentials.router)}`;
  await callApi(clearml.url, 'queues.create', { name: THIRD.queue }, administrator);
  const authorization = `Bearer ${await userToken(clearml, 'alice')}`;

  async function stackOf(neighbour: Neighbour): Promise<Stack> {
    const stack = await openStack(folder, tools, neighbour.name);
    const own = {
      'router.name': neighbour.name,
      'router.queues[0]': neighbour.queue,
      'namespace.name': neighbour.namespace,
      'namespace.create': String(neighbour.createsNamespace),
      'tcpSession.portRange.start': String(neighbour.ports.start),
      'tcpSession.portRange.end': String(neighbour.ports.end),
    };
    await stack.setAllConfig(
      {
        ...stackConfig({ target, clearml, url: `http://${neighbour.host}` }),
        ...Object.fromEntries(
          Object.entries(own).map(([key, value]) => [`${PROJECT}:${key}`, { value }]),
        ),
      },
      true,
    );
    return stack;
  }

  /** Adds a web app and a TCP service to the router's queue, and returns where its answers say that they are. */
  async function tasksOf({ queue, host, ports }: Neighbour): Promise<LoadTargets> {
    const record = [...clearml.state.queues.values()].find(({ name }) => name === queue);
    assert.ok(record !== undefined);
    const addressOf = async (name: string): Promise<string> =>
      (await core.readNamespacedPod({ namespace: TASK_NAMESPACE, name })).status?.podIP ?? '';
    const [web, tcp] = await Promise.all([
      addressOf('sample-web-app'),
      addressOf('sample-tcp-service'),
    ]);
    const asked = [httpAsk({ address: web, port: 8080 }), tcpAsk({ address: tcp, port: 7000 })];
    const [webTask, tcpTask] = asked.map((runtime) =>
      addTask(clearml, { runtime, queue: record.id }),
    );
    const late = AbortSignal.timeout(30_000);
    const [answered, bound] = await Promise.all([
      taskWhen(clearml, webTask?.id ?? '', ({ runtime }) => 'endpoint' in runtime, late),
      taskWhen(
        clearml,
        tcpTask?.id ?? '',
        ({ runtime }) => {
          const port = Number(runtime['external_tcp_port']);
          return port >= ports.start && port <= ports.end;
        },
        late,
      ),
    ]);
    const { pathname, origin } = new URL(textOf(answered.runtime['endpoint']) ?? '');
    assert.equal(origin, `http://${host}`);
    assert.ok(target.exposure.kind === 'ingress');
    return {
      endpoint: `http://${target.exposure.address}${pathname}`,
      headers: () => ({ authorization, host, origin }),
      tcp: {
        address: textOf(bound.runtime['external_address']) ?? '',
        port: Number(bound.runtime['external_tcp_port']),
      },
      sessions: 2,
    };
  }

  const stacks: Stack[] = [];
  const targets: LoadTargets[] = [];

  await t.test('the first makes its namespace', async () => {
    const stack = await stackOf(FIRST);
    stacks.push(stack);
    await up(stack);
    targets.push(await tasksOf(FIRST));
  });

  await t.test('the second joins it there', async () => {
    const stack = await stackOf(SECOND);
    stacks.push(stack);
    const { changes } = await up(stack);
    assert.deepEqual(Object.keys(changes), ['create']);
    targets.push(await tasksOf(SECOND));
  });

  await t.test('a namespace that exists is not made again: nothing is created', async () => {
    await core.createNamespace({ body: { metadata: { name: TEAM_NAMESPACE } } });
    const stack = await stackOf({ ...THIRD, createsNamespace: true });
    await assert.rejects(up(stack), /[Nn]amespaces? "?team-of-its-own"? already exists/);
    const { items } = await core.listNamespacedService({ namespace: TEAM_NAMESPACE });
    assert.deepEqual(items, []);
  });

  await t.test('the same stack adopts the namespace once it is told so', async () => {
    const stack = await stackOf(THIRD);
    stacks.push(stack);
    await up(stack);
    targets.push(await tasksOf(THIRD));
  });

  await t.test('each serves its own tasks alone', async () => {
    for (const [index, { endpoint }] of targets.entries()) {
      for (const [other, { headers }] of targets.entries()) {
        const { status } = await ask(endpoint, headers());
        assert.equal(status, index === other ? 200 : 404, `router ${other}, task ${index}`);
      }
    }
    const ports = targets.map(({ tcp }) => tcp?.port);
    assert.equal(new Set(ports).size, 3, ports.join(', '));
  });

  await t.test('when one is destroyed the others carry on unnoticed', async () => {
    const [first, , third] = targets;
    assert.ok(first !== undefined && third !== undefined);
    const loads: Load[] = [];
    t.after(() => Promise.all(loads.map((load) => load.stop())));
    for (const target of [first, third]) loads.push(await startLoad(target));
    await stacks[1]?.destroy();
    for (const load of loads) {
      const report = await load.stop();
      assert.deepEqual(troublesOf(report), []);
      assert.ok(report.http.done > 20, `${report.http.done} requests`);
    }
  });

  await t.test('an adopted namespace outlives its router, with nothing of it left', async () => {
    await stacks[2]?.destroy();
    const { status } = await core.readNamespace({ name: TEAM_NAMESPACE });
    assert.equal(status?.phase, 'Active');
    const namespace = TEAM_NAMESPACE;
    const left = await Promise.all([
      core.listNamespacedService({ namespace }),
      core.listNamespacedSecret({ namespace }),
      core.listNamespacedPod({ namespace }),
    ]);
    assert.deepEqual(
      left.flatMap(({ items }) => items.map(({ metadata }) => metadata?.name)),
      [],
    );
    const maps = await core.listNamespacedConfigMap({ namespace });
    assert.deepEqual(
      maps.items.map(({ metadata }) => metadata?.name),
      ['kube-root-ca.crt'],
    );
  });
});
