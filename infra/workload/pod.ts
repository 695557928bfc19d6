import type { types } from '@pulumi/kubernetes';

import { asksApiServer, hasSeveralPods } from '../config/decisions/pods.ts';
import { routerContainer } from './container.ts';
import type { PodParts } from './pod_parts.ts';
import type { Scope } from '../scope.ts';
import { rolloutLimits } from '../config/decisions/rollout.ts';

type PodSpec = types.input.core.v1.PodSpec;
type Volume = types.input.core.v1.Volume;

/** The router's pod; it passes PodSecurity `restricted`. */
export function podSpec(scope: Scope, parts: PodParts): PodSpec {
  const { pod } = scope.config;
  const { serviceAccount } = parts;
  return {
    ...(serviceAccount === undefined ? {} : { serviceAccountName: serviceAccount }),
    // The API server's token, for the Lease or to look at pods; a pod that asks nothing gets none.
    automountServiceAccountToken: asksApiServer(scope.config),
    ...hostNames(scope),
    enableServiceLinks: false,
    terminationGracePeriodSeconds: rolloutLimits(scope.config).grace,
    ...(parts.imagePullSecrets.length === 0 ? {} : { imagePullSecrets: parts.imagePullSecrets }),
    securityContext: podSecurity(scope),
    ...placement(scope),
    containers: [routerContainer(scope, parts)],
    volumes: [
      ...parts.mounts.map(({ name, source }) => ({ name, ...source })),
      ...(pod.volumes as unknown as Volume[]),
    ],
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

function hostNames({ config }: Scope): Pick<PodSpec, 'dnsConfig' | 'dnsPolicy' | 'hostAliases'> {
  const { dnsConfig, dnsPolicy, hostAliases } = config.pod;
  return {
    ...(hostAliases.length === 0 ? {} : { hostAliases }),
    ...(dnsPolicy === undefined ? {} : { dnsPolicy }),
    ...(dnsConfig === undefined ? {} : { dnsConfig }),
  };
}

/** Prefers different nodes and zones, without requiring them: a cluster of one node has to run all pods, too. */
function spreadOut(scope: Scope): readonly object[] {
  return ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: scope.names.selector },
  }));
}
