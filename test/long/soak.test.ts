/**
 * One router, as the program deploys it, under a moderate load of everything that users do: its memory stays flat, and nothing
 * is left when the load ends. Minutes in SOAK_MINUTES; takes a quarter of a core.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundleRouter, NODE_FLAGS } from '../../infra/bundle/bundle.ts';
import { addTask, httpAsk, taskWhen, tcpAsk } from '../lab/clearml/asks.ts';
import { userToken } from '../lab/clearml/client.ts';
import { textOf } from '../lab/clearml/document.ts';
import { startClearMl } from '../lab/clearml/server.ts';
import { settingsFor, startRouterProcess } from '../support/router_process.ts';
import { growth, startSampling, takeSample, type Sample } from './soak/samples.ts';
import { startSoakTasks } from './soak/tasks.ts';
import { startTraffic } from './soak/traffic.ts';

const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 15);
/**
 * Caches fill and code is compiled: what happens before says nothing. V8 takes new pages for compiled code and for what lives long
 * until some 20,000 requests have come, which is five minutes here, and more on a machine that is busy with other things.
 */
const WARM_UP = 0.4;
const SAMPLE_EVERY = 2_000;
/** Bytes by which a floor may rise after the warm-up: some 150 bytes for each request that comes between the two floors. */
const MOST_GROWTH = 4_000_000;
const MEGABYTE = 1_000_000;

async function start(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'soak-'));
  t.after(() => rm(folder, { recursive: true }));
  const program = join(folder, 'router.cjs');
  await writeFile(program, await bundleRouter());
  const clearml = await startClearMl({ edition: 'enterprise' });
  const tasks = await startSoakTasks();
  const settings = {
    ...settingsFor(clearml),
    STATE_FILE: join(folder, 'state.json'),
    TCP_ROUTER_ADDRESS: 'tcp.example.test',
    TCP_PORT_START: '31800',
    TCP_PORT_END: '31809',
    POLL_INTERVAL: '0.5',
    // A right is asked for again and again while the load runs.
    ACCESS_CACHE_SECONDS: '3',
  };
  const router = await startRouterProcess(settings, { nodeOptions: NODE_FLAGS, program });
  t.after(async () => {
    await router.stop();
    await tasks.stop();
    await clearml.stop();
  });
  await router.readyz(200);
  const address = '127.0.0.1';
  const runtime = {
    ...httpAsk({ address, port: tasks.webPort }),
    ...tcpAsk({ address, port: tasks.tcpPort, name: 'tcp' }),
  };
  const { id } = addTask(clearml, { runtime });
  const answered = await taskWhen(
    clearml,
    id,
    (task) =>
      'endpoint' in task.runtime && task.runtime['external_address__tcp'] === 'tcp.example.test',
  );
  const port = Number(textOf(answered.runtime['external_tcp_port__tcp']));
  const authorization = `Bearer ${await userToken(clearml, 'alice')}`;
  return { clearml, tasks, router, id, port, authorization };
}

function rises(
  samples: readonly Sample[],
): Readonly<Record<'heap' | 'external' | 'resident', number>> {
  return {
    heap: growth(samples.map(({ heap }) => heap)),
    external: growth(samples.map(({ external }) => external)),
    resident: growth(samples.map(({ resident }) => resident)),
  };
}

test(
  `a router under load for ${MINUTES} minutes`,
  { timeout: (MINUTES + 3) * 60_000 },
  async (t) => {
    const { clearml, tasks, router, id, port, authorization } = await start(t);
    const { url, adminUrl } = router;
    const before = await takeSample(adminUrl);
    const sampling = startSampling(adminUrl, SAMPLE_EVERY);
    const traffic = startTraffic({ clearml, tasks, url, web: id, port, authorization });
    await sleep(MINUTES * 60_000);
    const reports = await traffic.stop();
    await sampling.stop();

    for (const [kind, { done, failures, slowest }] of Object.entries(reports)) {
      t.diagnostic(`${kind}: ${done}, ${failures.length} failed, the slowest took ${slowest} ms`);
    }
    const { samples } = sampling;
    const warm = samples.slice(Math.floor(samples.length * WARM_UP));
    const last = warm.at(-1);
    const grown = rises(warm);
    const cpu = ((last?.cpuSeconds ?? 0) - before.cpuSeconds) / (MINUTES * 60);
    t.diagnostic(
      `rose after the warm-up, in MB: ${JSON.stringify(grown, (_, value: unknown) => (typeof value === 'number' ? value / MEGABYTE : value))}`,
    );
    t.diagnostic(`after the warm-up: ${JSON.stringify(warm[0])}`);
    t.diagnostic(`at the end: ${JSON.stringify(last)}; ${cpu.toFixed(3)} of a core`);

    for (const [kind, { done, failures }] of Object.entries(reports)) {
      assert.deepEqual(failures.slice(0, 5), [], `${kind}: ${failures.length} of ${done} failed`);
      assert.ok(done > 0, `${kind}: nothing was done`);
    }
    for (const [what, bytes] of Object.entries(grown)) {
      assert.ok(bytes < MOST_GROWTH, `${what} rose by ${bytes} bytes`);
    }
    const errors = router.lines.filter(({ level }) => level === 'error');
    assert.deepEqual(errors, []);

    // What the load opened is closed again; connections to tasks are kept for a while after their last use.
    const deadline = performance.now() + 90_000;
    let left = await takeSample(adminUrl);
    while (left.sockets > before.sockets || left.descriptors > before.descriptors + 2) {
      assert.ok(performance.now() < deadline, `still open: ${JSON.stringify({ before, left })}`);
      await sleep(1_000);
      left = await takeSample(adminUrl);
    }
  },
);
