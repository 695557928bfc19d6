import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskPage, TaskQuery } from '../../../../router/clearml/clearml.ts';
import type { TaskRow } from '../../../../router/clearml/task_row.ts';
import { createLooker } from '../../../../router/routes/asks/look.ts';

const PAGE = 500;

/** A server that answers looks from a list, and keeps what was asked. */
function installation(size: number) {
  const rows = new Map<string, TaskRow>();
  /** Tasks whose entries cannot be read. */
  const broken = new Set<string>();
  const asked: (TaskQuery & { page: number })[] = [];
  const clock = { time: 0 };
  const put = (index: number, changes: Partial<TaskRow> = {}): string => {
    const id = index.toString(16).padStart(32, '0');
    const before: TaskRow = rows.get(id) ?? {
      id,
      status: 'in_progress',
      name: `task ${index}`,
      type: 'application',
      projectName: undefined,
      userId: 'u',
      companyId: 'c',
      queueId: undefined,
      systemTags: ['external_service'],
      startedAt: 1,
      changedAt: 1_000_000,
      lastUsed: undefined,
      runtime: new Map(),
    };
    rows.set(id, { ...before, ...changes });
    return id;
  };
  for (let index = 0; index < size; index += 1) put(index);
  const tasks = (query: TaskQuery, page: number): Promise<TaskPage<TaskRow>> => {
    asked.push({ ...query, page });
    const since = Date.parse(query.changedSince ?? '') || 0;
    const found = [...rows.values()].filter((row) => {
      if (query.ids !== undefined) return query.ids.includes(row.id);
      if (query.changedSince !== undefined) return (row.changedAt ?? 0) >= since;
      return row.status === 'in_progress' && row.systemTags.includes('external_service');
    });
    const entries = found.slice(page * PAGE, (page + 1) * PAGE);
    const readable = entries.filter(({ id }) => !broken.has(id));
    return Promise.resolve({
      tasks: readable,
      unreadable: entries.length - readable.length,
      last: entries.length < PAGE,
    });
  };
  const looker = createLooker({
    clearml: { tasks, taskStamps: tasks },
    now: () => clock.time,
  });
  return { rows, broken, put, asked, clock, looker, tasks };
}

test('while all tasks fit one page, each look asks for all of them', async () => {
  const { looker, asked, rows, put } = installation(3);
  assert.equal((await looker.look()).size, 3);
  assert.equal((await looker.look()).size, 0);
  rows.delete(put(1));
  assert.equal((await looker.look()).size, 1);
  assert.equal(looker.rows.size, 2);
  assert.ok(asked.every(({ running }) => running === true));
});

test('beyond one page an idle look asks for what changed, with overlap', async () => {
  const { looker, asked, put, clock } = installation(1_200);
  assert.equal((await looker.look()).size, 1_200);
  assert.equal(asked.length, 3);
  const changed = put(7, { changedAt: 2_000_000, runtime: new Map([['_PORT', '1']]) });
  clock.time = 2_000;
  assert.deepEqual(await looker.look(), new Set([changed]));
  assert.equal(asked.at(-4)?.changedSince, new Date(1_000_000 - 5_000).toISOString());
  assert.deepEqual(asked.at(-1)?.ids, [changed], 'only what changed is read whole');
  const late = put(8, { changedAt: 1_996_000, runtime: new Map([['_PORT', '2']]) });
  clock.time = 4_000;
  assert.deepEqual(await looker.look(), new Set([late]), 'a change that was readable late');
});

test('a task that ends is gone with the next look for changes', async () => {
  const { looker, put } = installation(1_200);
  await looker.look();
  const ended = put(7, { status: 'completed', changedAt: 2_000_000 });
  assert.deepEqual(await looker.look(), new Set([ended]));
  assert.equal(looker.rows.has(ended), false);
});

