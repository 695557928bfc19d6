import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { ApiSchema, Definition } from './schema.ts';

/**
 * Takes the definitions of the kinds that this program creates out of each version's own `swagger.json`, which lies in its
 * Go module, and drops the texts. Needs Go; run by hand when a version or a kind is added:
 *
 *     node test/infra/kubernetes_api/extract.ts
 */
const MODULE = 'k8s.io/kubernetes';

const VERSIONS: Readonly<Record<string, string>> = {
  '1.21': 'v1.21.14',
  '1.24': 'v1.24.17',
  '1.28': 'v1.28.15',
  '1.31': 'v1.31.14',
  '1.37': 'v1.37.0',
};

const KINDS = [
  'apps/v1:Deployment',
  'autoscaling/v1:HorizontalPodAutoscaler',
  'autoscaling/v2:HorizontalPodAutoscaler',
  'autoscaling/v2beta2:HorizontalPodAutoscaler',
  'coordination.k8s.io/v1:Lease',
  'networking.k8s.io/v1:Ingress',
  'networking.k8s.io/v1:NetworkPolicy',
  'policy/v1:PodDisruptionBudget',
  'rbac.authorization.k8s.io/v1:ClusterRole',
  'rbac.authorization.k8s.io/v1:ClusterRoleBinding',
  'rbac.authorization.k8s.io/v1:Role',
  'rbac.authorization.k8s.io/v1:RoleBinding',
  'v1:ConfigMap',
  'v1:Namespace',
  'v1:Secret',
  'v1:Service',
  'v1:ServiceAccount',
];

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

type Swagger = {
  readonly definitions: Readonly<Record<string, Record<string, unknown>>>;
};

const KEPT = ['$ref', 'type', 'format', 'properties', 'items', 'additionalProperties', 'required'];

/** A definition without its texts, all the way down. */
function stripped(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value;
  const entries = Object.entries(value).filter(([key]) => KEPT.includes(key));
  return Object.fromEntries(
    entries.map(([key, inner]) => {
      if (key !== 'properties') return [key, stripped(inner)];
      const properties = Object.entries(inner as Record<string, unknown>);
      return [key, Object.fromEntries(properties.map(([name, type]) => [name, stripped(type)]))];
    }),
  );
}

function referred(value: unknown): string[] {
  return [...JSON.stringify(value).matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)].map(
    ([, name = '']) => name,
  );
}

function apiSchema(version: string): ApiSchema {
  const output = execFileSync('go', ['mod', 'download', '-json', `${MODULE}@${version}`]);
  const { Dir: folder } = JSON.parse(output.toString()) as { Dir: string };
  const text = readFileSync(`${folder}/api/openapi-spec/swagger.json`, 'utf8');
  const { definitions: all } = JSON.parse(text) as Swagger;

  const kinds: Record<string, string> = {};
  for (const [name, definition] of Object.entries(all)) {
    const named = (definition['x-kubernetes-group-version-kind'] ?? []) as GroupVersionKind[];
    for (const { group, version: apiVersion, kind } of named) {
      const key = `${group === '' ? '' : `${group}/`}${apiVersion}:${kind}`;
      if (KINDS.includes(key)) kinds[key] = name;
    }
  }
  const definitions: Record<string, Definition> = {};
  const waiting = Object.values(kinds);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (Object.hasOwn(definitions, name)) continue;
    const definition = stripped(all[name]) as Definition;
    definitions[name] = definition;
    waiting.push(...referred(definition));
  }
  return { source: `${MODULE} ${version}, api/openapi-spec/swagger.json`, kinds, definitions };
}

const folder = fileURLToPath(new URL('.', import.meta.url));
for (const [minor, version] of Object.entries(VERSIONS)) {
  writeFileSync(`${folder}v${minor}.json`, `${JSON.stringify(apiSchema(version))}\n`);
}
