import { readConfig, type StackPlace, structured } from '../config/reading/read.ts';
import { otherStackFiles, readStackFile } from '../config/reading/stack_file.ts';
import { stackConfig } from '../config/reading/schema.ts';
import { secretLeaves } from '../config/reading/secret_leaves.ts';
import type { Problem } from '../config/values/problem.ts';
import { valueAt } from '../config/values/value_at.ts';
import { InfraError } from '../errors.ts';
import { secretProblems } from './existing_secrets.ts';

/** Stands for a value that is encrypted in the stack file: what is rendered contains no secret, so nothing is decrypted. */
export const NOT_READ = 'encrypted-and-not-read';

/**
 * Reads the config of a stack from its file, for objects that are applied without Pulumi.
 *
 * @returns the text of each top-level key as Pulumi hands it over, without the project's name.
 * @throws InfraError `config-invalid`, whose message lists every problem: those that `up` tells, each value that would have to lie in an
 *   existing Secret, and what `up` learns only while it runs.
 */
export function stackValues({
  project,
  root,
  stack,
}: StackPlace): Readonly<Record<string, string>> {
  const file = readStackFile(root, project, stack);
  if (file === undefined) {
    throw new InfraError('config-invalid', `There is no file Pulumi.${stack}.yaml.`);
  }
  const config = Object.entries(file.config).map(
    ([key, value]) => [key, typeof value === 'string' ? structured(value) : value] as const,
  );
  const readable = config.map(([key, value]) => [key, withoutEncrypted(value)] as const);
  const raw: unknown = Object.fromEntries(readable);
  const values = Object.fromEntries(readable.map(([key, value]) => [key, JSON.stringify(value)]));
  readConfig({
    stack,
    values,
    storage: { isEncrypted: () => true, file },
    neighbours: otherStackFiles(root, project, stack),
    objections: [...encryptedProblems(raw), ...secretProblems(raw), ...addressProblems(raw)],
  });
  return values;
}

function withoutEncrypted(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, inner: unknown) =>
    typeof valueAt(inner, ['secure']) === 'string' ? NOT_READ : inner,
  );
}

/** What is encrypted although it is to be written; of a secret, `secretProblems` tells instead. */
function encryptedProblems(raw: unknown): readonly Problem[] {
  const message =
    'is encrypted, and nothing is decrypted here; write it in plain text, if it is no secret';
  return pathsOf(raw)
    .filter((path) => valueAt(raw, path) === NOT_READ && !secretKeys.has(path.join('.')))
    .map((path) => ({ path, message }));
}

const secretKeys = new Set(secretLeaves(stackConfig).map((path) => path.join('.')));

function pathsOf(value: unknown): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [[]];
  return Object.entries(value).flatMap(([key, inner]) =>
    pathsOf(inner).map((path) => [key, ...path]),
  );
}

/** The address of a load balancer is known only once its Service was applied, and the router starts with it. */
function addressProblems(raw: unknown): readonly Problem[] {
  const path = ['tcpSession', 'routerAddress'];
  if (valueAt(raw, ['tcpSession']) === undefined || valueAt(raw, path) !== undefined) return [];
  const message =
    'missing; the address that TCP users connect to cannot be taken from the load balancer here: name one, or a DNS name that will lead to it';
  return [{ path, message }];
}
