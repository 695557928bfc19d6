import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { ClearMl, TaskPage, TaskQuery } from '../../../router/clearml/clearml.ts';
import { taskRow, type TaskRow } from '../../../router/clearml/task_row.ts';
import { RouterError } from '../../../router/errors.ts';
import { createRoutes } from '../../../router/routes/create_routes.ts';
import { ALONE } from '../../../router/routes/leader.ts';
import type { RouteTable } from '../../../router/routes/table.ts';
import { readSettings } from '../../../router/settings/settings.ts';
import { createMetrics, createRegistry } from '../../../router/telemetry/metrics.ts';
import { binder, eventually, keepLog } from './installation.ts';

const ROUTER = '203.0.113.7';
const START = 21_000;

interface ModelTask {
  readonly id: string;
  status: string;
  tagged: boolean;
  startedAt: number;
  changedAt: number;
  runtime: Record<string, string | number>;
  /** Where the task itself knows that it listens for TCP. */
  tcp: { readonly address: string; readonly port: number } | undefined;
}

/** ClearML in memory: tasks that change at random, and writes that may be lost. */
class Model {
  readonly tasks = new Map<string, ModelTask>();
  time = 1_000_000;
  away = false;
  /** Each write loses its effect while this is above zero, and counts it down. */
  lost = 0;
  looks = 0;
  writes = 0;

  change(id: string, edit: (task: ModelTask) => void): void {
    const task = this.tasks.get(id);
    if (task === undefined) return;
    this.time += 1;
    edit(task);
    task.changedAt = this.time;
  }

  row(task: ModelTask): TaskRow {
    return taskRow.parse({
      id: task.id,
      status: task.status,
      name: 'task',
      system_tags: task.tagged ? ['external_service'] : [],
      started: new Date(task.startedAt).toISOString(),
      last_change: new Date(task.changedAt).toISOString(),
      runtime: { ...task.runtime },
    });
  }

  asking(): ModelTask[] {
    return [...this.tasks.values()].filter((task) => task.tagged && task.status === 'in_progress');
  }

  client(): ClearMl {
    const none = (): never => assert.fail('not asked for here');
    const list = (query: TaskQuery, page: number): Promise<TaskPage<TaskRow>> => {
      if (this.away) return Promise.reject(new RouterError('CLEARML_UNAVAILABLE', 'away'));
      this.looks += 1;
      const since = Date.parse(query.changedSince ?? '') || 0;
      const found =
        query.running === true
          ? this.asking()
          : [...this.tasks.values()].filter((task) =>
              query.ids === undefined
                ? task.tagged && task.changedAt >= since
                : query.ids.includes(task.id),
            );
      const tasks = found.slice(page * 500, (page + 1) * 500).map((task) => this.row(task));
      return Promise.resolve({ tasks, unreadable: 0, last: tasks.length < 500 });
    };
    return {
      tasks: list,
      taskStamps: list,
      writeRuntime: (id, values) => {
        if (this.away) return Promise.reject(new RouterError('CLEARML_UNAVAILABLE', 'away'));
        this.writes += 1;
        if (this.lost > 0) this.lost -= 1;
        else this.change(id, (task) => Object.assign(task.runtime, values));
        return Promise.resolve();
      },
      queues: () => Promise.resolve(new Map()),
      login: none,
      onLogin: () => () => undefined,
      visibleTasks: none,
      currentUser: none,
      loginWith: none,
      logout: none,
      close: () => undefined,
    };
  }
}

function settings(ports: number) {
  return readSettings({
    ROUTER_URL: 'https://router.example.com',
    CLEARML_API_HOST: 'http://198.51.100.1:8008',
    CLEARML_API_ACCESS_KEY: 'a',
    CLEARML_API_SECRET_KEY: 's',
    AUTH_BASE64_JWKS_KEY: 'k',
    TASK_NETWORKS: '10.0.0.0/8',
    TCP_ROUTER_ADDRESS: ROUTER,
    TCP_PORT_START: String(START),
    TCP_PORT_END: String(START + ports - 1),
    POLL_INTERVAL: '0.05',
    HTTP_PORT: '0',
    ADMIN_PORT: '0',
  });
}

