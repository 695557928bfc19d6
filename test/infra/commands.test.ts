import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { ROOT } from '../../infra/project.ts';

const run = (file: string, args: readonly string[]) =>
  spawnSync(process.execPath, [`${ROOT}infra/${file}`, ...args], { cwd: ROOT, encoding: 'utf8' });

suite('commands', () => {
  for (const file of [
    'render/main.ts',
    'import_values/main.ts',
    'checks/doctor/main.ts',
    'checks/idle/main.ts',
    'checks/verify/main.ts',
  ]) {
    test(`${file} answers an option that it does not know with its help`, () => {
      const { status, stderr } = run(file, ['--nope']);
      assert.equal(status, 2);
      assert.match(stderr, /^Unknown option '--nope'.*\n\nnpm run /);
    });
  }

  test('the importer tells of a file that is no YAML without its lines', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'values-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'values.yaml');
    writeFileSync(file, 'clearml: [SECRET');
    const { status, stderr } = run('import_values/main.ts', [file, '--stack', 'never-written']);
    assert.equal(status, 1);
    assert.match(stderr, /^.*values\.yaml cannot be used: .*line 1.*\n$/);
    assert.doesNotMatch(stderr, /SECRET/);
  });
});
