import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLastUse, WRITE_EVERY_MS } from '../../../../router/routes/answers/last_use.ts';
import { createUseStamper } from '../../../../router/routes/asks/use_stamp.ts';
import type { RoutedTask } from '../../../../router/routes/table/assembly.ts';
import { addTask, changeRuntime, httpAsk, taskWhen } from '../../../lab/clearml/asks.ts';
import { ALONE } from '../../../../router/routes/leader.ts';
import {
  count,
  eventually,
  route,
  runtimeOf,
  serve,
  stampKeys,
} from '../../../support/installation.ts';

const TASK = 'a'.repeat(32);
const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 0, 2, 3);
const WRITES = ['tasks.edit', 'tasks.edit_runtime'] as const;

/** One task with two endpoints, whose uses and clock a test moves; what is due is written, unless the test keeps it from that. */
function world() {
  const stamper = createUseStamper('router', stampKeys('a secret'));
  const state = { text: undefined as string | undefined, used: [0, 0], now: START, elapsed: 0 };
  const task = { endpoints: [{ id: '0' }, { id: '1' }] } as unknown as RoutedTask;
  const lastUse = createLastUse({
    stamper,
    standing: () => state.text,
    seen: (id) => state.used[Number(id)] ?? 0,
    now: () => state.now,
    monotonic: () => state.elapsed,
  });
  const pass = (time: number): void => {
    state.now += time;
    state.elapsed += time;
  };
  const due = (): string | undefined => lastUse.due(new Map([[TASK, task]])).get(TASK);
  const write = (): boolean => {
    const text = due();
    if (text === undefined) return false;
    state.text = text;
    lastUse.written(TASK);
    return true;
  };
  return { state, stamper, lastUse, pass, due, write };
}

test('a use of any endpoint is written at once where nothing stands, then every five minutes at most', () => {
  const { state, stamper, lastUse, pass, write } = world();
  assert.ok(!write(), 'nobody used it');
  pass(MINUTE_MS);
  state.used[1] = state.now;
  assert.ok(write());
  assert.equal(stamper.read(TASK, state.text ?? ''), state.now);
  assert.equal(lastUse.stamped(TASK), state.now);
  let writes = 0;
  for (let minute = 0; minute < 60; minute += 1) {
    pass(MINUTE_MS);
    state.used[0] = state.now;
    if (write()) writes += 1;
  }
  assert.equal(writes, 12);
  const last = state.now - 2 * MINUTE_MS;
  state.used = [last, 0];
  pass(WRITE_EVERY_MS);
  assert.ok(!write() || lastUse.stamped(TASK) >= last, 'an old use goes over no newer one');
});

test('the last use is written in the end, and then nothing more', () => {
  const { state, lastUse, pass, write } = world();
  state.used[0] = state.now;
  assert.ok(write());
  pass(MINUTE_MS);
  const last = state.now;
  state.used[0] = last;
  let writes = 0;
  for (let minute = 0; minute < 60; minute += 1) {
    pass(MINUTE_MS);
    if (write()) writes += 1;
  }
  assert.equal(writes, 1);
  assert.equal(lastUse.stamped(TASK), last);
});

test('what somebody undoes is written no more often', () => {
  const { state, pass, write } = world();
  let writes = 0;
  for (let minute = 0; minute < 60; minute += 1) {
    state.used[0] = state.now;
    if (write()) writes += 1;
    // The SDK of the task writes back a dictionary of before.
    state.text = undefined;
    pass(MINUTE_MS);
  }
  assert.equal(writes, 12);
});

test('one from the future, and one without a valid stamp, is no knowledge', () => {
  const { state, stamper, lastUse, write } = world();
  state.text = stamper.write(TASK, state.now + 2 * MINUTE_MS);
  assert.equal(lastUse.stamped(TASK), 0);
  state.text = stamper.write(TASK, state.now + 10_000);
  assert.equal(lastUse.stamped(TASK), state.now, 'clocks differ a little');
  state.text = String(state.now);
  assert.equal(lastUse.stamped(TASK), 0);
  state.used[0] = state.now;
  assert.ok(write(), 'it is written over');
  assert.equal(lastUse.stamped(TASK), state.now);
});

test('the leader writes the last use beside the answers, and touches nothing else; another process reads it', async (t) => {
  const server = await serve(t);
  const { id } = addTask(server, {
    runtime: { ...httpAsk({ address: '10.0.0.1', port: 80 }), mine: 'kept' },
  });
  const used = Date.now() - 1_000;
  const leader = route(t, server, { usedAt: () => used });
  const follower = route(t, server, {
    leadership: { ...ALONE, isLeader: () => false },
    usedAt: () => used + 500,
  });
  leader.routes.start();
  follower.routes.start();
  const { runtime } = await taskWhen(server, id, (task) => 'router_last_used' in task.runtime);
  assert.equal(runtime['mine'], 'kept');
  await eventually(() => follower.routes.stampedUse(id) === used, 'the other reads it');
  await leader.until(({ notices }) => notices.size === 0);
  const writes = count(server, ...WRITES);
  const looks = count(server, 'tasks.get_all_ex');
  await eventually(() => count(server, 'tasks.get_all_ex') > looks + 10);
  assert.equal(count(server, ...WRITES), writes, 'nothing is written again');
  const before = leader.routes.current();
  changeRuntime(server, id, { router_last_used: 'somebody’s word' });
  await eventually(() => leader.routes.stampedUse(id) === 0, 'a word without a stamp is none');
  assert.equal(leader.routes.current().endpoints, before.endpoints, 'no route is made anew for it');
  assert.equal(runtimeOf(server, id)['router_last_used'], 'somebody’s word');
});
