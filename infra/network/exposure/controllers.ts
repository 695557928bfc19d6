import { OWN_PORTS } from '../../config/decisions/ports.ts';
import { endSeconds } from '../../config/decisions/shutdown_delay.ts';
import type { StackConfig } from '../../config/stack_config.ts';
import type { IngressController } from '../../platform/ingress_controllers.ts';

/** A quiet WebSocket or stream may stay open this long: most controllers end them after a minute. */
export const IDLE_SECONDS = 3600;

/**
 * Annotations of the Ingress by which a controller lets WebSockets and streams live for hours and uploads have no limit, and sends a
 * request that meets a pod which died a moment ago to the next: safe for every method, since nothing of it was sent. From the
 * controllers' own documentation:
 *
 * - traefik ends no WebSocket; its time limits belong to entry points, not to an Ingress. Its `retry` is a Middleware object
 *   of the operator's: with none it answers 502 for a second after a pod was killed.
 * - nginx: https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/
 * - nginx-f5, which takes `Upgrade` only to Services that are named, and has no annotation that streams uploads:
 *   https://docs.nginx.com/nginx-ingress-controller/configuration/ingress-resources/advanced-configuration-with-annotations/
 * - haproxy, of which there are two: of HAProxy Technologies' own (haproxy.org/), `timeout-tunnel` is a key of its ConfigMap alone and an
 *   hour unless told otherwise: https://github.com/haproxytech/kubernetes-ingress/blob/master/documentation/annotations.md#timeouts;
 *   the community's takes both: https://haproxy-ingress.github.io/docs/configuration/keys/#timeout
 * - alb: https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/
 * - gke: a BackendConfig on the Service, see `gke.ts`.
 * - contour: https://projectcontour.io/docs/main/config/annotations/
 */
const ANNOTATIONS: Readonly<Record<IngressController, Readonly<Record<string, string>>>> = {
  traefik: {},
  haproxy: {
    'haproxy.org/timeout-server': `${IDLE_SECONDS}s`,
    'haproxy-ingress.github.io/timeout-server': `${IDLE_SECONDS}s`,
    'haproxy-ingress.github.io/timeout-tunnel': `${IDLE_SECONDS}s`,
  },
  nginx: {
    'nginx.ingress.kubernetes.io/proxy-body-size': '0',
    // The head of an answer; a sign-in may set three cookies of 4 KiB.
    'nginx.ingress.kubernetes.io/proxy-buffer-size': '32k',
    'nginx.ingress.kubernetes.io/proxy-buffering': 'off',
    'nginx.ingress.kubernetes.io/proxy-read-timeout': String(IDLE_SECONDS),
    'nginx.ingress.kubernetes.io/proxy-request-buffering': 'off',
    'nginx.ingress.kubernetes.io/proxy-send-timeout': String(IDLE_SECONDS),
  },
  'nginx-f5': {
    'nginx.org/client-max-body-size': '0',
    'nginx.org/proxy-buffer-size': '32k',
    // Less than 3 of that size is an error of nginx, whose busy buffers are 2 of them.
    'nginx.org/proxy-buffers': '4 32k',
    'nginx.org/proxy-buffering': 'False',
    'nginx.org/proxy-read-timeout': `${IDLE_SECONDS}s`,
    'nginx.org/proxy-send-timeout': `${IDLE_SECONDS}s`,
  },
  alb: {
    'alb.ingress.kubernetes.io/healthcheck-path': '/readyz',
    'alb.ingress.kubernetes.io/healthcheck-port': String(OWN_PORTS.health),
    'alb.ingress.kubernetes.io/target-type': 'ip',
  },
  gke: {},
  contour: {
    'projectcontour.io/num-retries': '2',
    'projectcontour.io/response-timeout': 'infinity',
    'projectcontour.io/retry-on': 'connect-failure',
    'projectcontour.io/websocket-routes': '/',
  },
  other: {},
};

/** Annotations of the Ingress: the controller's, then those of config, which win. */
export function ingressAnnotations(config: StackConfig): Record<string, string> {
  const { annotations, controller } = config.ingress;
  return {
    ...ANNOTATIONS[controller ?? 'other'],
    ...(controller === 'nginx-f5' ? { 'nginx.org/websocket-services': config.router.name } : {}),
    ...annotations,
    ...(controller === 'alb' ? albAttributes(config) : {}),
  };
}

/** Of `deregistration_delay.timeout_seconds`. */
const LONGEST_DEREGISTRATION_SECONDS = 3600;

/**
 * Attributes of an ALB and of its targets, of which one annotation holds many; config wins key by key. An ALB allows an idle time of 4000
 * seconds at most, and cuts the sessions of a pod that ends when the deregistration delay is over, after 300 seconds unless told
 * otherwise: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html#deregistration-delay
 */
function albAttributes(config: StackConfig): Record<string, string> {
  const delay = Math.min(endSeconds(config), LONGEST_DEREGISTRATION_SECONDS);
  const attributes = [
    ['load-balancer-attributes', 'idle_timeout.timeout_seconds', IDLE_SECONDS],
    ['target-group-attributes', 'deregistration_delay.timeout_seconds', delay],
  ] as const;
  return Object.fromEntries(
    attributes.map(([annotation, key, value]) => {
      const name = `alb.ingress.kubernetes.io/${annotation}`;
      const given = (config.ingress.annotations[name] ?? '').split(',').map((pair) => pair.trim());
      const isGiven = given.some((pair) => pair.split('=', 1)[0]?.trim() === key);
      const own = isGiven ? [] : [`${key}=${value}`];
      return [name, [...own, ...given].filter((pair) => pair !== '').join(',')];
    }),
  );
}
