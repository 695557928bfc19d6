import { z } from 'zod';

import type { Remedy } from './remedy.ts';

/** One thing that is wrong with a stack's config. */
export interface Problem {
  /** Keys that lead to it, e.g. `['tcpSession', 'portRange', 'start']`. */
  readonly path: readonly string[];
  readonly message: string;
  /** What the message ends with. */
  readonly remedy?: Remedy;
}

/** A question about several keys, each of which is right alone; paths of the answer start at the value. */
export type Rule<T> = (value: T) => readonly Problem[];

/** Thrown at the rule that reads a failed value. */
const FAILED = new Error('failed');

/**
 * A check of rules between keys. They are asked about groups with wrong keys, too, so that all is told at once; but no rule sees a
 * value that failed its own check: one that reads it by its key ends there and finds nothing, and one that lists keys does not meet it.
 */
export function rules<T>(...asked: readonly Rule<T>[]): z.core.$ZodCheck<T> {
  return z.superRefine<T>(
    (value, context) => {
      const passed = withoutFailed(value, failedPaths(context.issues));
      for (const { message, path, remedy } of asked.flatMap((rule) => answerOf(rule, passed))) {
        context.addIssue({ code: 'custom', path: [...path], message, params: { remedy } });
      }
    },
    { when: ({ issues }) => failedPaths(issues).every((path) => path.length > 0) },
  );
}

/** Paths of the values that failed, relative to the checked one, which has the empty path; an unknown key fails by itself alone. */
function failedPaths(issues: readonly z.core.$ZodRawIssue[]): (readonly PropertyKey[])[] {
  return issues.filter(({ code }) => code !== 'unrecognized_keys').map(({ path }) => path ?? []);
}

function answerOf<T>(rule: Rule<T>, passed: T): readonly Problem[] {
  try {
    return rule(passed);
  } catch (error) {
    if (error === FAILED) return [];
    throw error;
  }
}

/** A copy in which reading what lies at one of the paths throws `FAILED`; a list fails as a whole. */
function withoutFailed<T>(value: T, failed: readonly (readonly PropertyKey[])[]): T {
  const copy: T = { ...value };
  for (const [key, inside] of Map.groupBy(failed, ([first]) => first as keyof T)) {
    const inner = value[key];
    const isWhole = typeof inner !== 'object' || inner === null || Array.isArray(inner);
    const below = inside.map(([, ...rest]) => rest);
    if (isWhole || below.some(({ length }) => length === 0)) {
      const get = (): never => {
        throw FAILED;
      };
      Object.defineProperty(copy, key, { get, enumerable: false });
    } else {
      copy[key] = withoutFailed(inner, below);
    }
  }
  return copy;
}
