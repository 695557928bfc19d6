import { readFile } from 'node:fs/promises';

import { build } from 'esbuild';

import { InfraError } from '../errors.ts';
import { ROOT } from '../project.ts';
import { holdClientWheel } from './client_wheel.ts';
import { leaveOut } from './leave_out.ts';

/**
 * How V8 is to run. Its heap grows with each burst, by the memory of the node, and hardly gives it back. With 10,000 tasks, whose
 * data are 50 MB, the process took 350 MB without the two sizes (in MB) and 165 MB with them, at the same CPU time; the second one
 * leaves room for sockets and buffers under the default memory limit of the pod.
 *
 * A collection while no request is under way finds no request's object, forgets their hidden classes, and throws away all code that
 * was compiled for them: after each quiet time, the first second of traffic went to compiling it again (p99 of 2.5 to 4 ms, else
 * 0.6). V8 keeps such classes for two collections, but none in those that its memory reducer starts as soon as little happens.
 * Without it, some 30 MB of the heap of a busy time stay with the process until the next one.
 */
export const NODE_FLAGS = [
  '--max-semi-space-size=8',
  '--max-old-space-size=320',
  '--retain-maps-for-n-gc=1000',
  '--no-memory-reducer',
];

const ENTRY = 'router/main.ts';

async function buildRouter(entry: string) {
  const versionCheck = await readFile(`${ROOT}router/node_version.cjs`, 'utf8');
  return build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'cjs',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    charset: 'ascii',
    logLevel: 'silent',
    banner: { js: versionCheck },
    plugins: [leaveOut, holdClientWheel],
  }).catch((error: unknown) => {
    throw new InfraError('bundle-failed', `The router does not build: ${String(error)}`);
  });
}

/** Folders below `node_modules/` of the packages that the router's bundle holds code of, sorted. */
export async function bundledPackages(): Promise<readonly string[]> {
  const { metafile } = await buildRouter(ENTRY);
  const folders = Object.keys(metafile.inputs).flatMap(
    (file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [],
  );
  return [...new Set(folders)].toSorted();
}

/**
 * Bundles the router into one CommonJS file. The same sources give the same bytes, so an unchanged router rolls nothing.
 *
 * It begins with the check of Node's version. Private fields and class fields are left as they are (`es2022`): turned into
 * older syntax they become a `WeakMap` look-up each, in the middle of every request; Node 16 and later can read them, and so
 * get as far as the line that names the version they lack.
 *
 * @param entry the file to start from, relative to the repository's root.
 * @throws InfraError `bundle-failed` when the sources do not build.
 */
export async function bundleRouter(entry = ENTRY): Promise<string> {
  const result = await buildRouter(entry);
  return result.outputFiles[0]?.text ?? '';
}
