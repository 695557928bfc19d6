import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { parse } from 'yaml';
import { z } from 'zod';

/** The file that holds a stack's config, as it lies on disk: encrypted values are `{secure: …}` there. */
export interface StackFile {
  readonly stack: string;
  /** Path to show to people. */
  readonly path: string;
  /** Value of each top-level key, without the project's name. */
  readonly config: Readonly<Record<string, unknown>>;
}

const projectFile = z.looseObject({ stackConfigDir: z.string().optional() });
const stackFile = z.looseObject({ config: z.record(z.string(), z.unknown()).optional() });

/**
 * Reads `Pulumi.<stack>.yaml` of the project in `root`; undefined where there is none, as with an inline program of the
 * Automation API, or where the CLI was given another one by `--config-file`.
 */
export function readStackFile(root: string, project: string, stack: string): StackFile | undefined {
  return root === '' ? undefined : readFile(folderOf(root), project, stack);
}

/** The files of the project's other stacks; one that cannot be read is left out. */
export function otherStackFiles(
  root: string,
  project: string,
  stack: string,
): readonly StackFile[] {
  if (root === '') return [];
  const folder = folderOf(root);
  const files = attempt(() => readdirSync(folder)) ?? [];
  return files.toSorted().flatMap((file) => {
    const [, name = stack] = /^Pulumi\.(.+)\.yaml$/.exec(file) ?? [];
    if (name === stack) return [];
    const other = attempt(() => readFile(folder, project, name));
    return other === undefined ? [] : [other];
  });
}

function folderOf(root: string): string {
  const text = attempt(() => readFileSync(join(root, 'Pulumi.yaml'), 'utf8'));
  return resolve(root, projectFile.safeParse(parse(text ?? '')).data?.stackConfigDir ?? '');
}

function readFile(folder: string, project: string, stack: string): StackFile | undefined {
  const file = `Pulumi.${stack}.yaml`;
  const text = attempt(() => readFileSync(join(folder, file), 'utf8'));
  if (text === undefined) return undefined;
  const config = ownKeys(project, stackFile.safeParse(parse(text)).data?.config ?? {});
  return { stack, path: file, config };
}

/** The keys of the project, without its name before them. */
export function ownKeys<T>(
  project: string,
  config: Readonly<Record<string, T>>,
): Readonly<Record<string, T>> {
  const prefix = `${project}:`;
  const own = Object.entries(config).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value]));
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