test('what was left behind is not asked for again, once it has been known for long enough', async () => {
  const { looker, asked, clock } = installation(1_200);
  for (const time of [0, 2_000, 5_000, 7_000]) {
    clock.time = time;
    await looker.look();
  }
  const since = asked.slice(-3).map(({ changedSince }) => Date.parse(changedSince ?? ''));
  assert.deepEqual(since, [995_000, 995_000, 1_000_001]);
});

test('stamps of all tasks now and then find what changed or went without a trace', async () => {
  const { looker, put, rows, clock, asked } = installation(1_200);
  await looker.look();
  const deleted = put(7);
  rows.delete(deleted);
  clock.time = 9_999;
  assert.equal((await looker.look()).size, 0);
  const before = asked.length;
  clock.time = 10_000;
  assert.deepEqual(await looker.look(), new Set([deleted]));
  assert.deepEqual(
    asked.slice(before).map(({ running, ids }) => running ?? ids),
    [true, true, true, [deleted]],
  );
});

test('a list that moves while it is paged loses no task', async () => {
  const { rows, tasks, clock } = installation(1_200);
  const [first = ''] = rows.keys();
  let moving = false;
  const looker = createLooker({
    clearml: {
      // The first task ends between two pages: all others move up by one, and the first of the next page is skipped.
      tasks: (query, page) => {
        if (moving && page === 1) rows.delete(first);
        return tasks(query, page);
      },
      taskStamps: tasks,
    },
    now: () => clock.time,
  });
  await looker.look();
  moving = true;
  clock.time = 300_000;
  await looker.look();
  for (const id of rows.keys()) assert.ok(looker.rows.has(id), 'skipped, and asked for by its id');
  clock.time = 600_000;
  assert.deepEqual(await looker.look(), new Set([first]));
});

test('a server without last_change is asked for all each time', async () => {
  const { looker, asked, rows } = installation(600);
  for (const [id, row] of rows) rows.set(id, { ...row, changedAt: undefined });
  await looker.look();
  await looker.look();
  assert.ok(asked.every(({ running }) => running === true));
});

test('clocks that jump: the server’s own times alone say what changed', async () => {
  const { looker, put, clock } = installation(600);
  await looker.look();
  // A server whose clock went back: the change is older than what was seen. The next full look finds it.
  const changed = put(3, { changedAt: 5, runtime: new Map([['_PORT', '1']]) });
  clock.time = 1_000;
  assert.equal((await looker.look()).size, 0);
  clock.time = 10_000;
  assert.deepEqual(await looker.look(), new Set([changed]));
});

test('what is no task of the contract is not taken in', async () => {
  const { looker, rows, put } = installation(1);
  const row = rows.get(put(0));
  assert.ok(row);
  for (const id of ['../x', 'A'.repeat(32), '', 'a'.repeat(33)]) rows.set(id, { ...row, id });
  await looker.look();
  assert.equal(looker.rows.size, 1);
});

for (const size of [3, 1_200]) {
  test(`an entry that cannot be read hides no other task, and its own stays as it was (${size} tasks)`, async () => {
    const { looker, rows, broken, put, clock } = installation(size);
    await looker.look();
    assert.deepEqual(looker.problems(), []);
    const spoiled = put(0, { changedAt: 1_000_001 });
    broken.add(spoiled);
    const ended = put(1, { status: 'completed', changedAt: 1_000_002 });
    const changed = put(2, { changedAt: 1_000_003, runtime: new Map([['_PORT', '1']]) });
    for (clock.time of [10_000, 300_000, 310_000]) await looker.look();
    assert.equal(looker.rows.size, size - 1);
    assert.equal(looker.rows.has(ended), false);
    assert.equal(looker.rows.get(changed)?.runtime.get('_PORT'), '1');
    assert.match(looker.problems().join(), /hold 1 entries without a task's id or status/);
    rows.delete(ended);
    broken.clear();
    rows.delete(spoiled);
    for (clock.time of [600_000, 610_000]) await looker.look();
    assert.equal(looker.rows.has(spoiled), false);
    assert.deepEqual(looker.problems(), []);
  });
}
