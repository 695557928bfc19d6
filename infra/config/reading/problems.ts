import { z } from 'zod';

import { nearestKey } from './nearest_key.ts';
import { RENAMED_KEYS } from './renamed_keys.ts';
import { unwrap } from './secret_leaves.ts';
import type { Problem } from '../values/problem.ts';
import type { Remedy } from '../values/remedy.ts';
import { resetCommand, setCommand } from '../values/set_command.ts';
import { entryOf, valueAt } from '../values/value_at.ts';

/**
 * Translates zod's issues; values below a secret path are never quoted. What is missing because its key has another name here is told
 * of once, at that key.
 */
export function problemsOf(
  schema: z.core.$ZodType,
  issues: readonly z.core.$ZodIssue[],
  raw: unknown,
  secretPaths: readonly (readonly string[])[],
): readonly Problem[] {
  const misnamed: string[] = [];
  const problems = issues.flatMap((issue): Problem[] => {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') {
      const known = keysAt(schema, path);
      return issue.keys.map((key) => {
        const unknown = [...path, key];
        const { meant, message } = unknownKey(unknown, known, schema);
        const isMissing = valueAt(raw, meant?.split('.') ?? []) === undefined;
        if (meant !== undefined && isMissing) misnamed.push(meant);
        return { path: unknown, message };
      });
    }
    const isSecret = secretPaths.some((secret) => secret.join('.') === path.join('.'));
    const expectation = issue.message.startsWith('expected ');
    const value = valueAt(raw, path);
    const found = expectation ? `, found ${isSecret ? hidden(value) : shown(value)}` : '';
    const remedy = expectation ? retyped(schema, raw, path, isSecret) : ofRule(issue);
    return [{ path, message: issue.message + found, ...(remedy === undefined ? {} : { remedy }) }];
  });
  return problems.filter(({ message, path }, index) => {
    const key = path.join('.');
    // A number that no integer type holds fails two checks with one message.
    const isRepeated =
      index > 0 &&
      problems[index - 1]?.message === message &&
      problems[index - 1]?.path.join('.') === key;
    return !isRepeated && !misnamed.some((meant) => key === meant || key.startsWith(`${meant}.`));
  });
}

/** What `rules` of `problem.ts` handed on. */
function ofRule(issue: z.core.$ZodIssue): Remedy | undefined {
  return issue.code === 'custom' ? (issue.params?.['remedy'] as Remedy | undefined) : undefined;
}

/** What makes a value what its key asks for, where its type alone is wrong. */
function retyped(
  schema: z.core.$ZodType,
  raw: unknown,
  path: readonly string[],
  isSecret: boolean,
): Remedy | undefined {
  const value = valueAt(raw, path);
  const isRightAs = (other: unknown): boolean => {
    const { error } = z.core.safeParse(schema, replaced(raw, path, other));
    return error?.issues.every((issue) => issue.path.join('.') !== path.join('.')) ?? true;
  };
  if (typeof value === 'string') {
    const type = /^(true|false)$/.test(value) ? 'bool' : /^-?\d+$/.test(value) ? 'int' : undefined;
    if (type === undefined || !isRightAs(type === 'bool' ? value === 'true' : Number(value))) {
      return undefined;
    }
    const how = '; without the quotes: ';
    return { command: how + resetCommand(path, type, value), argument: how + value };
  }
  if ((typeof value !== 'boolean' && typeof value !== 'number') || !isRightAs(String(value))) {
    return undefined;
  }
  const how = '; as a text';
  return isSecret
    ? { command: `${how}: ${setCommand(path, 'secret')}`, argument: how }
    : {
        command: `${how}: ${setCommand(path, 'string', value)}`,
        argument: `${how}: '${String(value)}'`,
      };
}

/** A copy with another value at the path. */
function replaced(group: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const inner = replaced(valueAt(group, [key]), rest, value);
  return Array.isArray(group)
    ? group.with(Number(key), inner)
    : { ...(group as Readonly<Record<string, unknown>>), [key]: inner };
}

/** What an unknown key is told, and the path of the known one that was meant, where one is near. */
interface UnknownKey {
  readonly message: string;
  readonly meant?: string;
}

function unknownKey(
  path: readonly string[],
  known: readonly string[],
  schema: z.core.$ZodType,
): UnknownKey {
  const key = path.at(-1) ?? '';
  const successor = entryOf(RENAMED_KEYS, path.join('.'));
  if (successor !== undefined) return { message: `now called ${successor}`, meant: successor };
  const meant = path.length > 2 ? undefined : keyOfOtherSection(key, schema);
  if (meant !== undefined) return { message: `unknown key here; did you mean ${meant}?`, meant };
  const nearest = nearestKey(key, known);
  if (nearest === undefined) return { message: `unknown key; known are ${known.join(', ')}` };
  return {
    message: `unknown key; did you mean ${nearest}?`,
    meant: [...path.slice(0, -1), nearest].join('.'),
  };
}

/** The key of this name that lies right below another section, where there is one alone. Items of a list are no such keys. */
function keyOfOtherSection(key: string, schema: z.core.$ZodType): string | undefined {
  const sections = keysAt(schema, []).filter((section) => {
    const isList = typeAt(schema, section) instanceof z.core.$ZodArray;
    return !isList && keysAt(schema, [section]).includes(key);
  });
  return sections.length === 1 ? `${sections.join('')}.${key}` : undefined;
}

/** The schema of a section without what is wrapped around it. */
function typeAt(schema: z.core.$ZodType, section: string): z.core.$ZodType | undefined {
  let type =
    schema instanceof z.core.$ZodObject ? entryOf(schema._zod.def.shape, section) : undefined;
  for (let inner = type; inner !== undefined; inner = unwrap(inner)) type = inner;
  return type;
}

function hidden(value: unknown): string {
  if (value === undefined) return 'nothing';
  return value === '' ? 'an empty text' : 'something else (not shown, since it is secret)';
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a group of keys';
  if (typeof value === 'symbol') return 'something else';
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
  const next = entryOf(shape, key);
  return next === undefined ? [] : keysAt(next, rest);
}
