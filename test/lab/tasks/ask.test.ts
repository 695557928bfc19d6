import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { credentials } from '../clearml/seed.ts';
import { startClearMl, type ClearMl } from '../clearml/server.ts';
import { LabError } from '../errors.ts';
import { ask } from './ask.ts';

describe('a task that asks by API calls alone', () => {
  let clearml: ClearMl;
  before(async () => {
    clearml = await startClearMl();
  });
  after(() => clearml.stop());

  test('is in progress with the ask and the tag, and completed when stopped', async () => {
    const asks = {
      http: { _SERVICE: 'EXTERNAL', _ADDRESS: '10.0.0.7', _PORT: 8080 },
      tcp: { _SERVICE: 'EXTERNAL_TCP', external_address: '10.0.0.7', external_tcp_port: 8080 },
    };
    for (const protocol of ['http', 'tcp'] as const) {
      const task = await ask({
        apiHost: clearml.url,
        ...credentials.alice,
        name: 'sample task',
        protocol,
        address: '10.0.0.7',
        port: 8080,
      });
      const stored = clearml.state.task(task.taskId);
      assert.deepEqual(stored?.runtime, asks[protocol]);
      assert.deepEqual(
        [stored.status, stored.type, stored.system_tags],
        ['in_progress', 'application', ['external_service']],
      );
      await task.stop();
      assert.equal(clearml.state.task(task.taskId)?.status, 'completed');
    }
  });

  test('says which call failed', async () => {
    const active = clearml.faults.add({
      kind: 'error',
      code: 400,
      subcode: 110,
      message: 'invalid task status',
      calls: ['tasks.edit'],
    });
    const asking = ask({
      apiHost: clearml.url,
      ...credentials.alice,
      name: 'sample task',
      protocol: 'http',
      address: '10.0.0.7',
      port: 8080,
    });
    await assert.rejects(
      asking,
      new LabError('COMMAND_FAILED', `tasks.edit at ${clearml.url} failed: invalid task status`),
    );
    active.clear();
  });
});
