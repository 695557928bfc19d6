import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { addToStackFile } from '../../../infra/import_values/stack_writer.ts';

suite('addToStackFile', () => {
  test('adds what is missing, and keeps comments, secrets and values that are there', (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'stack-'));
    context.after(() => {
      rmSync(folder, { recursive: true });
    });
    const path = join(folder, 'Pulumi.dev.yaml');
    writeFileSync(
      path,
      'encryptionsalt: v1:x\nconfig:\n  ttr:clearml:\n    # ours\n    sslVerify: false\n    jwksKey:\n      secure: v1:y\n',
    );
    const kept = addToStackFile(path, 'ttr', {
      clearml: { sslVerify: true, authCookieName: 'cookie' },
      tcpSession: { portRange: { start: 1, end: 2 } },
    });
    assert.deepEqual(kept, ['clearml.sslVerify']);
    assert.equal(
      readFileSync(path, 'utf8'),
      [
        'encryptionsalt: v1:x',
        'config:',
        '  ttr:clearml:',
        '    # ours',
        '    sslVerify: false',
        '    jwksKey:',
        '      secure: v1:y',
        '    authCookieName: cookie',
        '  ttr:tcpSession:',
        '    portRange:',
        '      start: 1',
        '      end: 2',
        '',
      ].join('\n'),
    );
  });
});
