import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { addTask, httpAsk } from '../../lab/clearml/asks.ts';
import { callAs } from '../../lab/clearml/call_as.ts';
import { makeCertificate } from '../../lab/certificate.ts';
import { userToken } from '../../lab/clearml/client.ts';
import type { Document } from '../../lab/clearml/document.ts';
import { startClearMl, type ClearMl } from '../../lab/clearml/server.ts';
import { freePort } from '../../lab/free_port.ts';
import { startLeaseServer, type LeaseServer } from '../../support/kubernetes/lease_server.ts';
import { podOf } from '../../support/kubernetes/pod.ts';
import { echoTask } from '../../support/outside.ts';
import type { RawTask } from '../../support/raw_peers.ts';
import { count, eventually } from '../../support/installation.ts';
import {
  settingsFor,
  startRouterProcess,
  type RouterProcess,
} from '../../support/router_process.ts';

const ADDRESSES = ['127.0.0.1', '127.0.0.2'] as const;
/** Longer than it may take until a replica knows what another one served, and has reported it. Milliseconds. */
const KNOWN_WITHIN = 60_000;
const KNOWN_NAMES = fileURLToPath(new URL('../peers/known_names.ts', import.meta.url));
const certificate = makeCertificate();
after(() => certificate?.remove());
const skip =
  (process.platform !== 'linux' && 'needs all of 127.0.0.0/8') ||
  (certificate === undefined && 'needs openssl to make a certificate');

describe('two replicas in processes of their own, one of which leads', { skip }, () => {
  let folder: string;
  let lease: LeaseServer;
  let clearml: ClearMl;
  let tasks: readonly [RawTask, RawTask];
  let leader: RouterProcess;
  let other: RouterProcess;
  let headers: Record<string, string>;
  let id: string;
  let ownId: string;
  let origin: string;

  const urlOf = (endpoint: string): string => `${origin}/service/${endpoint}/`;

  async function use(router: RouterProcess, times: number): Promise<void> {
    for (let left = times; left > 0; left -= 1) {
      const answer = await fetch(`${router.url}/service/${id}/`, { headers });
      assert.equal(answer.status, 200);
      await answer.arrayBuffer();
    }
  }

  /** What stands on the page at each URL, once it fits. The replicas ask each other every few seconds while somebody looks at a listing. */
  async function page(fits: (endpoint: Document | undefined) => boolean): Promise<void> {
    const call = callAs(clearml, 'alice');
    const late = performance.now() + KNOWN_WITHIN;
    for (;;) {
      const { data } = await call('serving.get_endpoints');
      const all = data['endpoints'] as readonly Document[];
      if (fits(all.find(({ url }) => url === urlOf(id)))) return;
      if (!leader.child.killed) {
        await (await fetch(`${leader.url}/api/v1/routes`, { headers })).text();
      }
      assert.ok(performance.now() < late, JSON.stringify(all));
      await pause(100);
    }
  }

  async function idsAt(url: string): Promise<readonly unknown[]> {
    const call = callAs(clearml, 'alice');
    const { data } = await call('serving.get_endpoint_details', { endpoint_url: url });
    return ((data['instances'] ?? []) as readonly Document[]).map((one) => one['id']);
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'serving-'));
    assert.ok(certificate !== undefined);
    lease = await startLeaseServer(certificate);
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, lease.token);
    clearml = await startClearMl();
    tasks = [await echoTask(), await echoTask()];
    const [httpPort, adminPort] = [String(await freePort()), String(await freePort())];
    origin = `http://${ADDRESSES[1]}:${httpPort}`;
    const start = (address: string): Promise<RouterProcess> => {
      const pod = podOf(`pod-of-${address}`, lease, certificate, tokenFile);
      return startRouterProcess(
        {
          ...settingsFor(clearml),
          ...pod.settings,
          ROUTER_SECRET: 'a-secret-of-the-two-routers',
          BIND_ADDRESS: address,
          HTTP_PORT: httpPort,
          ADMIN_PORT: adminPort,
          ROUTER_URL: origin,
          PEERS_HOST: 'router-peers',
          PEER_ADDRESSES: ADDRESSES.join(','),
          MODEL_ENDPOINTS_SECONDS: '1',
        },
        { nodeOptions: [...pod.nodeOptions, '--import', KNOWN_NAMES] },
      );
    };
    // At the host of the pages, where somebody looks.
    leader = await start(ADDRESSES[1]);
    await leader.logged((line) => line['event'] === 'leader' && line['leader'] === true);
    other = await start(ADDRESSES[0]);
    await Promise.all([leader.readyz(200), other.readyz(200)]);
    headers = { authorization: `Bearer ${await userToken(clearml, 'alice')}` };
    const askOf = ({ port }: RawTask) => httpAsk({ address: '127.0.0.1', port });
    ownId = 'c'.repeat(32);
    await callAs(clearml, 'alice')('serving.container_status_report', {
      container_id: 'its own',
      endpoint_name: 'own',
      model_name: 'own',
      endpoint_url: urlOf(ownId),
      uptime_sec: 1,
      reference: [{ type: 'task', value: ownId }],
    });
    addTask(clearml, { id: ownId, runtime: askOf(tasks[1]) });
    ({ id } = addTask(clearml, { runtime: askOf(tasks[0]) }));
    const routed = (line: Readonly<Record<string, unknown>>): boolean =>
      line['event'] === 'route_opened' && line['task'] === id;
    await Promise.all([leader.logged(routed), other.logged(routed)]);
  });
  after(async () => {
    await Promise.all([leader.stop(), other.stop()]);
    await lease.stop();
    await clearml.stop();
    await Promise.all(tasks.map((task) => task.close()));
    await rm(folder, { recursive: true });
  });

  test('what both served stands on the page once, and what a task reports itself is left alone', async () => {
    await use(leader, 2);
    await use(other, 3);
    await page((endpoint) => endpoint?.['requests'] === 5);
    assert.deepEqual(await idsAt(urlOf(id)), [`task-router:router:${id}`]);
    assert.deepEqual(await idsAt(urlOf(ownId)), ['its own']);
    const metrics = await (await fetch(`${leader.adminUrl}/metrics`)).text();
    assert.match(metrics, /^task_router_model_endpoints\{state="reported"\} 1$/m);
    assert.match(metrics, /^task_router_model_endpoints\{state="by_task"\} 1$/m);
  });

  test('when the leader is killed the other one goes on from its numbers', async () => {
    const registered = (): number => count(clearml, 'serving.register_container');
    const before = registered();
    leader.child.kill('SIGKILL');
    await eventually(() => registered() > before, 'another leader', 60_000);
    await use(other, 4);
    await page((endpoint) => endpoint?.['requests'] === 9);
    assert.deepEqual(await idsAt(urlOf(id)), [`task-router:router:${id}`]);
    assert.deepEqual(await idsAt(urlOf(ownId)), ['its own']);
  });
});

test('a router whose server lacks the page says so once, and serves', async (t) => {
  const clearml = await startClearMl({ apiVersion: '2.30' });
  const router = await startRouterProcess({
    ...settingsFor(clearml),
    MODEL_ENDPOINTS_SECONDS: '1',
  });
  t.after(async () => {
    await router.stop();
    await clearml.stop();
  });
  await router.readyz(200);
  const { level } = await router.logged((line) => line['event'] === 'model_endpoints_lacking');
  assert.equal(level, 'info');
});
