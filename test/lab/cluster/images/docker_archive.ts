import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from '../../command.ts';
import type { Image } from './image.ts';

/** As container images name this machine's processor architecture. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Tar archives whose bytes depend on the content alone; a pod's user can read all of it, whatever the umask of this run. */
const REPRODUCIBLE = [
  '--sort=name',
  '--owner=0',
  '--group=0',
  '--numeric-owner',
  '--mtime=@0',
  '--mode=a+rX',
];

/**
 * Writes an image as a docker-archive, the format of `docker save`: one layer, its config and a manifest.
 *
 * @param folder a scratch folder for this image, removed again
 */
export async function writeDockerArchive(
  image: Image,
  folder: string,
  archive: string,
): Promise<void> {
  const root = join(folder, 'root');
  await mkdir(root, { recursive: true });
  await copyExecutables(image, root);
  for (const [path, content] of Object.entries(image.files)) {
    await place(root, path, (target) => writeFile(target, content));
  }
  const temporary = join(root, 'tmp');
  await mkdir(temporary, { recursive: true });
  await chmod(temporary, 0o1777);

  const layer = join(folder, 'layer.tar');
  await run('tar', [...REPRODUCIBLE, '-C', root, '-cf', layer, '.']);
  const config = JSON.stringify({
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    os: 'linux',
    config: {
      Entrypoint: image.entrypoint,
      Env: Object.entries(image.environment).map(([name, value]) => `${name}=${value}`),
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${await sha256(layer)}`] },
    history: [{ created_by: 'task-traffic-router lab' }],
  });
  const configFile = `${createHash('sha256').update(config).digest('hex')}.json`;
  await writeFile(join(folder, configFile), config);
  await writeFile(
    join(folder, 'manifest.json'),
    JSON.stringify([{ Config: configFile, RepoTags: [image.reference], Layers: ['layer.tar'] }]),
  );
  await run('tar', [
    ...REPRODUCIBLE,
    '-C',
    folder,
    '-cf',
    archive,
    'layer.tar',
    configFile,
    'manifest.json',
  ]);
  await rm(folder, { recursive: true });
}

async function copyExecutables(image: Image, root: string): Promise<void> {
  const libraries = new Set<string>();
  for (const [path, source] of Object.entries(image.executables)) {
    await place(root, path, (target) => copyFile(source, target));
    for (const library of await librariesOf(source)) libraries.add(library);
  }
  for (const library of libraries) {
    await place(root, library, (target) => copyFile(library, target));
  }
}

async function place(
  root: string,
  path: string,
  write: (target: string) => Promise<void>,
): Promise<void> {
  const target = join(root, path);
  await mkdir(dirname(target), { recursive: true });
  await write(target);
}

/** The shared libraries and the loader of an executable; none for a static one. */
async function librariesOf(executable: string): Promise<readonly string[]> {
  try {
    return parseLdd(await run('ldd', [executable]));
  } catch {
    // ldd ends with an error for a static executable.
    return [];
  }
}

/** Absolute paths in the output of ldd(1): `libc.so.6 => /lib/libc.so.6 (0x…)` and `/lib64/ld-linux.so.2 (0x…)`. */
export function parseLdd(output: string): readonly string[] {
  return output.split('\n').flatMap((line) => {
    const path = /(?:^|=>)\s*(\/\S+) \(0x/.exec(line)?.[1];
    return path === undefined ? [] : [path];
  });
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
