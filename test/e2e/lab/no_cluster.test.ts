/** `npm start -- --no-cluster` as a person runs it, and as it is killed. */
import assert from 'node:assert/strict';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';

import { markedProcesses } from '../../lab/run/left_processes.ts';
import { WorkFolder } from '../../lab/run/work_folder.ts';
import { REPOSITORY, startLab } from './start_process.ts';

const folder = new WorkFolder(join(REPOSITORY, '.work'));

before(async () => {
  await startLab('stop').ended;
});

async function assertNothingLeft(): Promise<void> {
  assert.deepEqual(await markedProcesses(folder), []);
  await assert.rejects(access(folder.local), { code: 'ENOENT' });
}

test('every printed line works, and nothing is left', async () => {
  const { status, output } = await startLab('start', ['--no-cluster', '--once']).ended;
  assert.equal(status, 0, output);
  assert.match(output, /✔ TCP carries a megabyte, byte for byte/);
  assert.doesNotMatch(output, /✖/);
  await assertNothingLeft();
});

test('Ctrl-C ends it, and so does npm stop where it was killed', async () => {
  const running = startLab('start', ['--no-cluster']);
  await running.until('Ctrl-C ends this');
  running.signalGroup('SIGINT');
  const { status, output } = await running.ended;
  assert.equal(status, 0, output);
  await assertNothingLeft();

  const killed = startLab('start', ['--no-cluster']);
  await killed.until('Ctrl-C ends this');
  killed.child.kill('SIGKILL');
  await startLab('stop').ended;
  await killed.ended;
  await assertNothingLeft();
});
