import { z } from 'zod';

import { rules } from '../../values/problem.ts';
import { filledText } from '../../values/values.ts';

/** Kinds of the objects that the program can make, beside those of `extraObjects`. A transform of another would do nothing. */
export const OBJECT_KINDS = [
  'BackendConfig',
  'Certificate',
  'ClusterRole',
  'ClusterRoleBinding',
  'ConfigMap',
  'Deployment',
  'GCPBackendPolicy',
  'HTTPRoute',
  'HealthCheckPolicy',
  'HorizontalPodAutoscaler',
  'Ingress',
  'Lease',
  'Namespace',
  'NetworkPolicy',
  'PodDisruptionBudget',
  'PrometheusRule',
  'Role',
  'RoleBinding',
  'Route',
  'Secret',
  'Service',
  'ServiceAccount',
  'ServiceMonitor',
] as const;

const transform = z
  .strictObject(
    {
      kind: filledText('a kind such as Deployment').describe('Kind of the objects'),
      name: z
        .string({ error: 'expected the name of an object' })
        .optional()
        .describe('One of them by its name in Pulumi; left out, all of the kind'),
      patch: z
        .record(z.string(), z.json(), { error: 'expected the keys to change' })
        .describe(
          "Keys replace, null removes (RFC 7386); containers, env, ports, volumes and volumeMounts are merged item by item, as Kubernetes' strategic merge patch does, `$patch: delete` and `$patch: replace` included; other lists replace whole",
        ),
    },
    { error: 'expected kind and patch' },
  )
  .check(
    rules(({ patch }) => [
      ...['apiVersion', 'kind']
        .filter((key) => Object.hasOwn(patch, key))
        .map((key) => {
          const message =
            'an object stays of its kind; write one of another kind into extraObjects';
          return { path: ['patch', key], message };
        }),
      ...unknownDirectives(patch, ['patch']).map((path) => {
        const message =
          'unknown directive; an item of a list may say $patch: delete, or $patch: replace for all of the list';
        return { path, message };
      }),
    ]),
  );

/** Directives of strategic merge patches that are not followed here: they would go to the cluster as keys of the object. */
function unknownDirectives(value: unknown, path: readonly string[]): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const isKnown = key === '$patch' && (inner === 'delete' || inner === 'replace');
    const isOfItem = /^\d+$/.test(path.at(-1) ?? '');
    if (key.startsWith('$') && !(isKnown && isOfItem)) return [[...path, key]];
    return unknownDirectives(inner, [...path, key]);
  });
}

/** `transforms`: the way to whatever no key leads to. */
export const transforms = z
  .array(transform, { error: 'expected a list of transforms' })
  .default([]);
