import type { Output } from '@pulumi/pulumi';

import { backendConfig, gatewayPolicies } from './gke.ts';
import { exposureOf } from '../../config/decisions/exposure.ts';
import { httpRoute } from './http_route.ts';
import { httpService } from './http_service.ts';
import { ingressFor } from './ingress.ts';
import { openshiftRoutes } from './openshift_route.ts';
import { tlsSecret } from './tls_secret.ts';
import type { Scope } from '../../scope.ts';

/** Status of a Service or an Ingress, as far as it is filled. */
interface Status {
  readonly loadBalancer?: {
    readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[];
  };
}

/**
 * Creates the HTTP Service and the one thing that leads to it from outside.
 *
 * @returns the address of the load balancer behind that, which is undefined while none was reported; undefined where it is no object of
 *   ours that has one.
 */
export function expose(scope: Scope): Output<string | undefined> | undefined {
  const { config } = scope;
  const service = httpService(scope);
  const serviceName = service.metadata.name;
  switch (exposureOf(config)) {
    case 'ingress':
      if (config.ingress.controller === 'gke') backendConfig(scope);
      return addressIn(ingressFor(scope, serviceName, tlsSecret(scope)).status);
    case 'gateway':
      httpRoute(scope, serviceName);
      if (config.gateway.controller === 'gke') gatewayPolicies(scope, serviceName);
      return undefined;
    case 'openshiftRoute':
      openshiftRoutes(scope, serviceName, tlsSecret(scope));
      return undefined;
    case 'LoadBalancer':
      return addressIn(service.status);
    case 'NodePort':
    case 'none':
      return undefined;
  }
}

function addressIn(status: Output<Status | undefined>): Output<string | undefined> {
  return status.apply((known) => {
    const [first] = known?.loadBalancer?.ingress ?? [];
    return first?.ip ?? first?.hostname;
  });
}
