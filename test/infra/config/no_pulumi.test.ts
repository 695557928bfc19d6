import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { suite, test } from 'node:test';

/** Files of Pulumi's packages that a fresh process has loaded with the module. */
function pulumiFilesBehind(module: string): string[] {
  const url = new URL(`../../../infra/${module}`, import.meta.url).href;
  const script = `
    await import('${url}');
    const { createRequire } = await import('node:module');
    const loaded = Object.keys(createRequire('${url}').cache);
    console.log(JSON.stringify(loaded.filter((file) => file.includes('@pulumi'))));`;
  const args = ['--input-type=module', '--eval', script];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as string[];
}

suite('parsing a stack', () => {
  test('loads no Pulumi package, and so no provider', () => {
    assert.deepEqual(pulumiFilesBehind('config/reading/read.ts'), []);
    assert.notEqual(pulumiFilesBehind('secrets/hidden.ts').length, 0, 'the test sees none at all');
  });
});
