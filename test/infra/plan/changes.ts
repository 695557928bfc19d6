import { type JsonSchema, sectionSchemas } from '../../../infra/reference/json_schema.ts';

/** A key of the config, and values of which at least one should be another valid one, wherever the key is given or may be. */
export interface Changeable {
  /** Without the name of a list's place: `transforms.kind`. */
  readonly key: string;
  readonly path: readonly string[];
  readonly candidates: readonly unknown[];
}

/** Texts of all forms that keys have; the first that a key takes is its other value. */
const TEXTS = [
  'changed',
  'changed.example.com',
  'https://changed.example.com',
  'http://changed.example.com:3128',
  '192.0.2.99',
  '198.51.100.0/25',
  '15s',
  '0a1b2c3d-0000-4000-8000-00000000000f',
  'SECRET-changed-value-of-some-length',
  '-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----',
];
const NUMBERS = [1, 2, 3, 4, 7, 20, 30, 300, 443, 1001, 8080, 31_003, 31_500, 60_000];

/** Values of keys that take none of the above, or whose values mean something beyond the config. */
const OTHERS: Readonly<Record<string, readonly unknown[]>> = {
  // One of the keys that the Secret of the tests has.
  'clearml.serverSecret.key': ['secure_auth_token_secret'],
  'gateway.parentRefs.kind': ['ListenerSet'],
  'kubernetes.kubeconfig': [kubeconfig('https://localhost:6443')],
  'router.staticRoutes': [[{ name: 'docs', type: 'path', path: 'handbook' }]],
  'service.nodePort': [30_081],
  'transforms.kind': ['Service'],
};

/** A kubeconfig with a cluster at this URL; the default spells the same one otherwise than some. */
export function kubeconfig(server = 'https://127.0.0.1:6443'): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: { token: 'SECRET-token' } }],
    contexts: [{ name: 'test', context: { cluster: 'c', user: 'u' } }],
  });
}

/** Every key of the schema that holds no further keys. */
export function changeables(): readonly Changeable[] {
  return Object.entries(sectionSchemas()).flatMap(([section, schema]) => leaves([section], schema));
}

function leaves(path: readonly string[], schema: JsonSchema): Changeable[] {
  const { items, properties } = schema;
  if (properties !== undefined) {
    return Object.entries(properties).flatMap(([name, inner]) => leaves([...path, name], inner));
  }
  if (items?.properties !== undefined) return leaves([...path, '0'], items);
  const key = path.filter((name) => name !== '0').join('.');
  return [{ key, path, candidates: OTHERS[key] ?? candidatesOf(schema) }];
}

function candidatesOf(schema: JsonSchema): readonly unknown[] {
  if (schema.enum !== undefined) return schema.enum;
  if (schema.anyOf !== undefined) return schema.anyOf.flatMap(candidatesOf);
  if (schema.const !== undefined) return [schema.const];
  switch (schema.type) {
    case 'boolean':
      return [true, false];
    case 'integer':
    case 'number':
      return NUMBERS;
    case 'array':
      return candidatesOf(schema.items ?? {}).map((value) => [value]);
    case 'object':
      return [{ changed: 'yes' }, { changed: 'yes', memory: '300Mi' }];
    default:
      return [...TEXTS, { changed: 'yes' }, {}];
  }
}
