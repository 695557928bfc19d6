import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LISTING, type Listing } from '../../../router/web/overview/listing.ts';
import { addTask, httpAsk } from '../../lab/clearml/asks.ts';
import { userToken } from '../../lab/clearml/client.ts';
import { startClearMl, type ClearMl } from '../../lab/clearml/server.ts';
import { freePort } from '../../lab/free_port.ts';
import { echoTask } from '../../support/outside.ts';
import type { RawTask } from '../../support/raw_peers.ts';
import {
  settingsFor,
  startRouterProcess,
  type RouterProcess,
} from '../../support/router_process.ts';

const ADDRESSES = ['127.0.0.1', '127.0.0.2'] as const;
const KNOWN_NAMES = fileURLToPath(new URL('known_names.ts', import.meta.url));
const skip = process.platform !== 'linux' && 'needs all of 127.0.0.0/8';
/** Longer than a replica that is looked at may take to know what another one saw. Milliseconds. */
const KNOWN_WITHIN = 20_000;

describe('two routers in processes of their own', { skip }, () => {
  let clearml: ClearMl;
  let task: RawTask;
  let one: RouterProcess;
  let two: RouterProcess;
  let headers: Record<string, string>;
  let id: string;

  /** What the second one lists, once it fits. */
  async function listed(fits: (listing: Listing) => boolean): Promise<Listing> {
    const late = performance.now() + KNOWN_WITHIN;
    for (;;) {
      const answer = await fetch(`${two.url}/api/v1/routes`, { headers });
      const listing = LISTING.parse(await answer.json());
      if (fits(listing)) return listing;
      assert.ok(performance.now() < late, JSON.stringify(listing));
      await pause(100);
    }
  }

  const page = async (): Promise<string> => (await fetch(two.url, { headers })).text();
  const metrics = async (): Promise<string> => (await fetch(`${two.adminUrl}/metrics`)).text();

  before(async () => {
    clearml = await startClearMl();
    task = await echoTask();
    const [httpPort, adminPort] = [String(await freePort()), String(await freePort())];
    const start = (address: string): Promise<RouterProcess> =>
      startRouterProcess(
        {
          ...settingsFor(clearml),
          ROUTER_SECRET: 'a-secret-of-the-two-routers',
          BIND_ADDRESS: address,
          HTTP_PORT: httpPort,
          ADMIN_PORT: adminPort,
          // The host of the second one's pages.
          ROUTER_URL: `http://${ADDRESSES[1]}:${httpPort}`,
          PEERS_HOST: 'router-peers',
          PEER_ADDRESSES: ADDRESSES.join(','),
        },
        { nodeOptions: ['--import', KNOWN_NAMES] },
      );
    [one, two] = await Promise.all([start(ADDRESSES[0]), start(ADDRESSES[1])]);
    await Promise.all([one.readyz(200), two.readyz(200)]);
    headers = { authorization: `Bearer ${await userToken(clearml, 'alice')}` };
    const runtime = httpAsk({ address: '127.0.0.1', port: task.port });
    ({ id } = addTask(clearml, { runtime }));
    const routed = (line: Readonly<Record<string, unknown>>): boolean =>
      line['event'] === 'route_opened' && line['task'] === id;
    await Promise.all([one.logged(routed), two.logged(routed)]);
  });
  after(async () => {
    one.child.kill('SIGKILL');
    await Promise.all([one.stop(), two.stop()]);
    await clearml.stop();
    await task.close();
  });

  test('what one of them alone saw, the other one shows', async () => {
    const met = await listed(({ replicas }) => replicas?.all === true && replicas.silent === 0);
    assert.deepEqual(met.replicas, { found: 2, silent: 0, all: true });
    assert.equal(met.endpoints.find((endpoint) => endpoint.id === id)?.lastUsedAt, null);
    const began = Date.now();
    const answer = await fetch(`${one.url}/service/${id}/`, { headers });
    assert.equal(answer.status, 200);
    const listing = await listed(({ endpoints }) =>
      endpoints.some((endpoint) => endpoint.id === id && endpoint.lastUsedAt !== null),
    );
    const used = listing.endpoints.find((endpoint) => endpoint.id === id)?.lastUsedAt ?? '';
    assert.ok(Date.parse(used) >= began, used);
    assert.match(
      await page(),
      /“Used”, and whether a task answers, is what 2 replicas saw since they started\./,
    );
    assert.match(await metrics(), /^task_router_replicas\{state="answering"\} 2$/m);
  });

  test('nobody without the secret is told', async () => {
    const answer = await fetch(`${one.adminUrl}/replica?volume=&since=0`);
    assert.equal(answer.status, 401);
    assert.ok(!(await answer.text()).includes(id));
  });

  test('when one is killed, the other one says that it does not know, and keeps what it heard', async () => {
    one.child.kill('SIGKILL');
    const { endpoints } = await listed(({ replicas }) => replicas?.silent === 1);
    assert.notEqual(endpoints.find((endpoint) => endpoint.id === id)?.lastUsedAt, null);
    assert.match(await page(), /1 of 2 replicas does not answer: an endpoint may have been used/);
    assert.match(await metrics(), /^task_router_replicas\{state="silent"\} 1$/m);
    assert.match(await metrics(), /^task_router_peers_unknown 1$/m);
  });
});