function start(model: Model, ports: number) {
  const { log } = keepLog();
  const routes = createRoutes({
    settings: settings(ports),
    clearml: model.client(),
    log,
    metrics: createMetrics(createRegistry()),
    leadership: ALONE,
    ports: binder(),
    kubernetesHost: undefined,
  });
  routes.start();
  return routes;
}

/** Everything that must hold once the router has caught up with a model that stands still. */
function assertTrue(model: Model, table: RouteTable, ports: number): void {
  const running = model
    .asking()
    .toSorted((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1));
  const owners = new Map<string, string>();
  const wanted = { tcp: 0 };
  for (const task of running) {
    const endpoint = table.endpoints.get(task.id);
    for (const lane of ['http', 'tcp'] as const) {
      const meant =
        lane === 'tcp'
          ? task.tcp
          : task.runtime['_PORT'] === undefined
            ? undefined
            : { address: String(task.runtime['_ADDRESS']), port: Number(task.runtime['_PORT']) };
      const found = endpoint?.[lane];
      if (meant === undefined) {
        assert.equal(found, undefined);
        continue;
      }
      const key = `${meant.address} ${meant.port}`;
      const owner = owners.get(key) ?? task.id;
      owners.set(key, owner);
      if (owner !== task.id) {
        assert.equal(found?.state, 'refused', 'the one that started first has the address');
        continue;
      }
      if (lane === 'tcp') {
        wanted.tcp += 1;
        if (found?.state !== 'open') continue;
        const { tcp } = endpoint ?? {};
        assert.equal(table.ports.get(tcp?.port ?? 0), endpoint);
        assert.equal(task.runtime['external_address'], ROUTER);
        assert.equal(task.runtime['external_tcp_port'], String(tcp?.port));
      } else {
        assert.equal(task.runtime['endpoint'], `https://router.example.com/service/${task.id}/`);
      }
      assert.equal(found?.state, 'open');
      assert.deepEqual([found.upstream.address, found.upstream.port], [meant.address, meant.port]);
    }
  }
  assert.equal(table.ports.size, Math.min(wanted.tcp, ports), 'ports are used as far as they go');
  for (const [id] of table.endpoints) assert.ok(running.some((task) => task.id === id));
}

const COUNT = 6;
const idOf = (index: number): string => index.toString(16).padStart(32, '0');
const taskIndex = fc.integer({ min: 0, max: COUNT - 1 });
const host = fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3');
const taskPort = fc.integer({ min: 8000, max: 8003 });

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('http' as const),
      index: taskIndex,
      host,
      port: taskPort,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('tcp' as const),
      index: taskIndex,
      host,
      port: taskPort,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('new port' as const),
      index: taskIndex,
      port: taskPort,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('forget' as const), index: taskIndex }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('end' as const, 'delete' as const, 'untag' as const),
      index: taskIndex,
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('look' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('away' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('lose' as const),
      writes: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
);

test('tasks that change at random, lost writes, outages and restarts: the router always catches up with the truth', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 25 }),
      fc.integer({ min: 2, max: COUNT }),
      async (steps, ports) => {
        const model = new Model();
        let routes = start(model, ports);
        const settled = async (): Promise<void> => {
          // Three looks at a model that stands still, nothing written in the last: it has caught up.
          let quiet = 0;
          let seen = { looks: model.looks, writes: model.writes, time: model.time };
          await eventually(() => {
            if (model.looks === seen.looks) return false;
            quiet = model.writes === seen.writes && model.time === seen.time ? quiet + 1 : 0;
            seen = { looks: model.looks, writes: model.writes, time: model.time };
            return quiet >= 3;
          }, 'rest');
        };
        /** One that comes back within the rest of its port must wait for it, so ports are judged at the end. */
        for (const next of steps) {
          const id = 'index' in next ? idOf(next.index) : '';
          if (next.kind === 'http' || next.kind === 'tcp') {
            if (!model.tasks.has(id)) {
              model.time += 1;
              model.tasks.set(id, {
                id,
                status: 'in_progress',
                tagged: true,
                startedAt: model.time * 1_000,
                changedAt: model.time,
                runtime: {},
                tcp: undefined,
              });
            }
            const ask =
              next.kind === 'http'
                ? { _SERVICE: 'EXTERNAL', _ADDRESS: next.host, _PORT: next.port }
                : {
                    _SERVICE: 'EXTERNAL_TCP',
                    external_address: next.host,
                    external_tcp_port: next.port,
                    upstream_task_port: next.port,
                  };
            model.change(id, (task) => {
              task.status = 'in_progress';
              task.tagged = true;
              Object.assign(task.runtime, ask);
              if (next.kind === 'tcp') task.tcp = { address: next.host, port: next.port };
            });
          } else if (next.kind === 'new port') {
            model.change(id, (task) => {
              if (task.runtime['external_address'] !== ROUTER || task.tcp === undefined) return;
              task.runtime['external_tcp_port'] = next.port;
              task.tcp = { ...task.tcp, port: next.port };
            });
          } else if (next.kind === 'forget') {
            model.change(id, (task) => {
              delete task.runtime['endpoint'];
              delete task.runtime['router_name'];
            });
          } else if (next.kind === 'end') {
            model.change(id, (task) => {
              task.status = 'completed';
            });
          } else if (next.kind === 'untag') {
            model.change(id, (task) => {
              task.tagged = false;
            });
          } else if (next.kind === 'delete') model.tasks.delete(id);
          else if (next.kind === 'away') model.away = !model.away;
          else if (next.kind === 'lose') model.lost = next.writes;
          else if (next.kind === 'restart') {
            await routes.stop();
            routes = start(model, ports);
          } else if (!model.away) await settled();
        }
        model.away = false;
        await settled();
        await eventually(() => {
          try {
            assertTrue(model, routes.current(), ports);
            return true;
          } catch {
            return false;
          }
        }).catch(() => assertTrue(model, routes.current(), ports));
        await routes.stop();
      },
    ),
    { numRuns: 15, endOnFailure: true },
  );
});

