import { aks } from './aks.ts';
import { eks } from './eks.ts';
import type { Evidence, NodeEvidence } from './evidence.ts';
import { gke } from './gke.ts';
import { k3s } from './k3s.ts';
import { microk8s } from './microk8s.ts';
import { openshift } from './openshift.ts';
import { other } from './other.ts';
import type { Platform, PlatformName } from './platform.ts';

/** Every platform by its name. */
export const PLATFORM_BY_NAME: Readonly<Record<PlatformName, Platform>> = {
  eks,
  gke,
  aks,
  openshift,
  k3s,
  microk8s,
  other,
};

/** A platform, and what it was known by, for a person. */
export interface Recognised {
  readonly platform: Platform;
  readonly reason: string;
}

type Sign = (evidence: Evidence) => string | undefined;

/**
 * What each platform is known by, the surest first: OpenShift runs on machines of clouds, whose nodes tell the cloud.
 *
 * - openshift: its own API groups.
 * - eks, gke, k3s: the build's name in the version, which whoever may ask at all may ask. The builds of EKS Anywhere and of Google
 *   Distributed Cloud are called the same on anybody's machines, where there is no load balancer of the cloud; where nodes may be listed,
 *   they tell whose they are (https://anywhere.eks.amazonaws.com/docs/clustermgmt/cluster-upgrades/vsphere-and-cloudstack-upgrades/ shows
 *   `v1.21.2-eks-1-21-5` on `vsphere:` machines).
 * - aks, microk8s: labels of the nodes, since their builds are not named.
 */
const SIGNS: readonly (readonly [PlatformName, Sign])[] = [
  ['openshift', ({ apiGroups }) => groupSign(apiGroups, 'config.openshift.io')],
  ['openshift', ({ apiGroups }) => groupSign(apiGroups, 'route.openshift.io')],
  ['eks', (evidence) => cloudSign(evidence, '-eks-', ['aws:', 'eks-hybrid:'])],
  ['gke', (evidence) => cloudSign(evidence, '-gke.', ['gce:'])],
  ['k3s', ({ gitVersion }) => versionSign(gitVersion, '+k3s')],
  ['aks', ({ nodes }) => labelSign(nodes, 'kubernetes.azure.com/cluster')],
  ['microk8s', ({ nodes }) => labelSign(nodes, 'microk8s.io/cluster')],
];

/**
 * Which platform a cluster is, by what it told.
 *
 * @returns undefined where it told too little: `other` is an answer only where all was asked that could have told another.
 */
export function recognise(evidence: Evidence): Recognised | undefined {
  for (const [name, sign] of SIGNS) {
    const reason = sign(evidence);
    if (reason !== undefined) return { platform: PLATFORM_BY_NAME[name], reason };
  }
  const { apiGroups, gitVersion, nodes } = evidence;
  if (apiGroups === undefined || gitVersion === undefined || nodes === undefined) return undefined;
  return { platform: other, reason: 'neither version, API groups nor nodes name a platform' };
}

function groupSign(groups: readonly string[] | undefined, group: string): string | undefined {
  return groups?.includes(group) === true ? `the cluster serves ${group}` : undefined;
}

function versionSign(version: string | undefined, mark: string): string | undefined {
  return version?.includes(mark) === true ? `its version is ${version}` : undefined;
}

/** The build of a cloud, unless all nodes that tell who provides them are provided by others. */
function cloudSign(
  { gitVersion, nodes = [] }: Evidence,
  mark: string,
  schemes: readonly string[],
): string | undefined {
  const providers = nodes.flatMap(({ providerID }) => providerID ?? []);
  const isOfCloud = providers.some((id) => schemes.some((scheme) => id.startsWith(scheme)));
  return isOfCloud || providers.length === 0 ? versionSign(gitVersion, mark) : undefined;
}

function labelSign(nodes: readonly NodeEvidence[] | undefined, label: string): string | undefined {
  return nodes?.some(({ labels }) => Object.hasOwn(labels, label)) === true
    ? `its nodes have the label ${label}`
    : undefined;
}
