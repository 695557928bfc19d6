import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { WorkFolder } from './work_folder.ts';

async function newFolder(t: TestContext): Promise<WorkFolder> {
  const path = await mkdtemp(join(tmpdir(), 'work-folder-'));
  t.after(() => rm(path, { recursive: true }));
  return new WorkFolder(join(path, '.work'));
}

test('the passphrase is made once, for its owner alone', async (t) => {
  const folder = await newFolder(t);
  const [first, second] = [await folder.passphrase(), await folder.passphrase()];
  assert.equal(first, second);
  assert.match(first, /^[\w-]{32}$/);
  const { mode } = await stat(join(folder.path, 'passphrase'));
  assert.equal(mode & 0o777, 0o600);
});

test('a record is read as it was written, until it is removed', async (t) => {
  const folder = await newFolder(t);
  assert.equal(await folder.readRecord(), undefined);
  const record = { version: 1, id: 'x', context: 'kind-lab' } as const;
  await folder.writeRecord(record);
  assert.deepEqual(await folder.readRecord(), record);
  await folder.removeRecord();
  assert.equal(await folder.readRecord(), undefined);
});

test('a record that cannot be read says what to do', async (t) => {
  const folder = await newFolder(t);
  await folder.writeRecord({ version: 1, id: 'x' });
  const file = join(folder.path, 'run.json');
  await writeFile(file, (await readFile(file, 'utf8')).slice(0, 10));
  await assert.rejects(folder.readRecord(), { code: 'STATE_INVALID', message: /npm stop/ });
});
