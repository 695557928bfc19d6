import type { Problem } from '../values/problem.ts';
import type { StackFile } from './stack_file.ts';

/** What is known about how the config is stored. */
export interface Storage {
  /** Pulumi's own word: true as soon as any leaf of the top-level key is encrypted. */
  readonly isEncrypted: (topLevelKey: string) => boolean;
  /** The stack's file, which tells leaf by leaf; undefined where it cannot be read. */
  readonly file: StackFile | undefined;
}

/** Every secret of the config that is not stored encrypted, with the command that mends it. */
export function plainSecrets(
  config: Readonly<Record<string, unknown>>,
  secretPaths: readonly (readonly string[])[],
  storage: Storage,
): readonly Problem[] {
  return secretPaths
    .filter((path) => typeof leaf(config, path) === 'string')
    .flatMap((path): Problem[] => {
      const [topLevelKey = ''] = path;
      const stored = storage.file === undefined ? undefined : leaf(storage.file.config, path);
      const plainInFile = typeof stored === 'string';
      if (storage.isEncrypted(topLevelKey) && !plainInFile) return [];
      const where = plainInFile && storage.file !== undefined ? ` in ${storage.file.path}` : '';
      const message =
        `stored in plain text${where}; replace the value at its source, since it was readable, and encrypt it: ` +
        `pulumi config set --secret --path ${path.join('.')}`;
      return [{ path, message }];
    });
}

/** The value at a path; an encrypted group answers with itself, since all that it holds is encrypted. */
function leaf(config: unknown, path: readonly string[]): unknown {
  let value: unknown = config;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    const group = value as Readonly<Record<string, unknown>>;
    if (typeof group['secure'] === 'string') return group;
    value = group[key];
  }
  return value;
}
