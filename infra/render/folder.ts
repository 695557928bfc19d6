import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { parse, stringify } from 'yaml';
import { z } from 'zod';

import { InfraError, messageOf } from '../errors.ts';
import { sorted } from './manifest.ts';
import type { RecordedObject } from './record_program.ts';

const KUSTOMIZATION = 'kustomization.yaml';
const MARK = '# Written by npm run render: ';

const written = z.looseObject({ resources: z.array(z.string()) });

/**
 * Writes a file for each object, and the kustomization that lists them; files that an earlier run wrote and this one does not are
 * removed. The same objects give the same bytes.
 *
 * @throws InfraError `folder-taken` when the folder has a kustomization of somebody else, or cannot be written.
 */
export function writeFolder(
  folder: string,
  stack: string,
  objects: readonly RecordedObject[],
): void {
  try {
    replaceFiles(folder, stack, objects);
  } catch (error) {
    if (error instanceof InfraError) throw error;
    throw new InfraError('folder-taken', `${folder} cannot be written: ${messageOf(error)}`);
  }
}

function replaceFiles(folder: string, stack: string, objects: readonly RecordedObject[]): void {
  const list = join(folder, KUSTOMIZATION);
  const before = existsSync(list) ? readFileSync(list, 'utf8') : undefined;
  if (before !== undefined && !before.startsWith(MARK)) {
    const message = `${list} was not written by render, and is left as it is. Choose a folder of its own, and list that under resources.`;
    throw new InfraError('folder-taken', message);
  }
  const taken = new Set<string>();
  const files = objects
    .map((object) => ({ file: fileOf(object, taken), text: text(object.manifest) }))
    .toSorted((a, b) => order(a.file).localeCompare(order(b.file)));
  mkdirSync(folder, { recursive: true });
  for (const file of written.safeParse(parse(before ?? '')).data?.resources ?? []) {
    rmSync(join(folder, basename(file)), { force: true });
  }
  for (const { file, text } of files) writeFileSync(join(folder, file), text);
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: files.map(({ file }) => file),
  };
  writeFileSync(
    list,
    `${MARK}stack ${stack}. Changes are lost with the next run.\n${text(kustomization)}`,
  );
}

/**
 * By kind and the name in the program, so that a new content is a change of its file. Kinds of two API groups may share a name, and names
 * may hold what leads to other folders or is no part of a file's name on every machine.
 *
 * @param taken names of other files; this one is added.
 */
function fileOf({ manifest, name }: RecordedObject, taken: Set<string>): string {
  const kind = manifest.kind.toLowerCase();
  const own = (name === kind ? kind : `${kind}-${name}`).replaceAll(/[^\w.-]/g, '_');
  let file = `${own}.yaml`;
  for (let count = 2; taken.has(file); count += 1) file = `${own}_${count}.yaml`;
  taken.add(file);
  return file;
}

/** The namespace comes first, for whoever applies files in their order. */
function order(file: string): string {
  return file.startsWith('namespace') ? ` ${file}` : file;
}

/** Go's parsers read YAML 1.1, where `off` and `1:20` are no texts, and parts of 1.2: what is a text to us is quoted for both. */
function text(object: object): string {
  return stringify(sorted(object), { version: '1.1', compat: 'core', lineWidth: 0 });
}
