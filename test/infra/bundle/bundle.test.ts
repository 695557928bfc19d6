import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { bundleRouter, NODE_FLAGS } from '../../../infra/bundle/bundle.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const fixture = 'test/infra/bundle/fixture.js';
const entries = ['router/main.ts', fixture].filter((entry) => existsSync(root + entry));

interface Run {
  readonly code: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a bundle in a folder of its own, where nothing of the repository can be found. */
async function run(node: string, code: string): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
  const file = join(folder, 'router.cjs');
  writeFileSync(file, code);
  return new Promise((resolve) => {
    execFile(node, [file], { cwd: folder, env: {}, timeout: 20_000 }, (error, stdout, stderr) => {
      rmSync(folder, { recursive: true });
      resolve({ code: error === null ? 0 : (error.code ?? null), stdout, stderr });
    });
  });
}

suite('the bundle', () => {
  for (const entry of entries) {
    test(`of ${entry} is the same each time, and free of this machine's paths`, async () => {
      const code = await bundleRouter(entry);
      assert.equal(code, await bundleRouter(entry));
      assert.ok(!code.includes(root));
    });
  }

  test('runs without the repository around it', async () => {
    const { code, stdout, stderr } = await run(process.execPath, await bundleRouter(fixture));
    assert.deepEqual([code, stdout, stderr], [0, 'no\n', '']);
  });

  test('tells an old Node so in one line', { skip: oldNode() === undefined }, async () => {
    const { code, stdout, stderr } = await run(oldNode() ?? '', await bundleRouter(fixture));
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /^task-traffic-router needs Node [\d.]+ or newer, and this is Node .*\n$/);
  });

  test('gets the same flags from the image and from npm as from the program', () => {
    const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
      scripts: Readonly<Record<string, string>>;
    };
    const entry = /^ENTRYPOINT (.*)$/m.exec(readFileSync(`${root}router/Dockerfile`, 'utf8'))?.[1];
    assert.deepEqual(JSON.parse(entry ?? ''), [
      'node',
      ...NODE_FLAGS,
      '/opt/task-router/router.cjs',
    ]);
    assert.ok(scripts['router']?.startsWith(`node ${NODE_FLAGS.join(' ')} -r `), scripts['router']);
  });

  test('is not made of sources that do not build', async () => {
    await assert.rejects(bundleRouter('router/nowhere.ts'), { code: 'bundle-failed' });
  });
});

/** A Node older than the required one, where this machine has one beside. */
function oldNode(): string | undefined {
  return ['/usr/bin/node', '/usr/local/bin/node'].find((path) => existsSync(path));
}
