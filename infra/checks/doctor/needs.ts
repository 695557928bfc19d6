import { EVERY_NAMESPACE } from '../../../router/settings/values.ts';
import type { StackConfig } from '../../config/stack_config.ts';
import {
  asksApiServer,
  hasDisruptionBudget,
  hasServiceAccount,
} from '../../config/decisions/pods.ts';
import { exposureOf } from '../../config/decisions/exposure.ts';

/** A kind of object that the program creates. */
export interface Right {
  /** API group; empty for the core. */
  readonly group: string;
  readonly resource: string;
  readonly isNamespaced: boolean;
  /** Left out for the namespace of the router. */
  readonly namespace?: string;
}

function right(group: string, resource: string, isNamespaced = true): Right {
  return { group, resource, isNamespaced };
}

/** What whoever runs `pulumi up` has to be allowed to create for this config. */
export function neededRights(config: StackConfig): readonly Right[] {
  const { availability, namespace, networkPolicy, router } = config;
  const isOfRouter = asksApiServer(config);
  const rbac = 'rbac.authorization.k8s.io';
  const rights = [
    [namespace.create, right('', 'namespaces', false)],
    [true, right('', 'configmaps')],
    [true, right('', 'secrets')],
    [true, right('', 'services')],
    [true, right('apps', 'deployments')],
    [availability.leaderElection, right('coordination.k8s.io', 'leases')],
    [hasServiceAccount(config) && config.serviceAccount.create, right('', 'serviceaccounts')],
    [isOfRouter, right(rbac, 'roles')],
    [isOfRouter, right(rbac, 'rolebindings')],
    ...(router.verifyPods?.namespaces ?? [])
      .flatMap(rightsToLookAtPods)
      .map((needed) => [true, needed] as const),
    [exposureOf(config) === 'ingress', right('networking.k8s.io', 'ingresses')],
    [hasDisruptionBudget(config), right('policy', 'poddisruptionbudgets')],
    [availability.autoscaling !== undefined, right('autoscaling', 'horizontalpodautoscalers')],
    [networkPolicy.enabled, right('networking.k8s.io', 'networkpolicies')],
  ] as const;
  return [
    ...rights.filter(([isNeeded]) => isNeeded).map(([, needed]) => needed),
    ...neededApis(config).map((api) => {
      const [group = '', , resource = ''] = api.split('/');
      return right(group, resource);
    }),
  ];
}

function rightsToLookAtPods(namespace: string): Right[] {
  const group = 'rbac.authorization.k8s.io';
  return namespace === EVERY_NAMESPACE
    ? ['clusterroles', 'clusterrolebindings'].map((resource) => right(group, resource, false))
    : ['roles', 'rolebindings'].map((resource) => ({ ...right(group, resource), namespace }));
}

/** APIs beyond Kubernetes' own that config makes use of, as `group/version/resource`. */
export function neededApis(config: StackConfig): readonly string[] {
  const { gateway, ingress, monitoring, tls } = config;
  const exposure = exposureOf(config);
  return [
    ...(exposure === 'gateway' ? ['gateway.networking.k8s.io/v1/httproutes'] : []),
    ...(exposure === 'gateway' && gateway.controller === 'gke'
      ? ['networking.gke.io/v1/gcpbackendpolicies', 'networking.gke.io/v1/healthcheckpolicies']
      : []),
    ...(exposure === 'ingress' && ingress.controller === 'gke'
      ? ['cloud.google.com/v1/backendconfigs']
      : []),
    ...(exposure === 'openshiftRoute' ? ['route.openshift.io/v1/routes'] : []),
    ...(tls.issuer === undefined ? [] : ['cert-manager.io/v1/certificates']),
    ...(monitoring.serviceMonitor ? ['monitoring.coreos.com/v1/servicemonitors'] : []),
    ...(monitoring.rules ? ['monitoring.coreos.com/v1/prometheusrules'] : []),
  ];
}
