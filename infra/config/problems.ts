import { z } from 'zod';

import { nearestKey } from './nearest_key.ts';
import { RENAMED_KEYS } from './renamed_keys.ts';
import { unwrap } from './secret_leaves.ts';

/** One thing that is wrong with a stack's config. */
export interface Problem {
  /** Keys that lead to it, e.g. `['tcpSession', 'portRange', 'start']`. */
  readonly path: readonly string[];
  readonly message: string;
}

/** Translates zod's issues; values below a secret path are never quoted. */
export function problemsOf(
  schema: z.core.$ZodType,
  issues: readonly z.core.$ZodIssue[],
  raw: unknown,
  secretPaths: readonly (readonly string[])[],
): readonly Problem[] {
  return issues.flatMap((issue): Problem[] => {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') {
      const known = keysAt(schema, path);
      return issue.keys.map((key) => {
        const unknown = [...path, key];
        return { path: unknown, message: unknownKey(unknown, known, schema) };
      });
    }
    const isSecret = secretPaths.some((secret) => secret.join('.') === path.join('.'));
    const expectation = issue.message.startsWith('expected ');
    const found = expectation
      ? `, found ${isSecret ? hidden(raw, path) : shown(at(raw, path))}`
      : '';
    return [{ path, message: issue.message + found }];
  });
}

function unknownKey(
  path: readonly string[],
  known: readonly string[],
  schema: z.core.$ZodType,
): string {
  const key = path.at(-1) ?? '';
  const successor = RENAMED_KEYS[path.join('.')];
  if (successor !== undefined) return `now called ${successor}`;
  const elsewhere = keysAt(schema, []).filter((section) => keysAt(schema, [section]).includes(key));
  if (elsewhere.length === 1 && !known.includes(key)) {
    return `unknown key here; did you mean ${elsewhere.join('')}.${key}?`;
  }
  const nearest = nearestKey(key, known);
  return nearest === undefined
    ? `unknown key; known are ${known.join(', ')}`
    : `unknown key; did you mean ${nearest}?`;
}

function at(raw: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string, unknown>)[key]
        : undefined,
    raw,
  );
}

function hidden(raw: unknown, path: readonly string[]): string {
  const value = at(raw, path);
  if (value === undefined) return 'nothing';
  return value === '' ? 'an empty text' : 'something else (not shown, since it is secret)';
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a group of keys';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** Keys that the object at `path` may have. */
function keysAt(schema: z.core.$ZodType, path: readonly string[]): readonly string[] {
  const inner = unwrap(schema);
  if (inner !== undefined) return keysAt(inner, path);
  const [key, ...rest] = path;
  if (schema instanceof z.core.$ZodArray) return keysAt(schema._zod.def.element, rest);
  if (schema instanceof z.core.$ZodUnion) {
    return [...new Set(schema._zod.def.options.flatMap((option) => keysAt(option, path)))];
  }
  if (!(schema instanceof z.core.$ZodObject)) return [];
  const shape = schema._zod.def.shape;
  if (key === undefined) return Object.keys(shape);
  const next = shape[key];
  return next === undefined ? [] : keysAt(next, rest);
}
