import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RawTask } from '../../support/raw_peers.ts';
import { header } from '../../support/raw_peers.ts';
import { addTask, changeRuntime, httpAsk, oldTcpAsk } from '../../lab/clearml/asks.ts';
import { ids } from '../../lab/clearml/seed.ts';
import { echoTask, NAVIGATION, startOutside } from '../../support/outside.ts';
import type { Outside } from '../../support/outside.ts';

describe('addresses that are never served', () => {
  let world: Outside;
  let task: RawTask;
  before(async () => {
    world = await startOutside(
      {
        KUBERNETES_SERVICE_HOST: '10.96.0.1',
        TASK_NETWORKS: '0.0.0.0/0, ::/0, 127.0.0.0/8',
        TCP_ROUTER_ADDRESS: '203.0.113.7',
        TCP_PORT_START: '24310',
        TCP_PORT_END: '24312',
        TCP_LISTEN_START: '24320',
        HTTP_PORT: '24313',
        HEALTH_PORT: '24315',
        ADMIN_PORT: '24314',
      },
      { edition: 'enterprise' },
    );
    task = await echoTask();
  });
  after(async () => {
    await world.stop();
    await task.close();
  });

  /** The 502 page of a task that asks so, its reason read. */
  async function refusal(address: string, port: string | number): Promise<string> {
    const id = await world.notice(httpAsk({ address, port }));
    const page = await world.ask(`GET /service/${id}/`, world.bearer, NAVIGATION);
    assert.equal(page.status, 502, `${address} ${port}: ${page.status}`);
    assert.match(header(page, 'content-type') ?? '', /^text\/html/);
    const line = world.router.lines.find((one) => one['task'] === id);
    const reason = typeof line?.['reason'] === 'string' ? line['reason'] : '';
    const listed = await world.ask('GET /api/v1/routes', world.bearer);
    assert.ok(listed.body.includes(id), 'the listing names the task');
    assert.ok(listed.body.includes(JSON.stringify(reason).slice(1, -1)), 'and the reason');
    assert.equal('endpoint' in (world.clearml.state.task(id)?.runtime ?? {}), false);
    return reason;
  }

  test('metadata, the Kubernetes API, what is no single host, what is no literal IP', async () => {
    const addresses = [
      '169.254.169.254',
      '169.254.170.2',
      '100.100.100.200',
      '168.63.129.16',
      'fd00:ec2::254',
      '::ffff:169.254.169.254',
      '64:ff9b::a9fe:a9fe',
      '10.96.0.1',
      '0.0.0.0',
      '::',
      '224.0.0.1',
      'fe80::1',
      '::1',
      'localhost',
      '2130706433',
      '0x7f000001',
      '127.1',
      '127.0.0.1; rm',
      '<script>alert(1)</script>',
    ];
    const reasons = await Promise.all(addresses.map((address) => refusal(address, 8888)));
    for (const reason of reasons) assert.match(reason, /address/);
  });

  test("the ClearML API's own address and port, and the router's own ports", async () => {
    const { adminUrl, healthUrl = '', url: own } = world.router;
    for (const url of [world.clearml.url, own, healthUrl, adminUrl]) {
      for (const address of ['127.0.0.1', '127.0.0.2', '::ffff:127.255.255.254']) {
        assert.match(await refusal(address, new URL(url).port), /belongs to the router/);
      }
    }
    // Those that it listens on, and the public ones, which may lead there.
    await refusal('127.0.0.1', 24_322);
    await refusal('127.0.0.1', 24_310);
    await refusal('203.0.113.7', 24_310);
  });

  test('ports that are none', async () => {
    const ports = [0, -1, 65_536, '22;x', '0x50', '1e3', 80.5, '\u0663'];
    const reasons = await Promise.all(ports.map((port) => refusal('10.9.9.9', port)));
    for (const reason of reasons) assert.match(reason, /port/);
  });

  test('who may not see the refused task: 404', async () => {
    const id = await world.notice(httpAsk({ address: '169.254.169.254', port: 81 }));
    world.clearml.state.restrictTask(id, [ids.alice]);
    const bob = `Authorization: Bearer ${await world.clearml.token(ids.bob)}`;
    assert.equal((await world.ask(`GET /service/${id}/`, bob)).status, 404);
  });

  test('A62: two tasks that name the same address and port: the one that started first has the route, and who has it keeps it', async () => {
    const first = await world.serve(task, {}, { startedAt: 1_000_000 });
    const second = await world.serve(task, {}, { startedAt: 2_000_000 });
    assert.equal((await world.ask(`GET /service/${first}/`, world.bearer)).status, 200);
    assert.equal((await world.ask(`GET /service/${second}/`, world.bearer)).status, 502);
    const older = await world.serve(task, {}, { startedAt: 500_000 });
    assert.equal((await world.ask(`GET /service/${older}/`, world.bearer)).status, 502);
    assert.equal((await world.ask(`GET /service/${first}/`, world.bearer)).status, 200);
  });

  test('an ask without an address waits, and is served once it has one', async () => {
    const runtime = oldTcpAsk({ address: '', port: task.port + 1 });
    const { id } = addTask(world.clearml, { runtime });
    await refusal('169.254.169.254', 82);
    const { lines } = world.router;
    assert.ok(!lines.some((line) => line['task'] === id), 'neither served nor refused');
    assert.equal(world.clearml.state.task(id)?.runtime['external_address'], '');
    changeRuntime(world.clearml, id, { external_address: '127.0.0.1' });
    await world.router.logged((line) => line['event'] === 'route_opened' && line['task'] === id);
  });
});
