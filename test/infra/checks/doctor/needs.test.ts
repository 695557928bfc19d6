import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { neededApis, neededRights } from '../../../../infra/checks/doctor/needs.ts';
import { examples } from '../../examples.ts';
import { objectsOf } from '../../manifests.ts';
import { parsedConfig } from '../../parsed_config.ts';
import { runStack } from '../../stack_run.ts';

/** Resource of a kind, as rights name it. */
function resourceOf(kind: unknown): string {
  const name = String(kind).toLowerCase();
  if (name.endsWith('y')) return `${name.slice(0, -1)}ies`;
  return name.endsWith('s') ? `${name}es` : `${name}s`;
}

suite('what the doctor asks for', () => {
  test('is what the program creates, for every example', async () => {
    for (const { name, config } of examples()) {
      const parsed = parsedConfig(config);
      const run = await runStack(config);
      const created = new Set(objectsOf(run).map(({ kind }) => resourceOf(kind)));
      const asked = new Set([
        ...neededRights(parsed).map(({ resource }) => resource),
        ...neededApis(parsed).map((api) => api.split('/').at(-1) ?? ''),
      ]);
      assert.deepEqual(
        [...created].filter((resource) => !asked.has(resource)),
        [],
        name,
      );
    }
  });
});
