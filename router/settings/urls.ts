import { SERVICE_PATH, type EndpointId } from '../grammar/endpoint_id.ts';
import type { Settings } from './settings.ts';
import type { RouterUrl } from './values.ts';

type Urls = Pick<Settings, 'ROUTER_URL' | 'ROUTER_PAGES_URL'>;

/** Where the router's own pages, sign-in and API are. */
export function pagesUrlOf({ ROUTER_URL, ROUTER_PAGES_URL = ROUTER_URL }: Urls): RouterUrl {
  return ROUTER_PAGES_URL;
}

/** Whether that is a host on which no page of a task lives; the settings' rules see to it that it is another host altogether. */
export function pagesApart(urls: Urls): boolean {
  return pagesUrlOf(urls).hostname !== urls.ROUTER_URL.hostname;
}

/** Whether the router's own cookies are sent over https alone. */
export function securesCookies({
  AUTH_SECURE_ENABLED,
  ROUTER_URL,
}: Pick<Settings, 'AUTH_SECURE_ENABLED' | 'ROUTER_URL'>): boolean {
  return AUTH_SECURE_ENABLED ?? ROUTER_URL.secure;
}

export function schemeOf({ secure }: Pick<RouterUrl, 'secure'>): 'https' | 'http' {
  return secure ? 'https' : 'http';
}

/** The origin of what a Host header names: the scheme is that of ROUTER_URL. */
export function originOf(router: Pick<RouterUrl, 'secure'>, host: string): string {
  return `${schemeOf(router)}://${host}`;
}

/** The origin of another host that leads to this router: scheme and port are those of ROUTER_URL. */
export function siblingOrigin(router: RouterUrl, hostname: string): string {
  return originOf(router, hostname + router.host.slice(router.hostname.length));
}

/** The URL of an endpoint below ROUTER_URL: its path form. */
export function pathUrl({ origin }: RouterUrl, id: EndpointId): string {
  return `${origin}${SERVICE_PATH}${id}/`;
}

/** The URL of an endpoint on a host of its own; undefined where it has none. */
export function wildcardUrl(
  router: RouterUrl,
  wildcardHost: string | undefined,
  label: string | undefined,
): string | undefined {
  if (wildcardHost === undefined || label === undefined) return undefined;
  return `${siblingOrigin(router, `${label}.${wildcardHost}`)}/`;
}
