import { isAtLeast } from '../../platform/kubernetes_version.ts';
import type { SettledConfig } from '../decisions/found.ts';
import { exposureOf } from '../decisions/exposure.ts';
import { tlsModesNamed } from '../decisions/tls.ts';
import type { Problem, Rule } from '../values/problem.ts';

/** The Kubernetes of OpenShift 4.19, in which `externalCertificate` of a Route left its technology preview. OpenShift 4.N has 1.(N + 13). */
const EXTERNAL_CERTIFICATE = { openshift: 19, minor: 32 };

/**
 * Before, the field is dropped, and the Route serves the cluster's own certificate:
 * https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/release_notes/ocp-4-19-release-notes and the gate
 * `RouteExternalCertificate` in https://github.com/openshift/api/blob/master/features/features.go
 */
function routeCertificate(config: SettledConfig): Problem[] {
  const { version } = config.found;
  const [key] = tlsModesNamed(config);
  const isOld = version !== undefined && !isAtLeast(version, 1, EXTERNAL_CERTIFICATE.minor);
  if (exposureOf(config) !== 'openshiftRoute' || key === undefined || !isOld) return [];
  const message =
    `needs OpenShift 4.${EXTERNAL_CERTIFICATE.openshift} (Kubernetes 1.${EXTERNAL_CERTIFICATE.minor}), and the cluster runs Kubernetes ` +
    `${version.major}.${version.minor}, whose Routes refer to no Secret; remove this and write ingress.hostName with https://, and the cluster's own ` +
    'certificate serves it';
  return [{ path: key.split('.'), message }];
}

/** https://kubernetes.io/docs/concepts/policy/resource-quotas/#limit-priority-class-consumption-by-default is how GKE does it. */
function systemPriority({ found, namespace, pod }: SettledConfig): Problem[] {
  const { allowsSystemPriority, title } = found.platform;
  const { priorityClassName: name = '' } = pod;
  // Who made the namespace may have put a quota there that lets them in.
  const isRefused = !allowsSystemPriority && namespace.create && namespace.name !== 'kube-system';
  if (!isRefused || !/^system-(node|cluster)-critical$/.test(name)) return [];
  const message =
    `${title} refuses pods of ${name} outside of kube-system; name another class, or a namespace that exists (namespace.create false) ` +
    'with a ResourceQuota for that class';
  return [{ path: ['pod', 'priorityClassName'], message }];
}

/** What a cluster of this kind or version refuses or drops. */
export const clusterLimits: readonly Rule<SettledConfig>[] = [routeCertificate, systemPriority];
