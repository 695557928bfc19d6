import { SERVICE_PATH, type EndpointId } from '../grammar/endpoint_id.ts';
import type { Settings } from './settings.ts';
import type { RouterUrl } from './values.ts';

type Urls = Pick<Settings, 'ROUTER_URL' | 'ROUTER_PAGES_URL'>;

/** What the URLs of endpoints are made of. */
export interface EndpointPlaces {
  readonly router: RouterUrl;
  readonly wildcardHost: string | undefined;
  /** ROUTER_PATH_FORM. */
  readonly pathForm: boolean;
}

/** An endpoint, as far as its URLs tell it from others. */
interface Located {
  readonly id: EndpointId;
  /** That of its host name; undefined where it can have none. */
  readonly label: string | undefined;
}

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

export function endpointPlaces(
  settings: Pick<Settings, 'ROUTER_URL' | 'ROUTER_WILDCARD_HOST' | 'ROUTER_PATH_FORM'>,
): EndpointPlaces {
  return {
    router: settings.ROUTER_URL,
    wildcardHost: settings.ROUTER_WILDCARD_HOST,
    pathForm: settings.ROUTER_PATH_FORM,
  };
}

/** Where a browser opens an endpoint: on its own host while it has one. Undefined: only a static route leads there, if any. */
export function browserUrl(places: EndpointPlaces, { id, label }: Located): string | undefined {
  const { router, wildcardHost, pathForm } = places;
  return wildcardUrl(router, wildcardHost, label) ?? (pathForm ? pathUrl(router, id) : undefined);
}

/** The URL for programs, below the router's own host while that has endpoints. Undefined: nothing but a port or a static route leads there. */
export function programUrl(places: EndpointPlaces, { id, label }: Located): string | undefined {
  const { router, wildcardHost, pathForm } = places;
  return pathForm ? pathUrl(router, id) : wildcardUrl(router, wildcardHost, label);
}
