import type { EndpointId } from '../../grammar/endpoint_id.ts';
import { ownsHost, type GateRequest } from '../identity/request.ts';

/** Where a sealed token counts. */
export type Audience = string;

/** The host of ROUTER_URL: its own pages, and everything in path form. */
export const ROUTER_AUDIENCE: Audience = 'router';

/** The router's own pages, where they have a host of their own; else they are at ROUTER_AUDIENCE. */
export const PAGES_AUDIENCE: Audience = 'pages';

/** All that the user may reach through this router, from one computer. */
export const DEVICE_AUDIENCE: Audience = 'device';

export function endpointAudience(id: EndpointId): Audience {
  return `endpoint:${id}`;
}

export function staticAudience(name: string): Audience {
  return `static:${name}`;
}

/** The endpoint or the static route that a target names, in whichever form. */
export function targetAudience(target: GateRequest['target']): Audience {
  return target.kind === 'endpoint'
    ? endpointAudience(target.id)
    : staticAudience(target.route.name);
}

/** What a session cookie must be made for to count here. One that was handed to a task's own host counts there alone. */
export function sessionAudience(target: GateRequest['target']): Audience {
  return ownsHost(target) ? targetAudience(target) : ROUTER_AUDIENCE;
}

/** The endpoint's id or the static route's name in an audience. */
export function readAudience(
  audience: Audience,
): { readonly endpoint: EndpointId } | { readonly route: string } {
  const [kind = '', ...rest] = audience.split(':');
  const name = rest.join(':');
  return kind === 'endpoint' ? { endpoint: name } : { route: name };
}
