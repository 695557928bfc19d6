import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { parse } from 'yaml';
import { z } from 'zod';

/** The file that holds a stack's config, as it lies on disk: encrypted values are `{secure: …}` there. */
export interface StackFile {
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
  if (root === '') return undefined;
  const projectText = read(join(root, 'Pulumi.yaml'));
  const directory = projectFile.safeParse(parse(projectText ?? '')).data?.stackConfigDir ?? '';
  const path = resolve(root, directory, `Pulumi.${stack}.yaml`);
  const text = read(path);
  if (text === undefined) return undefined;
  const entries = Object.entries(stackFile.safeParse(parse(text)).data?.config ?? {});
  const prefix = `${project}:`;
  const own = entries.filter(([key]) => key.startsWith(prefix));
  return {
    path: `Pulumi.${stack}.yaml`,
    config: Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value])),
  };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
