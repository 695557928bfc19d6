import { InfraError } from '../../errors.ts';
import { neighbourProblems } from './neighbours.ts';
import { plainSecrets, type Storage } from './plain_secrets.ts';
import { problemsOf } from './problems.ts';
import type { Problem } from '../values/problem.ts';
import type { Remedy } from '../values/remedy.ts';
import { stackConfig } from './schema.ts';
import { type StackConfig } from '../stack_config.ts';
import { secretLeaves } from './secret_leaves.ts';
import { otherStackFiles, ownKeys, readStackFile, type StackFile } from './stack_file.ts';

/** A stack's config as Pulumi hands it over. */
export interface ConfigSource {
  readonly stack: string;
  /** Top-level keys without the project's name; structured values may be JSON texts. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly storage: Storage;
  /** Files of the project's other stacks, where they can be read: what one of them has this stack cannot have. */
  readonly neighbours?: readonly StackFile[];
  /** What stands against the purpose that the config is read for; told with all else, and alone about its path and what that lies in. */
  readonly objections?: readonly Problem[];
  /** Whose remedies the message names: a stack's, where it does not say. */
  readonly remedies?: keyof Remedy;
}

/** A stack of a project, whose files lie in the folder `root`. */
export interface StackPlace {
  readonly root: string;
  readonly project: string;
  readonly stack: string;
}

/**
 * Reads the config of a stack from its values, as Pulumi decrypted them, and from the files of the project's stacks.
 *
 * @param values by key with the project's name, such as `task-traffic-router:router`.
 * @param isEncrypted Pulumi's own word on such a key.
 * @throws InfraError of `readConfig`.
 */
export function readStack(
  { project, root, stack }: StackPlace,
  values: Readonly<Record<string, string>>,
  isEncrypted: (key: string) => boolean,
): StackConfig {
  return readConfig({
    stack,
    values: ownKeys(project, values),
    storage: {
      isEncrypted: (key) => isEncrypted(`${project}:${key}`),
      file: readStackFile(root, project, stack),
    },
    neighbours: otherStackFiles(root, project, stack),
  });
}

/**
 * Checks and parses a stack's config.
 *
 * @throws InfraError `config-invalid`, whose message lists every problem with its path.
 */
export function readConfig(source: ConfigSource): StackConfig {
  const raw = Object.fromEntries(
    Object.entries(source.values).map(([key, value]) => [
      key,
      typeof value === 'string' ? structured(value) : value,
    ]),
  );
  const secretPaths = secretLeaves(stackConfig);
  const parsed = stackConfig.safeParse(raw);
  const issues = parsed.success
    ? []
    : problemsOf(stackConfig, parsed.error.issues, raw, secretPaths);
  const { neighbours = [], objections = [], storage } = source;
  const objected = new Set(
    objections.flatMap(({ path }) => path.map((_, index) => path.slice(0, index + 1).join('.'))),
  );
  const problems = [
    ...objections,
    ...[
      ...issues,
      ...plainSecrets(raw, secretPaths, storage),
      ...neighbourProblems(raw, neighbours),
    ].filter(({ path }) => !objected.has(path.join('.'))),
  ];
  if (parsed.success && problems.length === 0) return parsed.data;
  throw new InfraError('config-invalid', report(source.stack, problems, source.remedies));
}

/** Pulumi hands over every value as text: objects and lists as JSON. All top-level keys of ours are objects. */
export function structured(value: string): unknown {
  if (!/^\s*[{[]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** What a problem's line says, with the remedy of its reader. */
export function told({ message, remedy }: Problem, remedies: keyof Remedy = 'command'): string {
  return message + (remedy?.[remedies] ?? '');
}

/** The message about all problems of a stack's config. */
export function report(
  stack: string,
  problems: readonly Problem[],
  remedies: keyof Remedy = 'command',
): string {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  const lines = problems.map(
    (problem) => `  ${problem.path.join('.')}: ${told(problem, remedies)}`,
  );
  return [
    `The config of stack ${stack} has ${count}; nothing was changed.`,
    ...lines,
    'infra/README.md lists every key.',
  ].join('\n');
}
