import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test, type TestContext } from 'node:test';

const REPORTER = resolve(import.meta.dirname, '../unlisted_skips.ts');

function runIn(t: TestContext, ci: string, body: string): { status: number | null; out: string } {
  const folder = mkdtempSync(join(tmpdir(), 'skips-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'some.test.mjs');
  writeFileSync(file, `import { describe, test } from 'node:test';\n${body}`);
  const reporter = [`--test-reporter=${REPORTER}`, '--test-reporter-destination=stdout'];
  // Without what tells this process that it is itself a test's.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout } = spawnSync(process.execPath, ['--test', ...reporter, file], {
    env: { ...env, CI: ci },
    encoding: 'utf8',
  });
  return { status, out: stdout };
}

test('A84: in CI a skipped test fails the run, unless it is listed with its reason', (t) => {
  const skips = [
    "test('not here', { skip: 'no such tool' }, () => undefined);",
    "test('not here', (t) => t.skip());",
    "describe('not here', { skip: true }, () => undefined);",
  ];
  for (const body of skips) {
    const { out, status } = runIn(t, 'true', body);
    assert.equal(status, 1, body);
    assert.match(out, /^✖ skipped, which fails in CI: not here \(/m);
    assert.equal(runIn(t, '', body).status, 0, body);
  }
  const listed = "test('tells an old Node so in one line', { skip: true }, () => undefined);";
  const { out, status } = runIn(t, 'true', `${listed}\ntest('runs', () => undefined);`);
  assert.equal(status, 0);
  assert.match(out, /^﹣ skipped, as listed: tells an old Node/m);
});
