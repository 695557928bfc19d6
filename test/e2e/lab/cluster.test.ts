/* The lab's own cluster leaves nothing behind, however it ends. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { before, test } from 'node:test';
import type { TestContext } from 'node:test';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { clusterName } from '../../lab/cluster/cluster_name.ts';
import { clusterDown } from '../../lab/cluster/down.ts';
import { clusterUp } from '../../lab/cluster/up.ts';
import { LabError } from '../../lab/errors.ts';
import { prepareTools } from '../../lab/tools/prepare.ts';
import type { Tools } from '../../lab/tools/tool.ts';
import { skipOrFail } from '../availability.ts';
import { tracesOf } from './traces.ts';

const DIRECTORY = resolve(import.meta.dirname, '../../../.work/e2e-cluster');
const NOTHING = { processes: 0, networkDevices: [], cgroups: 0 };
const SYSCTLS = ['vm/overcommit_memory', 'kernel/panic', 'kernel/panic_on_oops'];

let tools: Tools;
let missing = '';

before(async () => {
  try {
    tools = await prepareTools({ noInstall: true, wants: 'cluster', onProgress: () => undefined });
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'PREREQUISITES_MISSING') throw error;
    missing = error.message;
  }
});

async function kernelSettings(): Promise<readonly string[]> {
  return Promise.all(SYSCTLS.map((name) => readFile(`/proc/sys/${name}`, 'utf8')));
}

async function up(): Promise<string> {
  const cluster = await clusterUp({
    directory: DIRECTORY,
    tools,
    images: [],
    onProgress: () => undefined,
  });
  const config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  const { items } = await config.makeApiClient(CoreV1Api).listNode();
  assert.deepEqual(
    items.map(({ metadata }) => metadata?.name),
    [cluster.nodeName],
  );
  return cluster.name;
}

/** Starts a cluster in another process and kills that when it has come to `step`. */
async function upKilledAt(step: string): Promise<string> {
  const starter = spawn(
    process.execPath,
    [join(import.meta.dirname, 'cluster_starter.ts'), DIRECTORY],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  for await (const line of createInterface({ input: starter.stdout })) {
    if (line === step) break;
  }
  const name = await clusterName(DIRECTORY);
  const exited = once(starter, 'exit');
  starter.kill('SIGKILL');
  assert.deepEqual(await exited, [null, 'SIGKILL'], `it was to be killed at: ${step}`);
  return name;
}

function skipped(t: TestContext): boolean {
  if (missing !== '') skipOrFail(t, missing);
  return missing !== '';
}

test('a cluster comes up, goes away whole, and changes no setting of the host', async (t) => {
  if (skipped(t)) return;
  const settings = await kernelSettings();
  const name = await up();
  assert.notDeepEqual(await tracesOf(DIRECTORY, name), []);
  const removed = await clusterDown(DIRECTORY);
  assert.ok(removed.processes > 5, `${removed.processes} processes`);
  assert.deepEqual(removed.networkDevices, [name]);
  assert.deepEqual(await tracesOf(DIRECTORY, name), []);
  assert.deepEqual(await clusterDown(DIRECTORY), NOTHING);
  assert.deepEqual(await kernelSettings(), settings);
});

for (const step of ['namespaces and network', 'etcd and API server', 'node and images', 'up']) {
  test(`what a run leaves that is killed at "${step}" is removed`, async (t) => {
    if (skipped(t)) return;
    const name = await upKilledAt(step);
    await clusterDown(DIRECTORY);
    assert.deepEqual(await tracesOf(DIRECTORY, name), []);
  });
}

test('a start removes what a killed run has left', async (t) => {
  if (skipped(t)) return;
  await upKilledAt('waiting for the node');
  const name = await up();
  await clusterDown(DIRECTORY);
  assert.deepEqual(await tracesOf(DIRECTORY, name), []);
});
