import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { jsonOf, reportOf } from '../../../../infra/checks/idle/report.ts';
import {
  LIST,
  routedTasks,
  type RouterList,
  seenSince,
  unknownUse,
} from '../../../../infra/checks/idle/routed_tasks.ts';
import { type Known, rowOf } from '../../../../infra/checks/idle/verdict.ts';
import type { TaskWork } from '../../../../router/clearml/task_work.ts';
import { IDLE_POLICY } from '../../../../router/settings/idle_policy.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const HOUR_MS = 3_600_000;

function before(hours: number): string {
  return new Date(NOW - hours * HOUR_MS).toISOString();
}

/** An endpoint of the list, used so many hours ago. */
function endpoint(id: string, usedAt: number | null, task: object = {}, more: object = {}) {
  return {
    id,
    name: null,
    task: {
      id,
      name: `task ${id}`,
      type: 'training',
      project: 'p',
      owner: 'alice',
      queue: 'q1',
      startedAt: before(50),
      ...task,
    },
    lastUsedAt: usedAt === null ? null : before(usedAt),
    idle: null,
    http: { state: 'open' },
    tcp: null,
    ...more,
  };
}

function list(endpoints: readonly object[], more: object = {}): RouterList {
  return LIST.parse({
    stale: false,
    replicas: { found: 2, silent: 0, all: true },
    endpoints,
    administration: {
      replica: { startedAt: before(30) },
      others: {
        listed: [{ address: '10.0.0.2', name: 'b', startedAt: before(40), reason: null }],
        problem: null,
      },
    },
    ...more,
  });
}

const POLICY = IDLE_POLICY.parse({ after: 4 * 3_600, queues: ['gpu'], longest: 100 * 3_600 });

function work(lineAt: number | null, updatedAt: number | null, more: object = {}): TaskWork {
  return {
    running: true,
    print: '',
    lineAt: lineAt === null ? undefined : NOW - lineAt * HOUR_MS,
    updatedAt: updatedAt === null ? undefined : NOW - updatedAt * HOUR_MS,
    jupyterToken: undefined,
    ...more,
  };
}

function look(
  routes: RouterList,
  works: Record<string, TaskWork | null>,
  more: Partial<Known> = {},
) {
  const unknown = unknownUse(routes, true);
  const known: Known = {
    now: NOW,
    policy: POLICY,
    allSeen: unknown.length === 0,
    seenSince: seenSince(routes),
    queueName: (id) => ({ q1: 'gpu', q2: 'cpu' })[id],
    wishOf: (id) => (id === 'wishes' ? 'never' : undefined),
    workOf: (id) => works[id],
    ...more,
  };
  return { known, unknown, rows: routedTasks(routes).map((task) => rowOf(task, known)) };
}

const folder = fileURLToPath(new URL('goldens/', import.meta.url));

/** The lines are those of the golden; UPDATE_GOLDENS=1 writes it anew. */
function isGolden(name: string, lines: readonly string[]): void {
  const file = `${folder}${name}.golden.txt`;
  const actual = `${lines.join('\n')}\n`;
  if (process.env['UPDATE_GOLDENS'] === '1') writeFileSync(file, actual);
  assert.equal(actual, readFileSync(file, 'utf8'));
}

