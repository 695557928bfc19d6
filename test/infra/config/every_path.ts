import { valueAt } from '../../../infra/config/values/value_at.ts';

export type Path = readonly string[];
export type Config = Readonly<Record<string, unknown>>;

/** Paths of every section, group, list and value. */
export function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const below = Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]));
  return path.length === 0 ? below : [path, ...below];
}

/** A copy in which another value lies at the path. */
export function replaced(config: Config, path: Path, junk: unknown): Config {
  const copy = structuredClone(config) as Record<string, unknown>;
  const group = valueAt(copy, path.slice(0, -1)) as Record<string, unknown>;
  group[path.at(-1) ?? ''] = junk;
  return copy;
}
