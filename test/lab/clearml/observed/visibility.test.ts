/** Who sees which tasks, seen at an open-source server 2.3.0. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { addTask } from '../asks.ts';
import { callAs } from '../call_as.ts';
import { login } from '../client.ts';
import { credentials, ids } from '../seed.ts';
import { startClearMl, type ClearMl } from '../server.ts';
import { code } from './observe.ts';

describe('who sees what, as on an open-source server 2.3.0', () => {
  let clearml: ClearMl;
  before(async () => {
    clearml = await startClearMl();
  });
  after(() => clearml.stop());

  test('there is one company, and every account sees every task of it', async () => {
    assert.deepEqual([...clearml.state.companies.keys()], [ids.companyA]);
    const { id } = addTask(clearml, { user: ids.alice });
    for (const user of ['admin', 'alice', 'bob', 'router'] as const) {
      const call = callAs(clearml, user);
      const found = await call('tasks.get_all_ex', { id: [id], only_fields: ['user'] });
      assert.deepEqual(found.data['tasks'], [{ id, user: { id: ids.alice } }], user);
      assert.equal(code(await call('tasks.get_by_id', { task: id })), '200/0', user);
      const edit = { task: id, runtime: { by: user }, force: true };
      assert.equal(code(await call('tasks.edit', edit)), '200/0', user);
    }
    assert.deepEqual(clearml.state.task(id)?.runtime, { by: 'router' });
  });

  test('a task cannot be hidden from anybody', () => {
    const { id } = addTask(clearml);
    assert.throws(() => clearml.state.restrictTask(id, [ids.alice]), {
      message: "Everybody sees all tasks here: start the stand-in with edition 'enterprise'.",
    });
  });

  test('nobody of another company can sign in, or have a task', async () => {
    await assert.rejects(login(clearml.url, credentials.mallory), /failed to locate/);
    assert.throws(() => addTask(clearml, { user: ids.mallory }), {
      message: `The stand-in server has no user ${ids.mallory}.`,
    });
  });
});
