import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { addTask, httpAsk, taskWhen } from '../../lab/clearml/asks.ts';
import { userToken } from '../../lab/clearml/client.ts';
import { ids } from '../../lab/clearml/seed.ts';
import { startClearMl } from '../../lab/clearml/server.ts';
import { count, eventually, runtimeOf } from '../../support/installation.ts';
import { settingsFor, startRouterProcess } from '../../support/router_process.ts';

test('a router with a policy asks for its queues, and writes into a task when it was used last', async (t) => {
  const task = createServer((_, response) => response.end('here'));
  task.listen(0, '127.0.0.1');
  await once(task, 'listening');
  const clearml = await startClearMl({ edition: 'enterprise' });
  const router = await startRouterProcess({
    ...settingsFor(clearml),
    IDLE_POLICY: JSON.stringify({ after: 7_200, queues: ['gpu'] }),
  });
  t.after(async () => {
    await router.stop();
    await clearml.stop();
    task.closeAllConnections();
    task.close();
  });
  await router.readyz(200);
  await eventually(() => count(clearml, 'queues.get_all') > 0, 'the question for queues');
  const { port } = task.address() as AddressInfo;
  const runtime = httpAsk({ address: '127.0.0.1', port });
  const { id } = addTask(clearml, { runtime, queue: ids.queueGpu });
  await taskWhen(clearml, id, (one) => 'endpoint' in one.runtime);
  assert.equal(runtimeOf(clearml, id)['router_last_used'], undefined);
  const authorization = `Bearer ${await userToken(clearml, 'alice')}`;
  const answer = await fetch(`${router.url}/service/${id}/`, { headers: { authorization } });
  assert.equal(await answer.text(), 'here');
  const used = Date.now();
  await eventually(() => 'router_last_used' in runtimeOf(clearml, id), 'the last use', 20_000);
  const stamp = runtimeOf(clearml, id)['router_last_used'];
  assert.ok(typeof stamp === 'string');
  const [version, , at] = JSON.parse(stamp) as unknown[];
  assert.equal(version, 'v1');
  assert.ok(Math.abs(Number(at) - used) < 5_000);
  assert.equal(count(clearml, 'tasks.stop'), 0);
});
