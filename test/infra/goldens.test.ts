import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { examples } from './examples.ts';
import { goldenText } from './manifests.ts';
import { runStack } from './stack_run.ts';

const folder = fileURLToPath(new URL('goldens/', import.meta.url));
const isUpdate = process.env['UPDATE_GOLDENS'] === '1';

/** What a test compares with; written anew with UPDATE_GOLDENS=1, so that the diff is what is reviewed. */
function golden(file: string, actual: string): string {
  if (isUpdate) writeFileSync(folder + file, actual);
  return readFileSync(folder + file, 'utf8');
}

suite('example stacks', () => {
  mkdirSync(folder, { recursive: true });
  const all = examples();

  for (const { name, config } of all) {
    test(`${name} sends the objects of its golden`, async () => {
      const run = await runStack(config);
      const actual = goldenText(run);
      assert.doesNotMatch(actual, /SECRET-/);
      assert.equal(actual, golden(`${name}.golden.yaml`, actual));
    });
  }

  test('there is no golden without its example', () => {
    const wanted = new Set(all.map(({ name }) => `${name}.golden.yaml`));
    const stray = readdirSync(folder).filter((file) => !wanted.has(file));
    if (isUpdate) for (const file of stray) rmSync(folder + file);
    else assert.deepEqual(stray, []);
  });
});
