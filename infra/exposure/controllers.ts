import type { StackConfig } from '../config/schema.ts';

type Controller = StackConfig['ingress']['controller'];

/**
 * What a controller has to be told, so that WebSockets and streams live for hours, uploads have no limit, and a request that
 * meets a pod which died a moment ago goes to the next: safe for every method, since nothing of it was sent.
 */
export interface ControllerNeeds {
  /** Annotations of the Ingress. */
  readonly ingress: Readonly<Record<string, string>>;
}

/** A quiet WebSocket or stream may stay open this long: most controllers end them after a minute. */
export const IDLE_SECONDS = 3600;

/**
 * Per controller, from its own documentation; annotations of config override each.
 *
 * - traefik ends no WebSocket; its time limits belong to entry points, not to an Ingress. Its `retry` is a Middleware object
 *   of the operator's: with none it answers 502 for a second after a pod was killed.
 * - nginx: https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/
 * - haproxy: https://www.haproxy.com/documentation/kubernetes-ingress/ (haproxy.org/) and haproxy-ingress.github.io
 * - alb: https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/
 * - gke: a BackendConfig on the Service, see `backend_config.ts`.
 * - contour: https://projectcontour.io/docs/main/config/annotations/
 */
const needs: Readonly<Record<Controller, ControllerNeeds>> = {
  traefik: { ingress: {} },
  haproxy: {
    ingress: {
      'haproxy.org/timeout-server': `${IDLE_SECONDS}s`,
      'haproxy.org/timeout-tunnel': `${IDLE_SECONDS}s`,
      'haproxy-ingress.github.io/timeout-server': `${IDLE_SECONDS}s`,
      'haproxy-ingress.github.io/timeout-tunnel': `${IDLE_SECONDS}s`,
    },
  },
  nginx: {
    ingress: {
      'nginx.ingress.kubernetes.io/proxy-body-size': '0',
      'nginx.ingress.kubernetes.io/proxy-buffering': 'off',
      'nginx.ingress.kubernetes.io/proxy-read-timeout': String(IDLE_SECONDS),
      'nginx.ingress.kubernetes.io/proxy-request-buffering': 'off',
      'nginx.ingress.kubernetes.io/proxy-send-timeout': String(IDLE_SECONDS),
    },
  },
  alb: {
    ingress: {
      'alb.ingress.kubernetes.io/healthcheck-path': '/readyz',
      // ALB allows 4000 seconds at most.
      'alb.ingress.kubernetes.io/load-balancer-attributes': `idle_timeout.timeout_seconds=${IDLE_SECONDS}`,
      'alb.ingress.kubernetes.io/target-type': 'ip',
    },
  },
  gke: { ingress: {} },
  contour: {
    ingress: {
      'projectcontour.io/num-retries': '2',
      'projectcontour.io/response-timeout': 'infinity',
      'projectcontour.io/retry-on': 'connect-failure',
      'projectcontour.io/websocket-routes': '/',
    },
  },
  other: { ingress: {} },
};

/**
 * Annotations of the Ingress: the controller's, then those of config, which win.
 *
 * @param adminPort the router's port for health checks from outside of the cluster.
 */
export function ingressAnnotations(config: StackConfig, adminPort: number): Record<string, string> {
  const { controller, annotations } = config.ingress;
  const healthPort: Record<string, string> =
    controller === 'alb' ? { 'alb.ingress.kubernetes.io/healthcheck-port': String(adminPort) } : {};
  return { ...needs[controller].ingress, ...healthPort, ...annotations };
}
