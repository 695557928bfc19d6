import { isAutonamed } from './autoname.ts';
import { asProperties, type Manifest } from './manifest.ts';
import { isObject, type Json } from './property_values.ts';

export type ChangeKind = 'add' | 'delete' | 'update';

/** One changed property. */
export interface Change {
  /** Property path as Pulumi prints it: `spec.ports[0].port`, `metadata.annotations["a/b"]`. */
  readonly path: string;
  readonly kind: ChangeKind;
  /** The API server does not allow this property to change, or the provider has reasons not to change it in place. */
  readonly replaces: boolean;
}

/** What is between the inputs of the last run and those of this one. Empty `changes` means: nothing to do. */
export interface Difference {
  readonly changes: readonly Change[];
  /** True where the new object has the old one's name, so that both cannot stand at once. */
  readonly deleteBeforeReplace: boolean;
}

type Keys = readonly string[];

const OF_EVERY_KIND: readonly Keys[] = [
  ['apiVersion'],
  ['kind'],
  ['metadata', 'name'],
  ['metadata', 'namespace'],
];

/** Properties whose change means a new object, by `apiVersion/kind`. */
const REPLACING: Readonly<Record<string, readonly Keys[]>> = {
  'v1/ConfigMap': [['data'], ['binaryData']],
  'v1/Secret': [['data'], ['stringData'], ['type']],
  'v1/Service': [['spec', 'clusterIP']],
  'v1/Pod': [['spec']],
  'apps/v1/Deployment': [['spec', 'selector']],
  'apps/v1/DaemonSet': [['spec', 'selector']],
  'apps/v1/StatefulSet': [
    ['spec', 'selector'],
    ['spec', 'serviceName'],
    ['spec', 'podManagementPolicy'],
    ['spec', 'volumeClaimTemplates'],
  ],
  'batch/v1/Job': [
    ['spec', 'selector'],
    ['spec', 'template'],
  ],
  'rbac.authorization.k8s.io/v1/RoleBinding': [['roleRef']],
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': [['roleRef']],
};

function startsWith(keys: Keys, prefix: Keys): boolean {
  return prefix.every((key, index) => keys[index] === key);
}

function replaces(object: Manifest, keys: Keys): boolean {
  const ofKind = REPLACING[`${object.apiVersion}/${object.kind}`] ?? [];
  return [...OF_EVERY_KIND, ...ofKind].some((prefix) => startsWith(keys, prefix));
}

function printPath(keys: Keys): string {
  return keys
    .map((key, index) => {
      if (/^\d+$/.test(key)) return `[${key}]`;
      if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `[${JSON.stringify(key)}]`;
      return index === 0 ? key : `.${key}`;
    })
    .join('');
}

function children(value: Json): Map<string, Json> | undefined {
  if (Array.isArray(value)) {
    return new Map((value as readonly Json[]).map((item, index) => [String(index), item]));
  }
  return isObject(value) ? new Map(Object.entries(value)) : undefined;
}

function* compare(
  before: Json | undefined,
  after: Json | undefined,
  keys: Keys,
): Generator<{ keys: Keys; kind: ChangeKind }> {
  if (before === after) return;
  if (before === undefined) {
    yield { keys, kind: 'add' };
  } else if (after === undefined) {
    yield { keys, kind: 'delete' };
  } else {
    const [left, right] = [children(before), children(after)];
    if (
      left === undefined ||
      right === undefined ||
      Array.isArray(before) !== Array.isArray(after)
    ) {
      yield { keys, kind: 'update' };
    } else {
      for (const key of new Set([...left.keys(), ...right.keys()])) {
        yield* compare(left.get(key), right.get(key), [...keys, key]);
      }
    }
  }
}

/** What has to change, and whether in place. Both sides are inputs without secret wrappers. */
export function difference(before: Manifest, after: Manifest): Difference {
  const changes = [...compare(asProperties(before), asProperties(after), [])].map((change) => ({
    path: printPath(change.keys),
    kind: change.kind,
    replaces: replaces(after, change.keys),
  }));
  const sameName =
    before.metadata.name === after.metadata.name &&
    before.metadata.namespace === after.metadata.namespace;
  return {
    changes,
    deleteBeforeReplace:
      sameName && !isAutonamed(after) && changes.some((change) => change.replaces),
  };
}
