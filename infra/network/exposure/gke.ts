import { apiextensions } from '@pulumi/kubernetes';
import type { Input, Resource } from '@pulumi/pulumi';

import { OWN_PORTS } from '../../config/decisions/ports.ts';
import { endSeconds } from '../../config/decisions/shutdown_delay.ts';
import { metadataOf, type Scope } from '../../scope.ts';

/**
 * Google counts `timeoutSec` from the first byte of a request to the last of its answer, and, of a WebSocket, the whole life of the
 * connection, however busy it is. So it is a day:
 * https://cloud.google.com/load-balancing/docs/https/request-distribution#timeout-backend-service and
 * https://github.com/kubernetes/ingress-gce/tree/master/examples/websocket
 */
const LIFE_SECONDS = 86_400;

/** Of `connectionDraining`: https://cloud.google.com/load-balancing/docs/enabling-connection-draining */
const LONGEST_DRAINING_SECONDS = 3600;

/** Settings of a backend that both kinds of objects have, under the same names. */
function backendSettings({ config }: Scope) {
  return {
    timeoutSec: LIFE_SECONDS,
    connectionDraining: {
      drainingTimeoutSec: Math.min(endSeconds(config), LONGEST_DRAINING_SECONDS),
    },
  };
}

/** Annotations of the Service that tie GKE's settings for an Ingress to it, and let its load balancer reach pods. */
export function gkeServiceAnnotations(scope: Scope): Record<string, string> {
  return {
    'cloud.google.com/backend-config': JSON.stringify({ default: scope.names.router }),
    'cloud.google.com/neg': JSON.stringify({ ingress: true }),
  };
}

/**
 * GKE Ingress takes time limits and health checks from a BackendConfig. Its default of 30 seconds would end every WebSocket:
 * https://cloud.google.com/kubernetes-engine/docs/how-to/ingress-configuration
 */
export function backendConfig(scope: Scope): Resource {
  return new apiextensions.CustomResource(
    `${scope.names.router}-backend`,
    {
      apiVersion: 'cloud.google.com/v1',
      kind: 'BackendConfig',
      metadata: metadataOf(scope, scope.names.router),
      spec: {
        ...backendSettings(scope),
        healthCheck: { type: 'HTTP', requestPath: '/readyz', port: OWN_PORTS.health },
      },
    },
    { parent: scope.parent },
  );
}

/**
 * GKE Gateway takes the same from two policies that point at the Service:
 * https://cloud.google.com/kubernetes-engine/docs/how-to/configure-gateway-resources
 */
export function gatewayPolicies(scope: Scope, serviceName: Input<string>): readonly Resource[] {
  const targetRef = { group: '', kind: 'Service', name: serviceName };
  const timeouts = new apiextensions.CustomResource(
    `${scope.names.router}-backend`,
    {
      apiVersion: 'networking.gke.io/v1',
      kind: 'GCPBackendPolicy',
      metadata: metadataOf(scope, scope.names.router),
      spec: { default: backendSettings(scope), targetRef },
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
            httpHealthCheck: { port: OWN_PORTS.health, requestPath: '/readyz' },
          },
        },
        targetRef,
      },
    },
    { parent: scope.parent },
  );
  return [timeouts, health];
}
