import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { otherStackFiles, readStackFile } from '../../../infra/config/reading/stack_file.ts';

suite('readStackFile', () => {
  test("reads the project's own keys of a stack", (context) => {
    const root = mkdtempSync(join(tmpdir(), 'stack-'));
    context.after(() => {
      rmSync(root, { recursive: true });
    });
    const text = 'config:\n  ttr:clearml:\n    jwksKey: {secure: v1:x}\n  other:key: 1\n';
    writeFileSync(join(root, 'Pulumi.dev.yaml'), text);
    assert.deepEqual(readStackFile(root, 'ttr', 'dev'), {
      stack: 'dev',
      path: 'Pulumi.dev.yaml',
      config: { clearml: { jwksKey: { secure: 'v1:x' } } },
    });
    assert.equal(readStackFile(root, 'ttr', 'prod'), undefined);
    assert.equal(readStackFile('', 'ttr', 'dev'), undefined);
  });

  test('reads the other stacks, without what is no stack or cannot be read', (context) => {
    const root = mkdtempSync(join(tmpdir(), 'stack-'));
    context.after(() => {
      rmSync(root, { recursive: true });
    });
    writeFileSync(join(root, 'Pulumi.yaml'), 'name: ttr\n');
    writeFileSync(join(root, 'Pulumi.dev.yaml'), 'config: {}\n');
    writeFileSync(join(root, 'Pulumi.broken.yaml'), 'config: {\n');
    writeFileSync(join(root, 'Pulumi.b.yaml'), 'config:\n  ttr:router: {name: b}\n');
    writeFileSync(join(root, 'Pulumi.a.yaml'), 'config:\n  ttr:router: {name: a}\n');
    assert.deepEqual(otherStackFiles(root, 'ttr', 'dev'), [
      { stack: 'a', path: 'Pulumi.a.yaml', config: { router: { name: 'a' } } },
      { stack: 'b', path: 'Pulumi.b.yaml', config: { router: { name: 'b' } } },
    ]);
    assert.deepEqual(otherStackFiles('', 'ttr', 'dev'), []);
  });
});
