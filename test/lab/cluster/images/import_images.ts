import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CONTAINERD_SOCKET } from '../components/containerd.ts';
import { writeDockerArchive } from './docker_archive.ts';
import type { Image } from './image.ts';
import { runInside } from '../processes/namespaces.ts';
import type { Setup } from '../setup.ts';

/** Makes the images and hands them to the cluster's containerd, under the names by which pods ask for them. */
export async function importImages(setup: Setup, images: readonly Image[]): Promise<void> {
  const { directory, tools, snapshotter, initPid } = setup;
  const folder = join(directory, 'images');
  await mkdir(folder, { recursive: true });
  for (const [index, image] of images.entries()) {
    const archive = join(folder, `${index}.tar`);
    await writeDockerArchive(image, join(folder, String(index)), archive);
    await runInside(
      initPid,
      tools.ctr.path,
      '-a',
      CONTAINERD_SOCKET,
      '-n',
      'k8s.io',
      'images',
      'import',
      '--snapshotter',
      snapshotter,
      archive,
    );
    await rm(archive);
  }
}
