import assert from 'node:assert/strict';
import { afterEach, before, after, describe, test } from 'node:test';
import { addTask } from '../asks.ts';
import { callAs } from '../call_as.ts';
import { userToken } from '../client.ts';
import type { Fault } from './faults.ts';
import { ids } from '../seed.ts';
import { startClearMl, type ClearMl } from '../server.ts';

describe('faults', () => {
  let clearml: ClearMl;
  let headers: Record<string, string>;
  before(async () => {
    clearml = await startClearMl({ edition: 'enterprise' });
    headers = { authorization: `Bearer ${await userToken(clearml, 'alice')}` };
  });
  afterEach(() => {
    clearml.faults.clear();
    clearml.calls.clear();
  });
  after(() => clearml.stop());

  const get = (path = 'users.get_all') => fetch(`${clearml.url}/${path}`, { headers });

  test('answers that are none', async () => {
    const cases: readonly [Fault, number, string | RegExp][] = [
      [{ kind: 'status', status: 503 }, 503, '<html><body>503</body></html>'],
      [{ kind: 'garbage' }, 200, '<<<{"data":'],
      [{ kind: 'wrong-envelope' }, 200, '{"ok":true}'],
      [{ kind: 'unauthorized' }, 401, /"result_subcode":30/],
      [{ kind: 'error', code: 500, subcode: 102, message: 'gone' }, 500, /"result_msg":"gone"/],
    ];
    for (const [fault, status, body] of cases) {
      const active = clearml.faults.add(fault);
      const response = await get();
      assert.equal(response.status, status);
      const text = await response.text();
      if (typeof body === 'string') assert.equal(text, body);
      else assert.match(text, body);
      active.clear();
    }
    assert.equal((await get()).status, 200);
  });

  test('connections that break', async () => {
    for (const kind of ['reset', 'truncate'] as const) {
      const active = clearml.faults.add({ kind });
      await assert.rejects(
        get().then((response) => response.text()),
        TypeError,
      );
      assert.equal(active.met, 1);
      active.clear();
    }
  });

  test('hangs until it is cleared, slows down', async () => {
    const hang = clearml.faults.add({ kind: 'hang' });
    const signal = AbortSignal.timeout(100);
    await assert.rejects(fetch(`${clearml.url}/users.get_all`, { headers, signal }), /abort/i);
    const arrived = hang.next();
    const waiting = assert.rejects(get(), TypeError);
    await arrived;
    hang.clear();
    await waiting;
    clearml.faults.add({ kind: 'slow', milliseconds: 60 });
    const started = performance.now();
    assert.equal((await get()).status, 200);
    assert.ok(performance.now() - started >= 55);
  });

  test('narrowed to calls, users and times', async () => {
    clearml.faults.add({ kind: 'status', status: 500, calls: ['queues.get_all'], times: 1 });
    clearml.faults.add({ kind: 'status', status: 502, user: ids.mallory });
    assert.equal((await get()).status, 200);
    assert.equal((await get('queues.get_all')).status, 500);
    assert.equal((await get('queues.get_all')).status, 200);
    const mallory = { authorization: `Bearer ${await userToken(clearml, 'mallory')}` };
    assert.equal((await fetch(`${clearml.url}/users.get_all`, { headers: mallory })).status, 502);
  });

  test('drops every second write and says that it was done', async () => {
    clearml.faults.add({ kind: 'drop-write', every: 2 });
    const { id } = addTask(clearml);
    const call = callAs(clearml, 'alice');
    for (const key of ['a', 'b', 'c']) {
      const answer = await call('tasks.edit_runtime', { task: id, add_or_update: { [key]: '1' } });
      assert.deepEqual([answer.status, answer.data['updated']], [200, 1]);
    }
    assert.deepEqual(clearml.state.task(id)?.runtime, { a: '1', c: '1' });
  });

  test('does what is asked and loses the answer', async () => {
    clearml.faults.add({ kind: 'lose-answer', calls: ['tasks.edit_runtime'] });
    const { id } = addTask(clearml);
    const edit = { task: id, add_or_update: { a: '1' } };
    await assert.rejects(callAs(clearml, 'alice')('tasks.edit_runtime', edit), TypeError);
    assert.deepEqual(clearml.state.task(id)?.runtime, { a: '1' });
  });

  test('the log tells who called what, and holds no secret', async () => {
    await get();
    await get();
    await fetch(`${clearml.url}/users.get_all`);
    clearml.faults.add({ kind: 'reset' });
    await assert.rejects(get(), TypeError);
    assert.equal(clearml.calls.count({ call: 'users.get_all', user: ids.alice }), 3);
    const [, , nobody, cut] = clearml.calls.entries();
    assert.deepEqual([nobody?.status, nobody?.subcode, nobody?.user], [401, 20, undefined]);
    assert.deepEqual([cut?.status, cut?.fault], [0, 'reset']);
    assert.doesNotMatch(JSON.stringify(clearml.calls.entries()), /eyJ|secret/);
  });

  test('down and up again on the same port', async () => {
    await clearml.down();
    await assert.rejects(get(), TypeError);
    await clearml.up();
    assert.equal((await get()).status, 200);
  });
});
