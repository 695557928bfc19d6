import { apps, type types } from '@pulumi/kubernetes';
import type { Input, Resource } from '@pulumi/pulumi';

import type { Credentials } from './credentials.ts';
import { ownPorts } from './ports.ts';
import { BUNDLE_FILE } from './router_code.ts';
import { CREDENTIALS_FOLDER, STATIC_ROUTES_FOLDER } from './router_settings.ts';
import type { Scope } from './scope.ts';

const CODE_FOLDER = '/opt/task-router';

/** Seconds in which proxies and load balancers learn that a pod takes no new work, before it hears of it. */
const PRE_STOP_SECONDS = 5;

/** Seconds after the drain in which the process closes what is left. */
const CLOSE_SECONDS = 10;

/** The parts that the pod is made of. */
export interface PodParts {
  readonly codeConfigMap: Input<string>;
  readonly credentials: Credentials;
  readonly imagePullSecrets: types.input.core.v1.LocalObjectReference[];
  readonly serviceAccount: Input<string>;
  /** Environment of the router process. */
  readonly settings: Readonly<Record<string, Input<string>>>;
}

/** The router's pods: restricted, read-only, replaced one by one without a gap. */
export function deployment(scope: Scope, parts: PodParts): Resource {
  const { config, names } = scope;
  return new apps.v1.Deployment(
    names.router,
    {
      metadata: { name: names.router, namespace: scope.namespace, labels: names.labels },
      spec: {
        replicas: config.router.replicas,
        selector: { matchLabels: names.selector },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        progressDeadlineSeconds: 300,
        revisionHistoryLimit: 3,
        template: { metadata: { labels: names.labels }, spec: podSpec(scope, parts) },
      },
    },
    { parent: scope.parent, customTimeouts: { create: '6m', update: '6m' } },
  );
}

function podSpec(scope: Scope, parts: PodParts): types.input.core.v1.PodSpec {
  const { router, tcpSession } = scope.config;
  const hasLowPorts = tcpSession !== undefined && tcpSession.portRange.start < 1024;
  return {
    serviceAccountName: parts.serviceAccount,
    // For the Lease.
    automountServiceAccountToken: true,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: PRE_STOP_SECONDS + router.drainSeconds + CLOSE_SECONDS,
    ...(parts.imagePullSecrets.length === 0 ? {} : { imagePullSecrets: parts.imagePullSecrets }),
    securityContext: {
      runAsNonRoot: true,
      ...(router.runAsUser === 'platform'
        ? {}
        : { runAsUser: router.runAsUser, runAsGroup: router.runAsUser }),
      seccompProfile: { type: 'RuntimeDefault' },
      // A process without capabilities may then listen below 1024; one of the few sysctls that `restricted` allows.
      ...(hasLowPorts
        ? { sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '1' }] }
        : {}),
    },
    containers: [container(scope, parts)],
    volumes: [
      { name: 'code', configMap: { name: parts.codeConfigMap } },
      { name: 'credentials', secret: { secretName: parts.credentials.secretName } },
      ...(router.staticRoutesConfigMap === undefined
        ? []
        : [{ name: 'static-routes', configMap: { name: router.staticRoutesConfigMap } }]),
    ],
  };
}

function container(scope: Scope, parts: PodParts): types.input.core.v1.Container {
  const { router } = scope.config;
  const ports = ownPorts(scope.config);
  return {
    name: 'router',
    image: router.image,
    imagePullPolicy: router.imagePullPolicy,
    command: ['node', `${CODE_FOLDER}/${BUNDLE_FILE}`],
    env: Object.entries(parts.settings).map(([name, value]) => ({ name, value })),
    ports: [
      { name: 'http', containerPort: ports.http, protocol: 'TCP' },
      { name: 'admin', containerPort: ports.admin, protocol: 'TCP' },
    ],
    resources: {
      ...(router.resources.requests === undefined
        ? {}
        : { requests: quantities(router.resources.requests) }),
      ...(router.resources.limits === undefined
        ? {}
        : { limits: quantities(router.resources.limits) }),
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    startupProbe: { ...probe('/healthz'), periodSeconds: 2, failureThreshold: 30 },
    livenessProbe: { ...probe('/healthz'), periodSeconds: 10, failureThreshold: 3 },
    readinessProbe: { ...probe('/readyz'), periodSeconds: 5, failureThreshold: 2 },
    // By Node itself, because an image without a shell has no `sleep` either.
    lifecycle: {
      preStop: {
        exec: { command: ['node', '-e', `setTimeout(() => {}, ${PRE_STOP_SECONDS * 1000})`] },
      },
    },
    volumeMounts: [
      { name: 'code', mountPath: CODE_FOLDER, readOnly: true },
      { name: 'credentials', mountPath: CREDENTIALS_FOLDER, readOnly: true },
      ...(router.staticRoutesConfigMap === undefined
        ? []
        : [{ name: 'static-routes', mountPath: STATIC_ROUTES_FOLDER, readOnly: true }]),
    ],
  };
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
