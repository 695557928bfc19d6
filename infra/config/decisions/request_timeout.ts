import type { StackConfig } from '../stack_config.ts';

/**
 * The time limit that an HTTPRoute says: `0s`, which is none at all, unless config says otherwise; undefined where it is left to the
 * Gateway. Envoy ends an answer after 15 seconds where a route says nothing:
 * https://gateway.envoyproxy.io/docs/tasks/traffic/http-timeouts/. The field is in the standard channel from Gateway API 1.2 on:
 * https://gateway-api.sigs.k8s.io/geps/gep-1742/. GKE has a GCPBackendPolicy in its stead.
 */
export function requestTimeout({
  controller,
  requestTimeout: given,
}: StackConfig['gateway']): string | undefined {
  if (given !== undefined) return given === 'none' ? undefined : given;
  return controller === 'gke' ? undefined : '0s';
}
