import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RouterError } from '../../../router/errors.ts';
import { IdleWatch } from '../../../router/idle/idle_watch.ts';
import { IDLE_POLICY } from '../../../router/settings/idle_policy.ts';
import { createLog } from '../../../router/telemetry/log.ts';
import { httpEndpoint } from '../../support/proxy_world.ts';
import { runningTask, shownRoutes } from '../../support/shown_routes.ts';

const SEED = Number(process.env['MODEL_SEED'] ?? 20_260_101);
const SECOND_MS = 1_000;
const AFTER_MS = 600_000;
const QUEUE = 'f'.repeat(32);
const STEP_MS = 5 * SECOND_MS;

/** Mulberry32. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface ModelTask {
  readonly id: string;
  /** Its agent was told to stop it. */
  stopping: boolean;
  reports: number;
  /** The last use and the last work, in true time. */
  usedAt: number;
  workedAt: number;
  /** When it was there first, as a replica could see. */
  since: number;
}

/** What one replica saw of each task: a text of its own clock, as activity keeps it. */
interface Replica {
  readonly name: string;
  readonly sees: Map<string, string>;
  /** What the others have been told by it. */
  told: ReadonlyMap<string, string>;
  answers: boolean;
  frozen: boolean;
  /** Its wall clock, beside the true time. */
  skew: number;
  /** Its own clock that does not jump begins anywhere. */
  readonly offset: number;
  readonly watch: IdleWatch;
}

for (let round = 0; round < 10; round += 1) {
  test(`no task is stopped within its time, nor twice, whatever happens (MODEL_SEED=${SEED}, round ${round})`, async () => {
    const next = random(SEED + round);
    const below = (limit: number): number => Math.floor(next() * limit);
    const chance = (share: number): boolean => next() < share;
    const routes = shownRoutes();
    const log = createLog('error', { write: () => undefined });
    const tasks: ModelTask[] = Array.from({ length: 12 }, (_, index) => ({
      id: String(index).padStart(32, '0'),
      stopping: false,
      reports: 0,
      usedAt: 0,
      workedAt: 0,
      since: 0,
    }));
    routes.show(
      tasks.map(({ id }) => ({
        ...httpEndpoint(1, id),
        task: { ...runningTask(id), queueId: QUEUE },
        http: undefined,
        tcp: {
          state: 'open',
          upstream: { address: '127.0.0.1', family: 4, port: 1 },
          port: undefined,
        },
      })),
    );
    let time = 0;
    let made = 0;
    let stops = 0;
    let away = false;
    let leader: Replica | undefined;
    let replicas: Replica[] = [];
    const all: Replica[] = [];

    const create = (): Replica => {
      made += 1;
      const offset = below(1_000_000);
      const replica: Replica = {
        name: `replica ${made}`,
        sees: new Map(),
        told: new Map(),
        answers: true,
        frozen: false,
        skew: below(7_200_000) - 3_600_000,
        offset,
        watch: new IdleWatch({
          policy: IDLE_POLICY.parse({ after: AFTER_MS / 1000, queues: [QUEUE], warning: 60 }),
          routerName: 'router',
          routes: {
            current: () => ({ ...routes.current(), stale: away }),
            idleWish: () => undefined,
          },
          clearml: {
            queues: () => Promise.resolve(new Map()),
            taskWork: (id) => {
              if (away) return Promise.reject(new RouterError('CLEARML_UNAVAILABLE', 'away'));
              const task = tasks.find((one) => one.id === id);
              if (task === undefined) return Promise.resolve(undefined);
              return Promise.resolve({
                running: !task.stopping,
                print: String(task.reports),
                lineAt: undefined,
                updatedAt: undefined,
                jupyterToken: undefined,
              });
            },
            stopTask: (id) => {
              stopped(id);
              return Promise.resolve();
            },
          },
          leadership: { isLeader: () => leader === replica },
          sight: {
            // What was told is kept, also of those that are no more.
            lastUse: (id) =>
              all.map((one) => (one === replica ? one.sees : one.told).get(id)).join('|'),
            replicas: () => {
              const others = replicas.filter((one) => one !== replica);
              if (others.some((one) => !one.answers || one.frozen)) return undefined;
              return new Set(others.map(({ name }) => name));
            },
            hurry: () => undefined,
          },
          log,
          now: () => time + offset,
        }),
      };
      all.push(replica);
      return replica;
    };

    const wrong: string[] = [];
    const stopped = (id: string): void => {
      const task = tasks.find((one) => one.id === id);
      if (task === undefined) return;
      if (task.stopping) wrong.push(`${id} is stopped twice`);
      if (away) wrong.push('ClearML was away');
      const idle = time - Math.max(task.usedAt, task.workedAt, task.since);
      if (idle < AFTER_MS) wrong.push(`${id} is stopped after ${idle} ms`);
      stops += 1;
      task.stopping = true;
    };

    const event = (): void => {
      const replica = replicas[below(replicas.length)];
      const task = tasks[below(tasks.length)];
      if (replica === undefined || task === undefined) return;
      const kind = below(100);
      // Uses and work become rare now and then, or nothing would ever be stopped.
      if (kind < 8 && !replica.frozen) {
        task.usedAt = time;
        replica.sees.set(task.id, String(time + replica.skew));
      } else if (kind < 16) {
        task.reports += 1;
        task.workedAt = time;
      } else if (kind < 22 && replicas.length > 1 && replica !== leader) {
        // It sees a use, tells nobody, and may be gone before it does.
        replica.answers = false;
        task.usedAt = time;
        replica.sees.set(task.id, String(time + replica.skew));
        if (chance(0.5)) replicas = replicas.filter((one) => one !== replica);
      } else if (kind < 24) replica.skew += below(20_000_000) - 10_000_000;
      else if (kind < 26) replica.answers = !replica.answers;
      else if (kind < 27) away = !away;
      else if (kind < 29) leader = replica;
      else if (kind < 30 && replicas.length > 1) {
        replicas = replicas.filter((one) => one !== replica);
        if (leader === replica) leader = undefined;
      } else if (kind < 40 && replicas.length < 4) replicas.push(create());
      else if (kind < 41) replica.frozen = !replica.frozen;
      else if (kind < 100 && task.stopping) {
        // The agent has stopped it, and somebody starts it again.
        task.stopping = false;
        task.reports += 1;
        task.workedAt = time;
      }
    };

    replicas = [create(), create()];
    leader = replicas[0];
    for (let step = 0; step < 12_000; step += 1) {
      time += STEP_MS;
      // Busy hours and quiet ones.
      if (chance(Math.floor(step / 500) % 2 === 0 ? 0.2 : 0.02)) event();
      for (const replica of replicas) {
        // A replica that does not answer has told what it told before.
        if (replica.answers && !replica.frozen) replica.told = new Map(replica.sees);
      }
      // Nothing stays broken for long, or nothing would ever be known.
      if (step % 60 === 59) {
        away = false;
        leader ??= replicas[0];
        for (const replica of replicas) {
          replica.answers = true;
          replica.frozen = false;
        }
      }
      if (step % 3 !== 0) continue;
      for (const replica of replicas) {
        if (!replica.frozen) await replica.watch.turn().catch(() => undefined);
      }
    }
    assert.deepEqual(wrong, []);
    assert.ok(stops > 0, 'something was idle');
  });
}
