import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from './command.ts';
import { LabError } from './errors.ts';

const failsWith = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof LabError);
  assert.equal(error.code, 'COMMAND_FAILED');
  assert.match(error.message, pattern);
  return true;
};

test('a command returns its output', async () => {
  assert.equal(
    await run('sh', ['-c', 'printf %s "$WORD"'], { environment: { WORD: 'yes' } }),
    'yes',
  );
});

test('a failure says what was run, how it ended and what it said last', async () => {
  await assert.rejects(
    run('sh', ['-c', 'echo reason >&2; exit 3']),
    failsWith(/^sh -c .* ended with status 3:\n {2}reason$/),
  );
  await assert.rejects(run('/nonexistent/program', []), failsWith(/could not be run: .*ENOENT/));
});

test('a command that takes too long is ended with all that it started', async () => {
  await assert.rejects(
    run('sh', ['-c', 'sleep 60 & wait'], { timeoutMs: 100 }),
    failsWith(/took longer than 0\.1 s$/),
  );
});
