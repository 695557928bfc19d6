import type { types } from '@pulumi/kubernetes';

import { NODE_FLAGS } from '../bundle/bundle.ts';
import type { PodParts, Variable } from './pod_parts.ts';
import { OWN_PORTS } from '../config/decisions/ports.ts';
import { keptFromSources } from '../config/decisions/router_settings.ts';
import { BUNDLE_PATH } from './router_code.ts';
import type { Scope } from '../scope.ts';

type Container = types.input.core.v1.Container;

/** The one container of the router's pod. */
export function routerContainer(scope: Scope, parts: PodParts): Container {
  const { pod, router } = scope.config;
  const { requests, limits } = pod.resources;
  const given: readonly Variable[] = [
    ...variablesFromElsewhere(scope),
    ...Object.entries(parts.settings).map(([name, value]) => ({ name, value })),
    ...parts.proxy,
  ];
  const kept = keptFromSources(scope.config, new Set(given.map(({ name }) => name)));
  return {
    name: 'router',
    image: router.image,
    imagePullPolicy: router.imagePullPolicy,
    ...(router.code === 'image' ? {} : { command: ['node', ...NODE_FLAGS, BUNDLE_PATH] }),
    ...(pod.envFrom.length === 0 ? {} : { envFrom: pod.envFrom }),
    env: [...given, ...kept.map((name) => ({ name, value: '' }))],
    ports: [
      { name: 'http', containerPort: OWN_PORTS.http, protocol: 'TCP' },
      { name: 'health', containerPort: OWN_PORTS.health, protocol: 'TCP' },
      { name: 'admin', containerPort: OWN_PORTS.admin, protocol: 'TCP' },
    ],
    resources: {
      ...(requests === undefined ? {} : { requests: quantities(requests) }),
      ...(limits === undefined ? {} : { limits: quantities(limits) }),
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    startupProbe: {
      ...probe('/healthz'),
      periodSeconds: 2,
      failureThreshold: 30,
      ...pod.startupProbe,
    },
    livenessProbe: {
      ...probe('/healthz'),
      periodSeconds: 10,
      failureThreshold: 3,
      ...pod.livenessProbe,
    },
    readinessProbe: {
      ...probe('/readyz'),
      periodSeconds: 5,
      failureThreshold: 2,
      ...pod.readinessProbe,
    },
    // No preStop: a process that is not told cannot ask its clients to leave. SHUTDOWN_DELAY_SECONDS is its wait.
    volumeMounts: [
      ...parts.mounts.map(({ folder, name }) => ({ name, mountPath: folder, readOnly: true })),
      // The API server checks what config adds.
      ...(pod.volumeMounts as unknown as types.input.core.v1.VolumeMount[]),
    ],
  };
}

/** Variables of config whose values lie in other objects. They stand first, so that texts below can name them as `$(NAME)`. */
function variablesFromElsewhere({ config }: Scope): Variable[] {
  return Object.entries(config.pod.env).flatMap(([name, value]) =>
    typeof value === 'string' ? [] : [{ name, ...value }],
  );
}

function probe(path: string): types.input.core.v1.Probe {
  return { httpGet: { path, port: 'health' }, timeoutSeconds: 3 };
}

/** YAML reads `cpu: 1` as a number, where the API wants a text. */
function quantities(amounts: Readonly<Record<string, string | number>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(amounts).map(([name, amount]) => [name, String(amount)]),
  );
}
