import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { ClearMl, TaskPage, TaskQuery } from '../../../router/clearml/clearml.ts';
import { taskRow, type TaskRow } from '../../../router/clearml/task_row.ts';
import { RouterError } from '../../../router/errors.ts';
import { createRoutes } from '../../../router/routes/create_routes.ts';
import { ALONE } from '../../../router/routes/leader.ts';
import type { RouteTable } from '../../../router/routes/model/table.ts';
import { readSettings } from '../../../router/settings/settings.ts';
import { createMetrics, createRegistry } from '../../../router/telemetry/metrics.ts';
import { binder, eventually, keepLog, stampKeys } from '../../support/installation.ts';

const ROUTER = '203.0.113.7';
const START = 21_000;

interface ModelTask {
  readonly id: string;
  status: string;
  tagged: boolean;
  startedAt: number;
  changedAt: number;
  runtime: Record<string, string | number>;
  /** Where the task itself knows that it listens for TCP; `lies` where it wrote what it found elsewhere over its ask. */
  tcp: { readonly address: string; readonly port: number } | 'lies' | undefined;
  /** What it has seen the router write, to be written back later. */
  seen: Record<string, string | number>;
}

/** What of a runtime the router writes. */
const WRITTEN = [
  'external_address',
  'external_tcp_port',
  'upstream_task_address',
  'upstream_task_port',
  'router_tcp_answer',
  'router_tcp_stamp',
  'router_http_stamp',
  'router_name',
];

