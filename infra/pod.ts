import type { types } from '@pulumi/kubernetes';
import type { Input } from '@pulumi/pulumi';

import { hasSeveralPods } from './availability.ts';
import type { CertificateAuthorities } from './certificate_authorities.ts';
import { routerContainer } from './container.ts';
import type { Credentials } from './credentials.ts';
import type { RouterSecret } from './router_secret.ts';
import type { Scope } from './scope.ts';
import { shutdownDelaySeconds } from './shutdown_delay.ts';

type PodSpec = types.input.core.v1.PodSpec;
type Volume = types.input.core.v1.Volume;

/** Seconds after the drain in which the process closes what is left. */
const CLOSE_SECONDS = 10;

/** The parts that the pod is made of. */
export interface PodParts {
  /** Undefined where the image holds the router. */
  readonly codeConfigMap: Input<string> | undefined;
  readonly credentials: Credentials;
  readonly routerSecret: RouterSecret | undefined;
  readonly certificateAuthorities: CertificateAuthorities | undefined;
  /** Name of the ConfigMap with the static routes; undefined where there are none. */
  readonly staticRoutes: Input<string> | undefined;
  readonly imagePullSecrets: types.input.core.v1.LocalObjectReference[];
  /** Environment beside the settings: the way out through a proxy. */
  readonly proxy: readonly types.input.core.v1.EnvVar[];
  /** Undefined where the pod has no right on the API. */
  readonly serviceAccount: Input<string> | undefined;
  /** Environment of the router process. */
  readonly settings: Readonly<Record<string, Input<string>>>;
}

/** The router's pod; it passes PodSecurity `restricted`. */
export function podSpec(scope: Scope, parts: PodParts): PodSpec {
  const { pod, router } = scope.config;
  const { serviceAccount } = parts;
  return {
    ...(serviceAccount === undefined ? {} : { serviceAccountName: serviceAccount }),
    // A token for the Lease, and none where there is no Lease.
    automountServiceAccountToken: serviceAccount !== undefined,
    enableServiceLinks: false,
    terminationGracePeriodSeconds:
      shutdownDelaySeconds(scope.config) + router.drainSeconds + CLOSE_SECONDS,
    ...(parts.imagePullSecrets.length === 0 ? {} : { imagePullSecrets: parts.imagePullSecrets }),
    securityContext: podSecurity(scope),
    ...placement(scope),
    containers: [routerContainer(scope, parts)],
    volumes: [...volumes(parts), ...(pod.volumes as unknown as Volume[])],
  };
}

function podSecurity(scope: Scope): types.input.core.v1.PodSecurityContext {
  const { pod } = scope.config;
  return {
    runAsNonRoot: true,
    ...(pod.runAsUser === 'platform'
      ? {}
      : { runAsUser: pod.runAsUser, runAsGroup: pod.runAsUser }),
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

/** Parts of Kubernetes' own API are handed on as they are; the API server is the one that checks them. */
function placement(scope: Scope): Omit<PodSpec, 'containers'> {
  const { pod } = scope.config;
  const spread =
    pod.topologySpreadConstraints ?? (hasSeveralPods(scope.config) ? spreadOut(scope) : []);
  return {
    ...(Object.keys(pod.nodeSelector).length === 0 ? {} : { nodeSelector: pod.nodeSelector }),
    ...(pod.tolerations.length === 0 ? {} : { tolerations: pod.tolerations }),
    ...(pod.affinity === undefined ? {} : { affinity: pod.affinity }),
    ...(spread.length === 0
      ? {}
      : {
          topologySpreadConstraints: spread as types.input.core.v1.TopologySpreadConstraint[],
        }),
    ...(pod.priorityClassName === undefined ? {} : { priorityClassName: pod.priorityClassName }),
  };
}

/** Rather, and not only, on different nodes and in different zones: a cluster of one node has to run them, too. */
function spreadOut(scope: Scope): readonly object[] {
  return ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: scope.names.selector },
  }));
}

function volumes(parts: PodParts): Volume[] {
  const code: Volume[] =
    parts.codeConfigMap === undefined
      ? []
      : [{ name: 'code', configMap: { name: parts.codeConfigMap } }];
  return [
    ...code,
    { name: 'credentials', secret: { secretName: parts.credentials.secretName } },
    ...(parts.routerSecret === undefined
      ? []
      : [{ name: 'router-secret', secret: { secretName: parts.routerSecret.secretName } }]),
    ...(parts.certificateAuthorities === undefined ? [] : [parts.certificateAuthorities.volume]),
    ...(parts.staticRoutes === undefined
      ? []
      : [{ name: 'static-routes', configMap: { name: parts.staticRoutes } }]),
  ];
}