/** Ten thousand tasks; the seed is in the name of a test that fails, and repeats its run. */
const MANY = 10_000;
const SEED = Number(process.env['MODEL_SEED'] ?? 20_260_101);

/** A small generator with a seed (mulberry32): the same run for the same number. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test(`ten thousand tasks that change at random: the router catches up with the truth (MODEL_SEED=${SEED})`, async () => {
  const next = random(SEED);
  const below = (limit: number): number => Math.floor(next() * limit);
  const model = new Model();
  const put = (index: number): void => {
    model.time += 1;
    const tcp = next() < 0.01 ? { address: '10.1.0.1', port: 1 + index } : undefined;
    const address = `10.${2 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;
    const asksTcp = {
      external_address: tcp?.address ?? '',
      external_tcp_port: tcp?.port ?? 0,
      upstream_task_port: tcp?.port ?? 0,
    };
    model.tasks.set(idOf(index), {
      id: idOf(index),
      status: 'in_progress',
      tagged: true,
      startedAt: model.time * 1_000,
      changedAt: model.time,
      runtime: { _ADDRESS: address, _PORT: 8000, ...(tcp === undefined ? {} : asksTcp) },
      tcp,
    });
  };
  for (let index = 0; index < MANY; index += 1) put(index);
  const routes = start(model, 200);
  const agrees = (): boolean => {
    try {
      assertTrue(model, routes.current(), 200);
      return true;
    } catch {
      return false;
    }
  };
  const caughtUp = async (what: string): Promise<void> => {
    const end = performance.now() + 30_000;
    while (!agrees()) {
      if (performance.now() > end) assertTrue(model, routes.current(), 200);
      await sleep(100);
      assert.ok(performance.now() < end + 5_000, what);
    }
  };
  try {
    await caughtUp('the first table');
    for (let round = 0; round < 2; round += 1) {
      for (let change = 0; change < 2_000; change += 1) {
        const id = idOf(below(MANY));
        const kind = below(5);
        if (kind === 0) put(below(MANY));
        // Without a trace: only the stamps of all tasks tell, some seconds later.
        else if (kind === 1 && change % 10 === 0) model.tasks.delete(id);
        else if (kind === 2) model.change(id, (task) => void (task.status = 'completed'));
        else if (kind === 3) model.change(id, (task) => void delete task.runtime['endpoint']);
        else model.change(id, (task) => void (task.runtime['_PORT'] = 8000 + below(4)));
      }
      model.away = round === 1;
      model.lost = 50;
      await sleep(100);
      model.away = false;
      await caughtUp(`round ${round}`);
    }
  } finally {
    await routes.stop();
  }
});
