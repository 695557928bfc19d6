/** The Python package as a task's code has it: in a pod, by pip from the deployed router, before an open-source ClearML server. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { test } from 'node:test';

import { CoreV1Api, type KubeConfig } from '@kubernetes/client-node';
import { request } from 'undici';
import { z } from 'zod';

import { clientWheel } from '../../../router/web/client/client_wheel.ts';
import { VERSION } from '../../../router/version.ts';
import { taskWhen } from '../../lab/clearml/asks.ts';
import { userToken } from '../../lab/clearml/client.ts';
import { credentials } from '../../lab/clearml/seed.ts';
import { runPod } from '../../lab/run/kubernetes/pods.ts';
import { pythonOfNode } from '../../lab/run/kubernetes/python_of_node.ts';
import { waitFor } from '../../lab/run/kubernetes/wait.ts';
import { TASK_NAMESPACE } from '../../lab/run/stack_config.ts';
import { prepareSdk } from '../../lab/tasks/sdk.ts';
import { skipOrFail } from '../availability.ts';
import { sessionOrSkip } from '../session_or_skip.ts';

const POD = 'exposing-task';
const PROGRAM = new URL('../../lab/tasks/python/exposing.py', import.meta.url);

/** For pip, the SDK's start and six answers, on a machine that is busy with a cluster. */
const REPORT_SECONDS = 240;
const TIMEOUT_MS = 15_000;

const endpointSchema = z.object({
  port: z.number(),
  protocol: z.enum(['http', 'tcp']),
  name: z.string().nullable(),
  url: z.string().nullable(),
  address: z.string().nullable(),
  access: z.string().nullable(),
});
type Exposed = z.infer<typeof endpointSchema>;

/** What the task in the pod says of itself. */
const reportSchema = z.object({
  task: z.string(),
  refused: z.string(),
  exposed: z.array(endpointSchema),
  listed: z.array(endpointSchema),
});

async function reportOf(config: KubeConfig): Promise<z.infer<typeof reportSchema>> {
  const api = config.makeApiClient(CoreV1Api);
  const of = { namespace: TASK_NAMESPACE, name: POD };
  // Also of the run before, where the pod's process ended and was started again.
  const log = (previous: boolean) =>
    api.readNamespacedPodLog({ ...of, previous }).catch((error: unknown) => String(error));
  return waitFor(
    REPORT_SECONDS,
    async () => {
      const lines = (await log(false)).split('\n');
      const line = lines.find((found) => found.startsWith('{"task"'));
      return line === undefined ? undefined : reportSchema.parse(JSON.parse(line));
    },
    async () => `${await log(true)}\n${await log(false)}`.slice(-4000),
  );
}

async function get(url: string, token?: string, method: 'GET' | 'POST' = 'GET') {
  const headers = { accept: '*/*', ...(token && { authorization: `Bearer ${token}` }) };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const answer = await request(url, { method, headers, signal });
  return { status: answer.statusCode, text: await answer.body.text() };
}

async function read(address: string): Promise<string> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon);
  const socket = connect({ host, port: Number(address.slice(colon + 1)), timeout: TIMEOUT_MS });
  socket.on('timeout', () => socket.destroy(new Error('no answer in time')));
  try {
    await once(socket, 'connect');
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  } finally {
    socket.destroy();
  }
}

const byKind = ({ protocol, name }: Exposed) => `${protocol} ${name ?? ''}`;

test('a task in a pod exposes its ports with task_router, on an open-source server', async (t) => {
  const sdk = await prepareSdk({
    onProgress: (step, detail) => t.diagnostic(`${step}: ${detail}`),
  });
  if ('absent' in sdk) return skipOrFail(t, `no ClearML SDK: ${sdk.absent}`);
  const session = await sessionOrSkip(t, 'expose', {}, 'open-source');
  if (session === undefined) return;
  const { clearml, target, url } = session;
  const podAddress = await runPod(target.config, {
    name: POD,
    code: await readFile(PROGRAM, 'utf8'),
    python: await pythonOfNode(sdk.python),
    environment: {
      LAB_WHEEL: new URL(`/client/${clientWheel(VERSION).file}`, url).href,
      HOME: '/tmp',
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONUNBUFFERED: '1',
      CLEARML_CONFIG_FILE: '/tmp/clearml.conf',
      CLEARML_CACHE_DIR: '/tmp/cache',
      CLEARML_API_HOST: clearml.url,
      CLEARML_WEB_HOST: clearml.url,
      CLEARML_FILES_HOST: clearml.url,
      CLEARML_API_ACCESS_KEY: credentials.alice.accessKey,
      CLEARML_API_SECRET_KEY: credentials.alice.secretKey,
      CLEARML_SUPPRESS_UPDATE_MESSAGE: '1',
    },
  });
  const report = await reportOf(target.config);
  const { exposed, task: taskId } = report;
  const alice = await userToken(clearml, 'alice');
  const runtime = () => clearml.state.task(taskId)?.runtime ?? {};

  await t.test(
    'the SDK’s own call is refused there, and the wheel from the router is answered',
    () => {
      assert.match(report.refused, /feature set/);
      const kinds = ['http ', 'tcp ', 'http board', 'tcp line', 'http both', 'tcp both'];
      assert.deepEqual(exposed.map(byKind), kinds);
      const sorted = (list: readonly Exposed[]) =>
        list.toSorted((a, b) => byKind(a).localeCompare(byKind(b)));
      assert.deepEqual(sorted(report.listed), sorted(exposed));
    },
  );

  await t.test('it asks with the address of its own pod', () => {
    for (const key of ['_ADDRESS', '_ADDRESS__board', '_ADDRESS__both']) {
      assert.equal(runtime()[key], podAddress, key);
    }
  });

  await t.test('its URLs lead to it, for its owner and not for nobody', async () => {
    const urls = exposed.flatMap((endpoint) => endpoint.url ?? []);
    const paths = [taskId, `${taskId}__board`, `${taskId}__both`];
    assert.deepEqual(
      urls,
      paths.map((path) => new URL(`/service/${path}/`, url).href),
    );
    for (const found of urls) {
      assert.deepEqual(await get(found, alice), { status: 200, text: 'hello over HTTP\n' }, found);
      assert.equal((await get(found)).status, 401, found);
    }
  });

  await t.test('its addresses lead to it', async () => {
    const addresses = exposed.flatMap((endpoint) => endpoint.address ?? []);
    assert.equal(new Set(addresses).size, 3, addresses.join());
    for (const address of addresses) assert.equal(await read(address), 'hello over TCP\n', address);
  });

  await t.test('what it narrows is in its runtime', () => {
    const accesses = exposed.map(({ name, access }) => [name, access]);
    assert.deepEqual(
      accesses.filter(([, access]) => access !== null),
      [['board', 'owner']],
    );
    assert.equal(runtime()['router_access__board'], 'owner');
  });

  await t.test('what it withdraws goes, and nothing else', async () => {
    const [first] = exposed;
    assert.deepEqual(await get(first?.url ?? '', alice, 'POST'), {
      status: 200,
      text: 'withdrawn\n',
    });
    const late = AbortSignal.timeout(TIMEOUT_MS);
    const gone = (key: string) => /__line$|%_%_line$/.test(key);
    await taskWhen(clearml, taskId, (found) => !Object.keys(found.runtime).some(gone), late);
    assert.equal(await read(exposed[5]?.address ?? ''), 'hello over TCP\n');
    assert.equal((await get(exposed[4]?.url ?? '', alice)).status, 200);
  });
});
