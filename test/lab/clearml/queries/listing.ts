import { apiError } from '../api_error.ts';
import {
  at,
  isDocument,
  isList,
  textOf,
  withValue,
  without,
  type Document,
  type Json,
} from '../document.ts';

const MAX_PAGE_SIZE = 500;

/** Where a page starts and how long it is. Pages count from 0 and hold 500 at most, which is also the default. */
export function readPage(parameters: Document): { readonly start: number; readonly size: number } {
  const { page = 0, page_size: pageSize = MAX_PAGE_SIZE } = parameters;
  if (typeof page === 'number' && page < 0) {
    throw apiError('validation_error', 'page must be >=0', { field: 'page' });
  }
  if (typeof pageSize === 'number' && pageSize < 1) {
    throw apiError('validation_error', 'page_size must be >0', { field: 'page_size' });
  }
  if (typeof pageSize !== 'number') {
    throw apiError('general_error', "'<' not supported between instances of 'str' and 'int'");
  }
  const size = Math.min(pageSize, MAX_PAGE_SIZE);
  return { start: (typeof page === 'number' ? page : 0) * size, size };
}

/** Fields of a kind of record: what lies below each, or `anything`; nothing lies below one that is undefined. */
export type Fields = ReadonlyMap<string, ReadonlySet<string> | 'anything' | undefined>;

/** Fields without anything below them. */
export function plainFields(names: Iterable<string>): Fields {
  return new Map(Array.from(names, (name) => [name, undefined]));
}

function isKnown(path: string, known: Fields): boolean {
  const [top = '', inner, ...rest] = path.replace(/^-/, '').split('.');
  if (!known.has(top)) return false;
  if (inner === undefined) return true;
  const below = known.get(top);
  if (below === 'anything') return true;
  return below !== undefined && (inner === '*' || (below.has(inner) && rest.length === 0));
}

/** Refuses an `order_by` that names what is no field of the record. */
export function checkOrder(orderBy: Json | undefined, known: Fields): void {
  const asked = (isList(orderBy) ? orderBy : [orderBy ?? '']).map(textOf);
  const unknown = asked.filter((path) => path !== '' && !isKnown(path, known));
  if (unknown.length > 0) throw apiError('invalid_fields', undefined, { fields: unknown });
}

/** Sorts by `order_by`; a leading `-` turns the order, empty values come last, the id decides between equals. */
export function ordered<T extends Document>(records: readonly T[], orderBy: Json | undefined): T[] {
  const keys = (isList(orderBy) ? orderBy : [orderBy]).filter((key) => typeof key === 'string');
  if (keys.length === 0) return [...records];
  if (!keys.includes('id') && !keys.includes('-id')) keys.push('id');
  const parsed = keys.map((key) =>
    key.startsWith('-') ? { path: key.slice(1), sign: -1 } : { path: key, sign: 1 },
  );
  return records.toSorted((left, right) => {
    for (const { path, sign } of parsed) {
      const a = at(left, path) ?? '';
      const b = at(right, path) ?? '';
      if (a === b) continue;
      if (a === '') return 1;
      if (b === '') return -1;
      return a < b ? -sign : sign;
    }
    return 0;
  });
}

/** The fields that an answer shows of a record. */
export interface Projection {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/**
 * Reads `only_fields` (or `projection`). The database layer takes `__` inside a name for a dot, so that a runtime
 * property whose name holds one cannot be asked for alone.
 */
export function readProjection(parameters: Document, known: Fields): Projection {
  const asked = parameters['projection'] ?? parameters['only_fields'] ?? [];
  // A text is taken apart into its letters, as Python does.
  const names = isList(asked) ? asked.map(textOf) : textOf(asked).split('');
  const unknown = names.filter((name) => !isKnown(name, known) && name !== '*');
  if (unknown.length > 0) throw apiError('invalid_fields', undefined, { fields: unknown });
  const spelled = names.filter((name) => name !== '*').map((name) => name.replaceAll('__', '.'));
  return {
    include: spelled.filter((name) => !name.startsWith('-')),
    exclude: spelled.filter((name) => name.startsWith('-')).map((name) => name.slice(1)),
  };
}

/** How a record refers to another: the path of the id, and where to look it up. */
export type References = Readonly<Record<string, (id: string) => Document | undefined>>;

/** Parts that an answer shows as `{}` where they were asked for and hold nothing. */
const SHOWN_EMPTY = new Set(['execution', 'runtime']);

/** Shows a record as `get_all` does: projected, references as plain ids. */
export function projected(record: Document, projection: Projection): Document {
  const { include, exclude } = projection;
  let shown: Document = record;
  if (include.length > 0) {
    shown = { id: record['id'] };
    for (const asked of include) {
      const path = asked.endsWith('.*') ? asked.slice(0, -2) : asked;
      const value = at(record, path);
      const [top = ''] = path.split('.');
      if (value === undefined) {
        if (SHOWN_EMPTY.has(top)) shown = { ...shown, [top]: part(shown, top) };
      } else {
        shown = path.includes('.') ? withValue(shown, path, value) : { ...shown, [path]: value };
      }
    }
  }
  return exclude.length > 0 ? without(shown, exclude) : shown;
}

/** Shows a record as `get_all_ex` does: references as `{id}`, with the further fields that were asked for. */
export function joined(record: Document, projection: Projection, references: References): Document {
  const plain: string[] = [];
  const joins = new Map<string, string[]>();
  for (const path of projection.include) {
    const reference = Object.keys(references).find((name) => path.startsWith(`${name}.`));
    if (reference === undefined) plain.push(path);
    else joins.set(reference, [...(joins.get(reference) ?? []), path.slice(reference.length + 1)]);
  }
  const include = projection.include.length === 0 ? [] : [...plain, ...joins.keys()];
  let shown = projected(record, { include, exclude: projection.exclude });
  for (const [path, lookUp] of Object.entries(references)) {
    const id = at(shown, path);
    if (typeof id !== 'string') continue;
    shown = withValue(shown, path, reference(id, joins.get(path), lookUp));
  }
  return shown;
}

function reference(
  id: string,
  fields: readonly string[] | undefined,
  lookUp: (id: string) => Document | undefined,
): Document {
  if (id === '') return {};
  const target = fields === undefined ? undefined : lookUp(id);
  if (target === undefined) return { id };
  return fields === undefined || fields.includes('*')
    ? target
    : projected(target, { include: fields, exclude: [] });
}

/** A nested part of a call's data, empty where it is not there. */
export function part(data: Document, name: string): Document {
  const value = data[name];
  return isDocument(value) ? value : {};
}
