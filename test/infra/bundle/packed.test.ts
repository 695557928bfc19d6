import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { bundleRouter } from '../../../infra/bundle/bundle.ts';
import { PACKED_BUDGET_BYTES, packed } from '../../../infra/bundle/packed.ts';

suite('packed code', () => {
  test('runs as the file that it was, and the router with it', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'packed-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const run = (code: string, ...args: readonly string[]): string => {
      const { binaryData, data } = packed('router.cjs', code);
      for (const [file, text] of Object.entries(data)) writeFileSync(join(folder, file), text);
      for (const [file, text] of Object.entries(binaryData)) {
        writeFileSync(join(folder, file), Buffer.from(text, 'base64'));
      }
      const file = join(folder, 'router.cjs');
      return execFileSync(process.execPath, [file, ...args], { encoding: 'utf8' }).trim();
    };
    const code = 'console.log(require.main === module, __filename, process.argv[2])';
    assert.equal(run(code, 'x'), `true ${join(folder, 'router.cjs')} x`);
    assert.match(run(await bundleRouter(), '--version'), /^task-traffic-router \d/);
  });

  test('is a third of the code, and the same for the same code', async () => {
    const code = await bundleRouter();
    const one = packed('router.cjs', code);
    assert.ok(JSON.stringify(one).length < code.length * 0.4);
    assert.deepEqual(packed('router.cjs', code), one);
  });

  test('has a budget, which the router is within', async () => {
    const { binaryData } = packed('router.cjs', await bundleRouter());
    assert.ok((binaryData['router.cjs.br']?.length ?? 0) <= PACKED_BUDGET_BYTES);
    const incompressible = randomBytes(PACKED_BUDGET_BYTES).toString('base64');
    assert.throws(() => packed('router.cjs', incompressible), {
      code: 'bundle-failed',
      message:
        /^The router's bundle has \d+ bytes when it is packed; 350000 are its limit, since a ConfigMap and the stack's state have to hold it\.$/,
    });
  });
});
