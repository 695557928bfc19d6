import { z } from 'zod';

import { isObject, type Json, type JsonObject } from '../property_values.ts';

type Condition = (live: JsonObject) => boolean;

const JSON_PATH = /^jsonpath=\{((?:\.[A-Za-z_][\w-]*)+)\}(?:=(.+))?$/;
const CONDITION = /^condition=([^=]+)(?:=(.+))?$/;

/**
 * Reads `pulumi.com/waitFor`: one expression, or a JSON list of which all have to be met. A path is met by what is there, and with a
 * value by a text that equals it; a condition by its status, `True` unless another is named. Of JSONPath the stand-in knows keys
 * alone.
 *
 * @throws Error that names what it cannot read.
 */
export function parseWaitFor(text: string): Condition {
  const conditions = expressions(text).map(parseExpression);
  return (live) => conditions.every((isMet) => isMet(live));
}

function expressions(text: string): readonly string[] {
  if (!text.startsWith('[')) return [text];
  return z.array(z.string()).min(1).parse(JSON.parse(text));
}

function parseExpression(text: string): Condition {
  const [, path, value] = JSON_PATH.exec(text) ?? [];
  if (path !== undefined) return (live) => matches(at(live, path.slice(1).split('.')), value);
  const [, type, status = 'True'] = CONDITION.exec(text) ?? [];
  if (type === undefined) {
    throw new Error(`pulumi.com/waitFor: expected "jsonpath={.path}" or "condition=Type": ${text}`);
  }
  return (live) =>
    conditionsOf(live).some((found) => found.type === type && found.status === status);
}

function at(value: Json, keys: readonly string[]): Json | undefined {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  const inner = isObject(value) ? value[key] : undefined;
  return inner === undefined ? undefined : at(inner, rest);
}

function matches(found: Json | undefined, value: string | undefined): boolean {
  if (found === undefined || value === undefined) return found !== undefined;
  return typeof found !== 'object' && String(found) === value;
}

const withConditions = z.looseObject({
  status: z
    .looseObject({
      conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]),
    })
    .prefault({}),
});

function conditionsOf(live: JsonObject): readonly { type: string; status: string }[] {
  return withConditions.parse(live).status.conditions;
}
