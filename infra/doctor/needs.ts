import { hasSeveralPods } from '../availability.ts';
import type { StackConfig } from '../config/schema.ts';
import { asksApiServer } from '../service_account.ts';
import { exposureOf } from '../exposure/exposure.ts';

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
  return [
    ...(config.namespace.create ? [right('', 'namespaces', false)] : []),
    right('', 'configmaps'),
    right('', 'secrets'),
    right('', 'services'),
    right('apps', 'deployments'),
    ...(config.availability.leaderElection ? [right('coordination.k8s.io', 'leases')] : []),
    ...(asksApiServer(config)
      ? [
          right('', 'serviceaccounts'),
          right('rbac.authorization.k8s.io', 'roles'),
          right('rbac.authorization.k8s.io', 'rolebindings'),
        ]
      : []),
    ...(config.router.verifyPods?.namespaces ?? []).flatMap((namespace) =>
      ['roles', 'rolebindings'].map((resource) => ({
        ...right('rbac.authorization.k8s.io', resource),
        namespace,
      })),
    ),
    ...(exposureOf(config) === 'ingress' ? [right('networking.k8s.io', 'ingresses')] : []),
    ...((config.availability.podDisruptionBudget ?? hasSeveralPods(config))
      ? [right('policy', 'poddisruptionbudgets')]
      : []),
    ...(config.availability.autoscaling === undefined
      ? []
      : [right('autoscaling', 'horizontalpodautoscalers')]),
    ...(config.networkPolicy.enabled ? [right('networking.k8s.io', 'networkpolicies')] : []),
    ...neededApis(config).map((api) => {
      const [group = '', , resource = ''] = api.split('/');
      return right(group, resource);
    }),
  ];
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
