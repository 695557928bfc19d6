import { entryOf } from './config/values/value_at.ts';

/**
 * Keys by which Kubernetes tells the items of a list apart in a strategic merge patch (`x-kubernetes-patch-merge-key` in its OpenAPI
 * document, and the page "Update API Objects in Place Using kubectl patch"). Ports are found by name, too, since their number is
 * what a patch may be there to change. Lists without an entry are replaced whole, as Kubernetes replaces them.
 */
const MERGE_KEYS: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  env: ['name'],
  volumes: ['name'],
  imagePullSecrets: ['name'],
  volumeMounts: ['mountPath'],
  topologySpreadConstraints: ['topologyKey'],
  hostAliases: ['ip'],
  ports: ['name', 'containerPort', 'port'],
};

/** What a strategic merge patch says of an item: `$patch: delete` removes it, `$patch: replace` empties the list first. */
const DIRECTIVE = '$patch';

type Group = Readonly<Record<string, unknown>>;

/**
 * A JSON merge patch (RFC 7386), but for lists whose items have names of their own: those are merged item by item, as a strategic
 * merge patch of Kubernetes does. Values that Pulumi has yet to learn are replaced whole, never looked into.
 *
 * @param field the field that holds the value; undefined at the root.
 */
export function merged(target: unknown, patch: unknown, field?: string): unknown {
  const keys = field === undefined ? undefined : entryOf(MERGE_KEYS, field);
  if (keys !== undefined && isListOfGroups(patch)) {
    return mergedList(isListOfGroups(target) ? target : [], patch, keys);
  }
  if (!isPlain(patch)) return patch;
  const result: Record<string, unknown> = isPlain(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (key !== '__proto__') result[key] = merged(result[key], value, key);
  }
  return result;
}

function mergedList(
  target: readonly Group[],
  patch: readonly Group[],
  keys: readonly string[],
): readonly unknown[] {
  const isReplaced = patch.some((item) => item[DIRECTIVE] === 'replace');
  const items = patch.filter((item) => item[DIRECTIVE] !== 'replace');
  return items.reduce<readonly Group[]>(
    (list, item) => {
      const index = indexOf(list, item, keys);
      if (item[DIRECTIVE] === 'delete') return list.filter((_, at) => at !== index);
      const result = merged(list[index], item) as Group;
      return index === -1 ? [...list, result] : list.with(index, result);
    },
    isReplaced ? [] : target,
  );
}

/** Where the item lies that a patch means; -1 where there is none. */
function indexOf(list: readonly Group[], item: Group, keys: readonly string[]): number {
  const found = keys
    .filter((key) => item[key] !== undefined)
    .map((key) => list.findIndex((other) => other[key] === item[key]));
  return found.find((index) => index !== -1) ?? -1;
}

function isListOfGroups(value: unknown): value is readonly Group[] {
  return Array.isArray(value) && value.every(isPlain);
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.getPrototypeOf(value) === Object.prototype;
}
