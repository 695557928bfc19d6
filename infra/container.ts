import type { types } from '@pulumi/kubernetes';

import { NODE_FLAGS } from './bundle/bundle.ts';
import type { PodParts } from './pod.ts';
import { OWN_PORTS } from './ports.ts';
import { BUNDLE_FILE } from './router_code.ts';
import {
  CA_FOLDER,
  CREDENTIALS_FOLDER,
  ROUTER_SECRET_FOLDER,
  STATIC_ROUTES_FOLDER,
} from './router_settings.ts';
import type { Scope } from './scope.ts';

type Container = types.input.core.v1.Container;

const CODE_FOLDER = '/opt/task-router';

/** The one container of the router's pod. */
export function routerContainer(scope: Scope, parts: PodParts): Container {
  const { pod, router } = scope.config;
  const { requests, limits } = pod.resources;
  return {
    name: 'router',
    image: router.image,
    imagePullPolicy: router.imagePullPolicy,
    ...(router.code === 'image'
      ? {}
      : { command: ['node', ...NODE_FLAGS, `${CODE_FOLDER}/${BUNDLE_FILE}`] }),
    env: [
      ...Object.entries(parts.settings).map(([name, value]) => ({ name, value })),
      ...parts.proxy,
    ],
    ports: [
      { name: 'http', containerPort: OWN_PORTS.http, protocol: 'TCP' },
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
    startupProbe: { ...probe('/healthz'), periodSeconds: 2, failureThreshold: 30 },
    livenessProbe: { ...probe('/healthz'), periodSeconds: 10, failureThreshold: 3 },
    readinessProbe: { ...probe('/readyz'), periodSeconds: 5, failureThreshold: 2 },
    // No preStop: a process that is not told cannot ask its clients to leave. SHUTDOWN_DELAY_SECONDS is its wait.
    volumeMounts: volumeMounts(scope, parts),
  };
}

function volumeMounts(scope: Scope, parts: PodParts): types.input.core.v1.VolumeMount[] {
  const { pod } = scope.config;
  const mounts: [name: string, mountPath: string][] = [
    ...(parts.codeConfigMap === undefined ? [] : [['code', CODE_FOLDER] as [string, string]]),
    ['credentials', CREDENTIALS_FOLDER],
    ...(parts.routerSecret === undefined
      ? []
      : [['router-secret', ROUTER_SECRET_FOLDER] as [string, string]]),
    ...(parts.certificateAuthorities === undefined
      ? []
      : [['certificate-authorities', CA_FOLDER] as [string, string]]),
    ...(parts.staticRoutes === undefined
      ? []
      : [['static-routes', STATIC_ROUTES_FOLDER] as [string, string]]),
  ];
  return [
    ...mounts.map(([name, mountPath]) => ({ name, mountPath, readOnly: true })),
    // The API server checks what config adds.
    ...(pod.volumeMounts as unknown as types.input.core.v1.VolumeMount[]),
  ];
}

function probe(path: string): types.input.core.v1.Probe {
  return { httpGet: { path, port: 'admin' }, timeoutSeconds: 3 };
}

/** YAML reads `cpu: 1` as a number, where the API wants a text. */
function quantities(amounts: Readonly<Record<string, string | number>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(amounts).map(([name, amount]) => [name, String(amount)]),
  );
}
