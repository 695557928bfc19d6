import { apiextensions } from '@pulumi/kubernetes';
import type { Input, Resource } from '@pulumi/pulumi';

import { OWN_PORTS } from '../../config/decisions/ports.ts';
import { metadataOf, type Scope } from '../../scope.ts';
import { IDLE_SECONDS } from './controllers.ts';

/** Annotations of the Service that tie GKE's settings for an Ingress to it, and let its load balancer reach pods. */
export function gkeServiceAnnotations(scope: Scope): Record<string, string> {
  return {
    'cloud.google.com/backend-config': JSON.stringify({ default: scope.names.router }),
    'cloud.google.com/neg': JSON.stringify({ ingress: true }),
  };
}

/** GKE Ingress takes time-outs and health checks from a BackendConfig. Its default of 30 seconds would end every WebSocket. */
export function backendConfig(scope: Scope): Resource {
  return new apiextensions.CustomResource(
    `${scope.names.router}-backend`,
    {
      apiVersion: 'cloud.google.com/v1',
      kind: 'BackendConfig',
      metadata: metadataOf(scope, scope.names.router),
      spec: {
        timeoutSec: IDLE_SECONDS,
        connectionDraining: {
          drainingTimeoutSec: Math.min(scope.config.router.drainSeconds, 3600),
        },
        healthCheck: { type: 'HTTP', requestPath: '/readyz', port: OWN_PORTS.admin },
      },
    },
    { parent: scope.parent },
  );
}

/** GKE Gateway takes the same from two policies that point at the Service. */
export function gatewayPolicies(scope: Scope, serviceName: Input<string>): readonly Resource[] {
  const targetRef = { group: '', kind: 'Service', name: serviceName };
  const timeouts = new apiextensions.CustomResource(
    `${scope.names.router}-backend`,
    {
      apiVersion: 'networking.gke.io/v1',
      kind: 'GCPBackendPolicy',
      metadata: metadataOf(scope, scope.names.router),
      spec: { default: { timeoutSec: IDLE_SECONDS }, targetRef },
    },
    { parent: scope.parent },
  );
  const health = new apiextensions.CustomResource(
    `${scope.names.router}-health`,
    {
      apiVersion: 'networking.gke.io/v1',
      kind: 'HealthCheckPolicy',
      metadata: metadataOf(scope, scope.names.router),
      spec: {
        default: {
          config: {
            type: 'HTTP',
            httpHealthCheck: { port: OWN_PORTS.admin, requestPath: '/readyz' },
          },
        },
        targetRef,
      },
    },
    { parent: scope.parent },
  );
  return [timeouts, health];
}
