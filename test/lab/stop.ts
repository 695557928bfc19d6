/** `npm stop`: see `HELP`. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { LabError } from './errors.ts';
import { endRun } from './run/run_lock.ts';
import { removeRun } from './run/teardown.ts';
import { WorkFolder } from './run/work_folder.ts';

const folder = new WorkFolder(fileURLToPath(new URL('../../.work', import.meta.url)));

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

const HELP = `Usage: npm stop -- [--forget]

Removes what npm start has made in this checkout, whether it still runs, was interrupted or was killed.

  --forget  where the cluster of --context is gone for good: do not ask it`;

/** Whether to leave out the cluster that the run was given. */
function parseForget(): boolean {
  try {
    return parseArgs({ options: { forget: { type: 'boolean', default: false } } }).values.forget;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new LabError('ARGUMENTS_INVALID', `${message}\n\n${HELP}`, { cause: error });
  }
}

try {
  const forget = parseForget();
  const { held, wasRunning } = await endRun(folder, () => tell('Waiting for npm start to end.'));
  try {
    const found = await removeRun(folder, tell, { forget });
    if (found) tell('Removed everything.');
    else if (wasRunning) tell('npm start has ended, and has removed everything that it made.');
    else tell('There is nothing to remove.');
  } finally {
    held.release();
  }
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
