import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { LabError } from '../errors.ts';
import { clusterDown } from './down.ts';
import { readState, writeState } from './state.ts';
import type { ClusterState } from './state.ts';

const state: ClusterState = {
  version: 1,
  name: 'ttr-0123abcd',
  launcher: { pid: 10, startTime: '100' },
  init: { pid: 11, startTime: '101' },
};

async function scratch(t: { after(done: () => Promise<void>): void }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lab-state-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('what was recorded is read again; nothing recorded is no error', async (t) => {
  const folder = await scratch(t);
  assert.equal(await readState(folder), undefined);
  await writeState(folder, state);
  assert.deepEqual(await readState(folder), state);
});

test('a damaged record is an error, not a reason to end whatever it names', async (t) => {
  const folder = await scratch(t);
  for (const text of ['{"version":1', '{}', JSON.stringify({ ...state, name: '../../x' })]) {
    await writeFile(join(folder, 'state.json'), text);
    await assert.rejects(
      readState(folder),
      (error) => error instanceof LabError && error.code === 'STATE_INVALID',
    );
  }
});

test('there is nothing to remove where there was never a cluster', async () => {
  assert.deepEqual(await clusterDown('/nonexistent/cluster'), {
    processes: 0,
    networkDevices: [],
    cgroups: 0,
  });
});
