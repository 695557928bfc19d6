import { isAutonamed } from './autoname.ts';
import { asProperties, type Manifest } from './manifest.ts';
import { isObject, isUnknown, type Json } from './property_values.ts';

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

/** Which objects a provider may change in place; nothing unless its inputs say so. */
export interface Mutable {
  readonly configMaps: boolean;
  readonly secrets: boolean;
}

/** Properties whose change means a new object, by `apiVersion/kind`. */
const REPLACING: Readonly<Record<string, readonly Keys[]>> = {
  'v1/Secret': [['type']],
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

/** What holds the content of an object that the provider does not change in place: `forceNewProperties` in `diff.go`. */
function contentOf(object: Manifest, mutable: Mutable): readonly Keys[] {
  const isMutable = object['immutable'] !== true;
  switch (`${object.apiVersion}/${object.kind}`) {
    case 'v1/ConfigMap':
      return mutable.configMaps && isMutable ? [] : [['data'], ['binaryData']];
    case 'v1/Secret':
      return mutable.secrets && isMutable ? [] : [['data'], ['stringData']];
    default:
      return [];
  }
}

/**
 * Whether the change means a new object. A value that is not known yet may hide any other: the engine puts it in the place of
 * `spec` to ask what follows for a Deployment when what its `spec` is made of is deleted first, and the answer is: it goes, too.
 */
function replaces(forced: readonly Keys[], { keys, after }: Found): boolean {
  return forced.some(
    (prefix) => startsWith(keys, prefix) || (isUnknown(after) && startsWith(prefix, keys)),
  );
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

interface Found {
  readonly keys: Keys;
  readonly kind: ChangeKind;
  readonly after?: Json;
}

function* compare(before: Json | undefined, after: Json | undefined, keys: Keys): Generator<Found> {
  if (before === after) return;
  if (after === undefined) {
    yield { keys, kind: 'delete' };
  } else if (before === undefined) {
    yield { keys, kind: 'add', after };
  } else {
    const [left, right] = [children(before), children(after)];
    if (
      left === undefined ||
      right === undefined ||
      Array.isArray(before) !== Array.isArray(after)
    ) {
      yield { keys, kind: 'update', after };
    } else {
      for (const key of new Set([...left.keys(), ...right.keys()])) {
        yield* compare(left.get(key), right.get(key), [...keys, key]);
      }
    }
  }
}

/** What has to change, and whether in place. Both sides are inputs without secret wrappers. */
export function difference(before: Manifest, after: Manifest, mutable: Mutable): Difference {
  const forced = [
    ...OF_EVERY_KIND,
    ...(REPLACING[`${after.apiVersion}/${after.kind}`] ?? []),
    ...contentOf(after, mutable),
  ];
  const changes = [...compare(asProperties(before), asProperties(after), [])].map((change) => ({
    path: printPath(change.keys),
    kind: change.kind,
    replaces: replaces(forced, change),
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
