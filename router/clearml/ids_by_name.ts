import { isClearmlId } from '../grammar/endpoint_id.ts';

/**
 * By name. A name that several have names none of them: somebody could have taken the name of another. Nor is an id ever a name: who
 * calls himself, or a queue, by another's is not that one.
 */
export function idsByName(
  names: ReadonlyMap<string, string>,
): ReadonlyMap<string, string | undefined> {
  const ids = new Map<string, string | undefined>();
  for (const [id, name] of names) {
    if (names.has(name) || isClearmlId(name)) continue;
    ids.set(name, ids.has(name) ? undefined : id);
  }
  return ids;
}
