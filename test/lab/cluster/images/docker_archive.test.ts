import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../../command.ts';
import { parseLdd, writeDockerArchive } from './docker_archive.ts';
import type { Image } from './image.ts';

test('ldd: libraries and loader, without what the kernel provides', () => {
  const output = `	linux-vdso.so.1 (0x00007ffd0a5e6000)
	libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f8a1c000000)
	libgone.so => not found
	/lib64/ld-linux-x86-64.so.2 (0x00007f8a1c3f1000)
`;
  assert.deepEqual(parseLdd(output), [
    '/lib/x86_64-linux-gnu/libc.so.6',
    '/lib64/ld-linux-x86-64.so.2',
  ]);
});

const image: Image = {
  reference: 'lab/sample:1',
  executables: { '/bin/true': '/bin/true' },
  files: { '/etc/passwd': 'root:x:0:0::/:\n' },
  entrypoint: ['/bin/true'],
  environment: { PATH: '/bin' },
};

test('an archive holds one layer, whose digest its config names, and is the same each time', async (t) => {
  if (process.platform !== 'linux') return t.skip('needs GNU tar and ldd');
  const folder = await mkdtemp(join(tmpdir(), 'lab-image-'));
  t.after(() => rm(folder, { recursive: true }));
  const archive = join(folder, 'image.tar');
  await writeDockerArchive(image, join(folder, 'scratch'), archive);
  await run('tar', ['-C', folder, '-xf', archive]);

  const [manifest] = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
  assert.deepEqual(manifest.RepoTags, ['lab/sample:1']);
  assert.deepEqual(manifest.Layers, ['layer.tar']);
  const layer = await readFile(join(folder, 'layer.tar'));
  const config = JSON.parse(await readFile(join(folder, manifest.Config), 'utf8'));
  const digest = createHash('sha256').update(layer).digest('hex');
  assert.deepEqual(config.rootfs, { type: 'layers', diff_ids: [`sha256:${digest}`] });
  assert.deepEqual(config.config, { Entrypoint: ['/bin/true'], Env: ['PATH=/bin'] });

  const content = await run('tar', ['-tvf', join(folder, 'layer.tar')]);
  assert.match(content, /-rwxr-xr-x 0\/0 .*\.\/bin\/true\n/);
  assert.match(content, /drwxrwxrwt 0\/0 .*\.\/tmp\/\n/);
  assert.match(content, /\.\/etc\/passwd\n/);
  assert.match(content, /libc\.so|ld-musl/);

  const again = join(folder, 'again.tar');
  await writeDockerArchive(image, join(folder, 'scratch'), again);
  assert.deepEqual(await readFile(again), await readFile(archive));
});