function writtenIn(runtime: ModelTask['runtime']): ModelTask['runtime'] {
  return Object.fromEntries(Object.entries(runtime).filter(([key]) => WRITTEN.includes(key)));
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
      taskSeenBy: none,
      sshKeys: none,
      runningTasksOf: none,
      setAskingTag: none,
      queues: () => Promise.resolve(new Map()),
      users: () => Promise.resolve(new Map()),
      modelEndpoints: {
        reportedUrls: none,
        containersAt: none,
        register: none,
        report: none,
        unregister: none,
      },
      taskWork: none,
      stopTask: none,
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

function start(model: Model, ports: number, keys: () => readonly Uint8Array[]) {
  const { log } = keepLog();
  const routes = createRoutes({
    settings: settings(ports),
    clearml: model.client(),
    log,
    metrics: createMetrics(createRegistry()),
    leadership: ALONE,
    ports: binder(),
    kubernetesHost: undefined,
    stampKeys: keys,
  });
  routes.start();
  return routes;
}

/** Everything that must hold once the router has caught up with a model that stands still. */
function assertTrue(model: Model, table: RouteTable, ports: number): void {
  const running = new Map(model.asking().map((task) => [task.id, task]));
  const holders = new Map<string, string>();
  let portless = 0;
  for (const [id, { task, ...lanes }] of table.endpoints) {
    assert.ok(running.has(id));
    for (const lane of [lanes.http, lanes.tcp]) {
      if (lane?.state === 'refused' && lane.reason.startsWith('every port')) portless += 1;
      if (lane?.state !== 'open') continue;
      const key = `${lane.upstream.address} ${lane.upstream.port}`;
      assert.equal(holders.get(key) ?? task.id, task.id, 'an address has one holder');
      holders.set(key, task.id);
    }
  }
  for (const [id, task] of running) {
    const endpoint = table.endpoints.get(id);
    for (const lane of ['http', 'tcp'] as const) {
      const asked = task.runtime['_PORT'] !== undefined;
      const http = {
        address: String(task.runtime['_ADDRESS']),
        port: Number(task.runtime['_PORT']),
      };
      const meant = lane === 'tcp' ? task.tcp : asked ? http : undefined;
      const found = endpoint?.[lane];
      if (meant === 'lies') continue;
      if (meant === undefined) {
        assert.equal(found, undefined);
        continue;
      }
      const { address, port } = meant;
      if (found?.state === 'refused') {
        const free = holders.get(`${address} ${port}`) ?? id;
        assert.ok(
          free !== id || found.reason.startsWith('every port'),
          'nobody is refused for nothing',
        );
        continue;
      }
      assert.equal(found?.state, 'open');
      assert.deepEqual([found.upstream.address, found.upstream.port], [address, port]);
      if (lane === 'tcp') {
        assert.equal(table.ports.get(endpoint?.tcp?.port ?? 0), endpoint);
        assert.equal(task.runtime['external_address'], ROUTER);
        assert.equal(task.runtime['external_tcp_port'], String(endpoint?.tcp?.port));
      } else {
        assert.equal(task.runtime['endpoint'], `https://router.example.com/service/${id}/`);
      }
    }
  }
  if (portless > 0) assert.equal(table.ports.size, ports, 'ports are used as far as they go');
}

/** What was granted and stamped at a quiet moment: it must stay while its task asks for it, whatever others write. */
class Promised {
  readonly #lanes = new Map<
    string,
    { readonly upstream: string; readonly port: number | undefined }
  >();

  /** The task itself has changed what it asks, or its own proof of it. */
  release(id: string, ...lanes: readonly ('http' | 'tcp')[]): void {
    for (const lane of lanes) this.#lanes.delete(`${id} ${lane}`);
  }

  note(model: Model, table: RouteTable): void {
    for (const [id, endpoint] of table.endpoints) {
      for (const lane of ['http', 'tcp'] as const) {
        const way = endpoint[lane];
        if (way?.state !== 'open') continue;
        const { address, port } = way.upstream;
        const external = lane === 'tcp' ? endpoint.tcp?.port : undefined;
        const text = String(model.tasks.get(id)?.runtime[`router_${lane}_stamp`] ?? '[]');
        const [, , , taskAddress, taskPort, , routerPort] = JSON.parse(text) as unknown[];
        const stands = taskAddress === address && taskPort === port;
        if (!stands || (external !== undefined && routerPort !== external)) continue;
        this.#lanes.set(`${id} ${lane}`, { upstream: `${address} ${port}`, port: external });
      }
    }
  }

  assertKept(table: RouteTable): void {
    for (const [key, { upstream, port }] of this.#lanes) {
      const [id = '', lane] = key.split(' ');
      const endpoint = table.endpoints.get(id);
      const way = lane === 'http' ? endpoint?.http : endpoint?.tcp;
      assert.equal(way?.state, 'open', `${key} was promised ${upstream}`);
      assert.equal(`${way.upstream.address} ${way.upstream.port}`, upstream);
      assert.equal(port === undefined ? port : endpoint?.tcp?.port, port, `${key} and its port`);
    }
  }
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
      writes: fc.integer({ min: 1, max: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('remember' as const, 'play back' as const),
      index: taskIndex,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('copy' as const, 'forge' as const),
      index: taskIndex,
      victim: taskIndex,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rotate' as const) }) },
);

test('A61, A62: tasks that change, lie, copy and play back at random, lost writes, outages, restarts, other keys: the router catches up with the truth, and who is served stays so', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 25 }),
      fc.integer({ min: 2, max: COUNT }),
      async (steps, ports) => {
        const model = new Model();
        let secrets = ['0'];
        let keys = stampKeys(...secrets)();
        const promised = new Promised();
        let routes = start(model, ports, () => keys);
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
          promised.assertKept(routes.current());
          promised.note(model, routes.current());
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
                seen: {},
              });
            }
            promised.release(id, next.kind);
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
              const answered = task.runtime['external_address'] === ROUTER;
              if (!answered || typeof task.tcp !== 'object') return;
              promised.release(id, 'tcp');
              task.runtime['external_tcp_port'] = next.port;
              task.tcp = { ...task.tcp, port: next.port };
            });
          } else if (next.kind === 'forget') {
            model.change(id, (task) => {
              delete task.runtime['endpoint'];
              delete task.runtime['router_name'];
            });
          } else if (next.kind === 'remember') {
            model.change(id, (task) => void (task.seen = writtenIn(task.runtime)));
          } else if (next.kind === 'play back' || next.kind === 'copy' || next.kind === 'forge') {
            const victim = 'victim' in next ? model.tasks.get(idOf(next.victim)) : undefined;
            model.change(id, (task) => {
              const found =
                next.kind === 'play back' ? task.seen : writtenIn(victim?.runtime ?? {});
              if (next.kind === 'forge') {
                delete found['router_tcp_stamp'];
                delete found['router_http_stamp'];
              }
              if (Object.keys(found).length === 0 || victim === task) return;
              promised.release(id, 'http', 'tcp');
              Object.assign(task.runtime, found);
              if ('external_tcp_port' in task.runtime) task.tcp = 'lies';
            });
          } else if (next.kind === 'rotate') {
            if (model.away) continue;
            await settled();
            secrets = [`${secrets.length}${secrets[0]}`, ...secrets].slice(0, 2);
            keys = stampKeys(...secrets)();
            await settled();
          } else if (next.kind === 'end') {
            promised.release(id, 'http', 'tcp');
            model.change(id, (task) => {
              task.status = 'completed';
            });
          } else if (next.kind === 'untag') {
            promised.release(id, 'http', 'tcp');
            model.change(id, (task) => {
              task.tagged = false;
            });
          } else if (next.kind === 'delete') {
            promised.release(id, 'http', 'tcp');
            model.tasks.delete(id);
          } else if (next.kind === 'away') model.away = !model.away;
          else if (next.kind === 'lose') model.lost = next.writes;
          else if (next.kind === 'restart') {
            await routes.stop();
            routes = start(model, ports, () => keys);
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
      seen: {},
    });
  };
  for (let index = 0; index < MANY; index += 1) put(index);
  const routes = start(model, 200, stampKeys('a secret'));
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
