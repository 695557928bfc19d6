/** `npm stop`: removes what `npm start` has made in this checkout, whether it still runs, was interrupted or was killed. */
import { fileURLToPath } from 'node:url';

import { LabError } from './errors.ts';
import { endRun } from './run/run_lock.ts';
import { removeRun } from './run/teardown.ts';
import { WorkFolder } from './run/work_folder.ts';

const folder = new WorkFolder(fileURLToPath(new URL('../../.work', import.meta.url)));

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  const held = await endRun(folder, () => tell('Ending npm start, which removes what it started'));
  try {
    tell((await removeRun(folder, tell)) ? 'Removed everything.' : 'There is nothing to remove.');
  } finally {
    held.release();
  }
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
