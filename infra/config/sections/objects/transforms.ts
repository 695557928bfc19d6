import { z } from 'zod';

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

const transform = z.strictObject(
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
);

/** `transforms`: the way to whatever no key leads to. */
export const transforms = z
  .array(transform, { error: 'expected a list of transforms' })
  .default([]);