suite('what npm run idle tells', () => {
  test('of tasks by a policy that is not in force', () => {
    const escaping = '\u001b[31mred\u202e';
    const routes = list([
      endpoint('quiet', 5),
      endpoint('busy', 5),
      endpoint('statistics', 5),
      endpoint('notebook', 6),
      endpoint('unasked', 5),
      endpoint('soon', 3),
      endpoint('wishes', 49),
      endpoint('unused', null),
      endpoint('other', 49, { queue: 'q2' }),
      endpoint('closed', 5, {}, { http: { state: 'refused' } }),
      endpoint('two', 9, {}, { name: 'a' }),
      endpoint('two', 1, {}, { name: 'b' }),
      endpoint('ends', 9),
      endpoint('gone', 9),
      endpoint('hostile', 9, { name: escaping + 'x'.repeat(60) }),
    ]);
    const seen = look(routes, {
      quiet: work(null, 4.5),
      busy: work(0.5, 0.5),
      statistics: work(8, 0),
      notebook: work(7, 6.5, { jupyterToken: 'hush' }),
      soon: work(0.5, 0.1),
      wishes: work(48, 48),
      unused: work(null, 45),
      other: work(1, 1),
      closed: work(1, 1),
      two: work(1, 1),
      ends: work(1, 1, { running: false }),
      gone: null,
      hostile: work(9, null),
    });
    isGolden('by-use', reportOf(seen));
  });

  test('of tasks that the router counts: it has asked for their work', () => {
    const counted = (id: string, since: number, stopsIn: number | null) =>
      endpoint(
        id,
        9,
        {},
        {
          idle: { since: before(since), stopsAt: stopsIn === null ? null : before(-stopsIn) },
        },
      );
    const routes = list([
      counted('soon', 3, 1),
      counted('over', 5, -0.1),
      counted('unsure', 3, null),
      counted('long', 5, null),
    ]);
    const works = { soon: work(1, 1), over: work(1, 1), unsure: work(1, 1), long: work(1, 1) };
    isGolden('counted', reportOf(look(routes, works)));
    const dryRun = IDLE_POLICY.parse({ ...POLICY, dryRun: true });
    isGolden('dry-run', reportOf(look(routes, works, { policy: dryRun })));
    // What is in force stops it, whatever the stack says by now.
    isGolden('counted-without-policy', reportOf(look(routes, works, { policy: undefined })));
  });

  test('without a policy', () => {
    const routes = list([endpoint('quiet', 5), endpoint('other', 49, { queue: 'q2' })]);
    isGolden('without-policy', reportOf(look(routes, {}, { policy: undefined })));
    assert.deepEqual(reportOf(look(list([]), {}, { policy: undefined })), ['No task is routed.']);
  });

  test('of replicas that are silent: what they saw is unknown, and nothing is idle', () => {
    const listed = [
      { address: '10.0.0.2', name: 'b', startedAt: before(40), reason: 'no answer within 2 s' },
      {
        address: '10.0.0.3',
        name: null,
        startedAt: null,
        reason: 'it cannot be reached: EHOSTUNREACH',
      },
    ];
    const replica = { startedAt: before(30) };
    const silent = list([endpoint('quiet', 5), endpoint('unused', null)], {
      replicas: { found: 3, silent: 2, all: false },
      administration: { replica, others: { listed, problem: 'DNS does not answer' } },
    });
    const works = { quiet: work(6, 6), unused: work(6, 6) };
    isGolden('silent-replicas', reportOf(look(silent, works)));
    const alone = { replicas: null, administration: null };
    assert.deepEqual(unknownUse(list([], alone), true), [
      'The replica that answered asks no others: what they saw is not known.',
    ]);
    assert.deepEqual(unknownUse(list([], alone), false), []);
    assert.deepEqual(unknownUse(list([], { ...alone, stale: true }), false), [
      'The router tells what it knew when ClearML last answered it: the list is stale.',
    ]);
    const hidden = { replicas: { found: 2, silent: 1, all: false }, administration: null };
    assert.deepEqual(unknownUse(list([], hidden), true), [
      '1 of 2 replicas do not tell what they saw.',
      'There may be replicas that were not found.',
    ]);
    // Since when the others have been there nobody says.
    const unused = look(
      list([endpoint('unused', null)], alone),
      { unused: work(6, 6) },
      { allSeen: true },
    );
    assert.equal(unused.rows[0]?.stops, 'unknown');
  });

  test('to programs', () => {
    const routes = list([
      endpoint('two', 5, {}, { name: 'a' }),
      endpoint('two', 7, {}, { tcp: { state: 'open' } }),
    ]);
    assert.deepEqual(jsonOf(look(routes, { two: work(6, 5) })), {
      at: '2026-03-01T12:00:00.000Z',
      policy: POLICY,
      unknown: [],
      tasks: [
        {
          id: 'two',
          name: 'task two',
          type: 'training',
          project: 'p',
          owner: 'alice',
          queue: 'q1',
          queueName: 'gpu',
          endpoints: ['a', null],
          lastUsedAt: '2026-03-01T07:00:00.000Z',
          idleSeconds: 18_000,
          countedByRouter: false,
          reported: {
            lastLineAt: '2026-03-01T06:00:00.000Z',
            lastChangeAt: '2026-03-01T07:00:00.000Z',
          },
          listed: true,
          stoppedAfterSeconds: 14_400,
          wouldBeStoppedNow: true,
          stops: 'now',
        },
      ],
    });
  });
});
