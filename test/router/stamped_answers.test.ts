import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { keepStamped } from '../../router/stamped_answers.ts';
import { createSharedState } from '../../router/state/shared_state.ts';
import { createStateFile } from '../../router/state/state_file.ts';
import { addTask, taskWhen, tcpAsk } from '../lab/clearml/asks.ts';
import { eventually, keepLog, route, serve } from '../support/installation.ts';

test('A61: that answers are stamped is said once, by the first leader, and read after a restart and by other replicas', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'stamped-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const open = () => {
    const state = createSharedState(createStateFile(join(folder, 'state')), keepLog().log);
    t.after(state.close);
    return keepStamped(state);
  };
  const [here, there] = [open(), open()];
  assert.equal(await here.done(), false);
  const server = await serve(t);
  const ask = (external: string) => ({
    ...tcpAsk({ address: '10.0.0.1', port: Number(external) }),
    external_address: '203.0.113.7',
    external_tcp_port: external,
    upstream_task_address: '10.0.0.1',
    router_tcp_answer: `203.0.113.7:${external}`,
  });
  const { id } = addTask(server, { runtime: ask('21003') });
  const first = route(t, server, { migration: here });
  first.routes.start();
  await taskWhen(server, id, ({ runtime }) => 'router_tcp_stamp' in runtime);
  let done = false;
  const watch = setInterval(() => void there.done().then((said) => (done = said)), 20);
  t.after(() => clearInterval(watch));
  await eventually(() => done, 'the mark');
  assert.equal(await open().done(), true);
  await first.stop();

  const late = addTask(server, { runtime: ask('21002') }).id;
  const second = route(t, server, { migration: open() });
  second.routes.start();
  const table = await second.until(({ ports }) => ports.size === 2);
  assert.equal(table.endpoints.get(id)?.tcp?.port, 21_003);
  assert.notEqual(table.endpoints.get(late)?.tcp?.port, 21_002);
});
