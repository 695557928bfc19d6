import { apiError } from '../api_error.ts';
import { parseTime } from '../clock.ts';
import { at, isDocument, isList, textOf, type Document, type Json } from '../document.ts';

/** Which fields of a kind of record can be filtered, and how. */
export interface FilterFields {
  /** `[a, b]`: any of; `-a` or `__$not, a`: none of; `__$all, a, b`: all of; null: empty. */
  readonly list: readonly string[];
  /** `">=2026-…"`, or a list of such conditions, or `[from, to]`. */
  readonly date: readonly string[];
  /** `[from, to]`, both included, one of them may be null. */
  readonly range: readonly string[];
  /** A regular expression that is looked for anywhere in the text. */
  readonly pattern: readonly string[];
  /** Fields with this prefix (`runtime.`) must equal the value. */
  readonly equalPrefix?: string;
}

export type Test = (document: Document) => boolean;

/** Reads the filters of a `get_all` or `get_all_ex` call. An empty list filters nothing. */
export function readFilters(parameters: Document, fields: FilterFields): Test {
  const tests: Test[] = [];
  for (const [field, value] of Object.entries(parameters)) {
    if (value === undefined || value === null) continue;
    if (fields.list.includes(field)) tests.push(listTest(field, isList(value) ? value : [value]));
    else if (fields.range.includes(field)) tests.push(rangeTest(field, value));
    else if (fields.date.includes(field)) tests.push(dateTest(field, value));
    else if (fields.pattern.includes(field)) tests.push(patternTest([field], value, 'u', 'any'));
    else if (fields.equalPrefix !== undefined && field.startsWith(fields.equalPrefix)) {
      tests.push((document) => at(document, field) === value);
    } else if (field === '_any_' || field === '_or_') tests.push(combined(field, value, 'any'));
    else if (field === '_all_' || field === '_and_') tests.push(combined(field, value, 'all'));
  }
  return (document) => tests.every((test) => test(document));
}

function listTest(field: string, terms: readonly Json[]): Test {
  const included = new Set<string>();
  const required = new Set<string>();
  const excluded = new Set<string>();
  let context: Set<string> = included;
  let anyOperator: 'and' | 'or' | undefined;
  let negated = false;
  let legacy = true;
  let empty = false;
  for (const term of terms) {
    if (term === null) {
      empty = true;
      negated = false;
      continue;
    }
    if (typeof term !== 'string') {
      throw apiError('fields_value_error', 'invalid value type, string expected', {
        field,
        value: JSON.stringify(term),
      });
    }
    if (term === '__$nop') {
      context = included;
      legacy = true;
      negated = false;
    } else if (term.startsWith('__$')) {
      if (term === '__$not') {
        negated = true;
        continue;
      }
      const operator = operatorOf(field, term);
      context = operator === 'and' ? required : included;
      anyOperator ??= operator;
      legacy = false;
    } else {
      anyOperator ??= 'and';
      if (!negated && legacy && term.startsWith('-')) excluded.add(term.slice(1));
      else (negated ? excluded : context).add(term);
      negated = false;
    }
  }
  const conditions: ((values: readonly Json[]) => boolean)[] = [];
  if (included.size > 0) conditions.push((values) => values.some((v) => included.has(textOf(v))));
  if (required.size > 0) {
    conditions.push((values) => [...required].every((term) => values.includes(term)));
  }
  if (excluded.size > 0) conditions.push((values) => !values.some((v) => excluded.has(textOf(v))));
  if (conditions.length === 0 && !empty) return () => true;
  return (document) => {
    const value = at(document, field);
    const values = value === undefined || value === null ? [] : isList(value) ? value : [value];
    if (empty && values.length === 0) return true;
    if (conditions.length === 0) return false;
    return anyOperator === 'or'
      ? conditions.some((condition) => condition(values))
      : conditions.every((condition) => condition(values));
  };
}

function operatorOf(field: string, term: string): 'and' | 'or' {
  if (term === '__$all' || term === '__$and') return 'and';
  if (term === '__$any' || term === '__$or') return 'or';
  throw apiError('fields_value_error', 'Unsupported operator', { field, operator: term });
}

function rangeTest(field: string, value: Json): Test {
  if (!isList(value) || value.length !== 2) {
    throw apiError(
      'validation_error',
      `Min and max values should be specified for range field ${field}`,
    );
  }
  const [minimum = null, maximum = null] = value.map((bound) =>
    typeof bound === 'string' ? (parseTime(bound) ?? bound) : bound,
  );
  if (minimum === null && maximum === null) {
    throw apiError(
      'validation_error',
      `At least one of min or max values should be provided for field ${field}`,
    );
  }
  return (document) => {
    const found = at(document, field) ?? null;
    if (found === null) return minimum === null;
    return (minimum === null || found >= minimum) && (maximum === null || found <= maximum);
  };
}

const COMPARISON = /^(?<operator>>=|>|<=|<)?(?<time>.*)$/s;

/** Conditions on one time. As on the server one that is no time is dropped, and the last of two of a kind counts. */
function dateTest(field: string, value: Json): Test {
  const conditions = isList(value) ? value : [value];
  if (
    conditions.length === 2 &&
    !conditions.some((c) => typeof c === 'string' && /^[<>]/.test(c))
  ) {
    return rangeTest(field, conditions);
  }
  const bounds = new Map<string, string>();
  for (const condition of conditions) {
    if (typeof condition !== 'string') {
      throw apiError('fields_value_error', 'failed parsing query field', { field });
    }
    const { operator = '', time = '' } = COMPARISON.exec(condition)?.groups ?? {};
    const parsed = parseTime(time);
    if (parsed !== undefined) bounds.set(operator, parsed);
  }
  return (document) => {
    const found = at(document, field);
    if (typeof found !== 'string') return bounds.size === 0;
    for (const [operator, bound] of bounds) {
      if (operator === '>=' && !(found >= bound)) return false;
      if (operator === '>' && !(found > bound)) return false;
      if (operator === '<=' && !(found <= bound)) return false;
      if (operator === '<' && !(found < bound)) return false;
      if (operator === '' && found !== bound) return false;
    }
    return true;
  };
}

function patternTest(
  names: readonly string[],
  value: Json,
  flags: string,
  join: 'any' | 'all',
): Test {
  if (typeof value !== 'string' || value === '') return () => true;
  const pattern = compiled(value, flags);
  const test = (document: Document) => (name: string) => pattern.test(textOf(at(document, name)));
  return (document) => (join === 'any' ? names.some(test(document)) : names.every(test(document)));
}

function compiled(value: string, flags: string): RegExp {
  try {
    return new RegExp(value, flags);
  } catch (error) {
    throw apiError('invalid_regex', undefined, { msg: String(error) });
  }
}

/** `_any_` and `_all_`: one pattern or time condition over several fields. */
function combined(name: string, value: Json, join: 'any' | 'all'): Test {
  if (!isDocument(value) || !isList(value['fields'])) {
    throw apiError('validation_error', 'incorrect field format', { field: name });
  }
  const names = value['fields'].map(textOf);
  if (names.length === 0) return () => true;
  const { pattern, datetime } = value;
  if (pattern !== undefined && pattern !== null) return patternTest(names, pattern, 'iu', join);
  if (datetime === undefined || datetime === null) {
    throw apiError('validation_error', 'incorrect field format', { field: name });
  }
  const tests = names.map((field) => dateTest(field, datetime));
  return (document) =>
    join === 'any' ? tests.some((test) => test(document)) : tests.every((test) => test(document));
}
