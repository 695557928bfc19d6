import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTagWriter } from '../../../router/clearml/asking_tag.ts';
import type { Call } from '../../../router/clearml/own_task.ts';
import { addTask } from '../../lab/clearml/asks.ts';
import { connect, count, serve } from '../../support/installation.ts';

test('the tag of tasks that ask is set and taken away, beside all others', async (t) => {
  const server = await serve(t);
  const clearml = connect(t, server);
  const { id } = addTask(server, { systemTags: ['development'] });
  const tags = () => server.state.task(id)?.system_tags;
  await clearml.setAskingTag(id, true);
  assert.deepEqual(tags(), ['development', 'external_service']);
  await clearml.setAskingTag(id, true);
  assert.equal(count(server, 'tasks.edit'), 1, 'nothing is written where it stands');
  await clearml.setAskingTag(id, false);
  await clearml.setAskingTag(id, false);
  assert.deepEqual(tags(), ['development']);
  assert.equal(count(server, 'tasks.edit'), 2);
});

test('the tags of a task that the server did not tell of are not written', async () => {
  const calls: string[] = [];
  const call: Call = async (name, _body, schema) => {
    calls.push(name);
    return schema.parse({ tasks: [{ id: 'another', system_tags: ['x'] }] });
  };
  await assert.rejects(createTagWriter(call)('asked', true), {
    code: 'CLEARML_ANSWER_INVALID',
    message: 'ClearML answered tasks.get_all_ex without the task asked that it was asked for',
  });
  assert.deepEqual(calls, ['tasks.get_all_ex']);
});
