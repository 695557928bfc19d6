/** `npm start` and `npm stop` as a person runs them, and as they are interrupted. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';

import { clusterName } from '../../lab/cluster/cluster_name.ts';
import { clusterDown } from '../../lab/cluster/down.ts';
import { nodeImage } from '../../lab/cluster/images/image.ts';
import { clusterUp } from '../../lab/cluster/up.ts';
import { markedProcesses } from '../../lab/run/left_processes.ts';
import { NODE_IMAGE } from '../../lab/run/kubernetes/pods.ts';
import { WorkFolder } from '../../lab/run/work_folder.ts';
import { toolsOrSkip } from '../availability.ts';
import { REPOSITORY, startLab } from './start_process.ts';
import { tracesOf } from './traces.ts';

/** Where `npm start` keeps its cluster. */
const DIRECTORY = join(REPOSITORY, '.work/cluster');

/** What is left of a run on this machine. */
async function left(): Promise<readonly string[]> {
  await mkdir(DIRECTORY, { recursive: true });
  const name = await clusterName(DIRECTORY);
  const programs = await markedProcesses(new WorkFolder(join(REPOSITORY, '.work')));
  return [
    ...programs.map((pid) => `program: ${pid}`),
    ...(await tracesOf(DIRECTORY, name)).filter((trace) => trace !== DIRECTORY),
  ];
}

test('npm stop where nothing runs says so', async () => {
  await startLab('stop').ended;
  const { status, output } = await startLab('stop').ended;
  assert.deepEqual({ status, output }, { status: 0, output: 'There is nothing to remove.' });
});

test('a run that is killed is removed by the next start, which goes well', async (t) => {
  if ((await toolsOrSkip(t)) === undefined) return;
  t.after(() => startLab('stop').ended);
  const killed = startLab('start');
  await killed.until('ConfigMap task-router-code created');
  killed.child.kill('SIGKILL');
  await killed.ended;
  assert.notDeepEqual(await left(), []);
  const { status, output } = await startLab('start', ['--once']).ended;
  assert.equal(status, 0, output);
  assert.match(output, /An earlier run was interrupted/);
  assert.doesNotMatch(output, /✖/);
  assert.deepEqual(await left(), []);
});

test('a run that is killed is removed by npm stop', async (t) => {
  if ((await toolsOrSkip(t)) === undefined) return;
  t.after(() => startLab('stop').ended);
  const killed = startLab('start');
  await killed.until('Ready after');
  killed.child.kill('SIGKILL');
  await killed.ended;
  const { status, output } = await startLab('stop').ended;
  assert.equal(status, 0, output);
  assert.match(output, /Removed everything\.$/);
  assert.deepEqual(await left(), []);
});

test('npm stop ends a run in another terminal; a second start is refused meanwhile', async (t) => {
  if ((await toolsOrSkip(t)) === undefined) return;
  t.after(() => startLab('stop').ended);
  const running = startLab('start');
  await running.until('Starting a one-node Kubernetes');
  const second = await startLab('start').ended;
  assert.equal(second.status, 1);
  assert.match(second.output, /npm start is running in this checkout already/);
  const { status } = await startLab('stop').ended;
  assert.equal(status, 0);
  assert.equal((await running.ended).status, 130);
  assert.deepEqual(await left(), []);
});

test('a run that is ended while it builds its tools ends at once', async (t) => {
  if ((await toolsOrSkip(t)) === undefined) return;
  const cache = await mkdtemp(join(tmpdir(), 'cache-'));
  t.after(() => rm(cache, { recursive: true }));
  // Nothing is in this cache, so everything would be built.
  const running = startLab('start', [], { XDG_CACHE_HOME: cache });
  await running.until('Pulumi CLI: ');
  const began = performance.now();
  running.child.kill('SIGTERM');
  assert.equal((await running.ended).status, 130);
  assert.ok(performance.now() - began < 10_000);
  assert.deepEqual(await left(), []);
});

test('Ctrl-C, pressed twice in the middle of pulumi up, leaves nothing', async (t) => {
  if ((await toolsOrSkip(t)) === undefined) return;
  t.after(() => startLab('stop').ended);
  const running = startLab('start');
  await running.until('ConfigMap task-router-code created');
  running.signalGroup('SIGINT');
  await running.until('Stopping, and removing');
  running.signalGroup('SIGINT');
  const { status, output } = await running.ended;
  assert.equal(status, 130, output);
  assert.match(output, /Still removing what was started/);
  assert.deepEqual(await left(), []);
});

test('npm start -- --context NAME uses that cluster, and leaves it as it was', async (t) => {
  const tools = await toolsOrSkip(t);
  if (tools === undefined) return;
  const directory = join(REPOSITORY, '.work/e2e-context');
  t.after(() => clusterDown(directory));
  t.after(() => startLab('stop').ended);
  const cluster = await clusterUp({
    directory,
    tools,
    images: [nodeImage(NODE_IMAGE)],
    onProgress: () => undefined,
  });
  const config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  const namespaces = async (): Promise<readonly string[]> => {
    const { items } = await config.makeApiClient(CoreV1Api).listNamespace();
    return items.map(({ metadata }) => metadata?.name ?? '');
  };
  const before = await namespaces();
  const environment = { KUBECONFIG: cluster.kubeconfig };

  await t.test('all checks hold', async () => {
    const args = ['--context', cluster.context, '--once'];
    const { status, output } = await startLab('start', args, environment).ended;
    assert.equal(status, 0, output);
    assert.match(output, /HTTP goes through a Service/);
    assert.deepEqual(await namespaces(), before);
  });

  await t.test('what a killed run put there is removed by npm stop', async () => {
    const killed = startLab('start', ['--context', cluster.context], environment);
    await killed.until('Ready after');
    killed.child.kill('SIGKILL');
    await killed.ended;
    assert.notDeepEqual(await namespaces(), before);
    const { status, output } = await startLab('stop', [], environment).ended;
    assert.equal(status, 0, output);
    assert.deepEqual(await namespaces(), before);
  });

  await t.test('another context is never taken in its place', async () => {
    const { status, output } = await startLab('start', ['--context', 'prod'], environment).ended;
    assert.equal(status, 1);
    assert.match(output, /Your kubeconfig has no context named prod\. It has: /);
    assert.deepEqual(await namespaces(), before);
  });
});
