import { backendConfig, gatewayPolicies } from './gke.ts';
import { exposureOf } from '../../config/decisions/exposure.ts';
import { httpRoute } from './http_route.ts';
import { httpService } from './http_service.ts';
import { ingressFor } from './ingress.ts';
import { openshiftRoutes } from './openshift_route.ts';
import { tlsSecret } from './tls_secret.ts';
import type { Scope } from '../../scope.ts';

/** Creates the HTTP Service and the one thing that leads to it from outside. */
export function expose(scope: Scope): void {
  const { config } = scope;
  const serviceName = httpService(scope);
  switch (exposureOf(config)) {
    case 'ingress':
      if (config.ingress.controller === 'gke') backendConfig(scope);
      ingressFor(scope, serviceName, tlsSecret(scope));
      return;
    case 'gateway':
      httpRoute(scope, serviceName);
      if (config.gateway.controller === 'gke') gatewayPolicies(scope, serviceName);
      return;
    case 'openshiftRoute':
      openshiftRoutes(scope, serviceName, tlsSecret(scope));
      return;
    case 'LoadBalancer':
    case 'NodePort':
    case 'none':
      return;
  }
}
