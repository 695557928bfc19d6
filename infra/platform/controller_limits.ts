import type { IngressController } from './ingress_controllers.ts';

/** A time limit that no annotation of an Ingress changes, and what does. */
interface Limit {
  readonly ends: string;
  readonly mend: string;
}

/** What a controller ends by itself, whatever this program says to it. */
export const CONTROLLER_LIMITS: Readonly<Partial<Record<IngressController, Limit>>> = {
  // https://github.com/traefik/traefik/blob/master/CHANGELOG.md, v2.11.2, and DefaultReadTimeout in pkg/config/static/static_config.go
  traefik: {
    ends: 'from 2.11.2 on it ends uploads that take more than 60 seconds',
    mend: 'Set readTimeout of its entry points: --entryPoints.websecure.transport.respondingTimeouts.readTimeout=0',
  },
  // https://github.com/haproxytech/kubernetes-ingress/blob/master/documentation/annotations.md#timeouts
  haproxy: {
    ends: "HAProxy Technologies' own ends WebSockets that are quiet for an hour",
    mend: 'Set timeout-tunnel in its ConfigMap.',
  },
  // https://projectcontour.io/docs/main/configuration/#timeout-configuration
  contour: {
    ends: 'it ends streams and WebSockets that are quiet for 5 minutes',
    mend: 'Set timeouts.stream-idle-timeout in its configuration, for example to 1h.',
  },
  // https://github.com/nginx/kubernetes-ingress/blob/main/internal/configs/annotations.go
  'nginx-f5': {
    ends: 'it takes the whole of an upload before it sends it on',
    mend: 'Allow snippets in it, and set nginx.org/location-snippets: proxy_request_buffering off;',
  },
};
