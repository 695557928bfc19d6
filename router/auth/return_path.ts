import type { RouteTable } from '../routes/table.ts';
import type { RouterUrl } from '../settings/values.ts';
import type { Audience } from './audience.ts';
import { endpointAudience, ROUTER_AUDIENCE, staticAudience } from './audience.ts';

/** What a way back may lead to. */
export interface ReturnTargets {
  readonly routerUrl: RouterUrl;
  readonly wildcardHost: string | undefined;
  /** ROUTER_PATH_FORM. */
  readonly pathForm: boolean;
  readonly table: RouteTable;
}

/** A way back that may be taken. */
export interface WayBack {
  /** A path of ROUTER_URL, or an absolute URL on a host that belongs to one endpoint or static route. */
  readonly location: string;
  /** What a session must be made for to count there. */
  readonly audience: Audience;
}

const LONGEST = 2048;

/** Printable ASCII without space, quotes, angle brackets and backslash: browsers drop or turn around the rest (`/\evil`, tab). */
const PLAIN = /^[!#-;=?-[\]^_`a-z{|}~]+$/;

/** A dot segment in any spelling that a browser resolves. */
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i;

const ENDPOINT = /^\/service\/[0-9a-f]{32}(?:__[A-Za-z0-9._-]{1,64})?(?:[/?]|$)/;
/** The page of endpoint tokens; no other page below /auth/ is a place to come back to. */
const OWN_PAGE = /^\/auth\/endpoint-tokens(?:\?|$)/;
const LABEL = /^[0-9a-f]{32}(?:--[a-z0-9-]{1,29})?$/;

/** Whether a text can stand in a Location as it is. */
export function isPlain(text: string): boolean {
  return text.length <= LONGEST && PLAIN.test(text);
}

/**
 * Where a user may be sent back to after sign-in: an endpoint, a static route or the page of this router; everything else
 * gives undefined. The text is compared, never parsed and rebuilt: what a browser could understand differently is refused
 * as a whole (A43, GHSA-5m6c-jp6f-2vcv and its kin).
 */
export function safeReturn(wanted: string, targets: ReturnTargets): WayBack | undefined {
  if (!isPlain(wanted) || wanted.includes('#')) return undefined;
  const { origin, secure } = targets.routerUrl;
  if (wanted.startsWith(`${origin}/`)) return safePath(wanted.slice(origin.length), targets);
  if (wanted.startsWith('/')) return safePath(wanted, targets);
  const scheme = secure ? 'https://' : 'http://';
  const pathStart = wanted.indexOf('/', scheme.length);
  if (pathStart === -1 || !wanted.startsWith(scheme)) return undefined;
  if (climbs(wanted.slice(pathStart))) return undefined;
  const audience = hostAudience(wanted.slice(scheme.length, pathStart), targets);
  return audience === undefined ? undefined : { location: wanted, audience };
}

function safePath(path: string, { pathForm, table }: ReturnTargets): WayBack | undefined {
  if (climbs(path)) return undefined;
  const [first = ''] = path.slice(1).split(/[/?]/, 1);
  const leads =
    path === '/' ||
    path.startsWith('/?') ||
    OWN_PAGE.test(path) ||
    (pathForm && ENDPOINT.test(path)) ||
    table.staticPaths.has(first);
  return leads ? { location: path, audience: ROUTER_AUDIENCE } : undefined;
}

function climbs(path: string): boolean {
  const [beforeQuery = ''] = path.split('?', 1);
  return DOT_SEGMENT.test(beforeQuery);
}

/** Hosts of endpoints and of static routes, with the port of ROUTER_URL. Endpoints that do not exist are treated like those that do. */
function hostAudience(
  authority: string,
  { routerUrl, wildcardHost, table }: ReturnTargets,
): Audience | undefined {
  const port = routerUrl.host.slice(routerUrl.hostname.length);
  if (!authority.endsWith(port)) return undefined;
  const host = authority.slice(0, authority.length - port.length);
  const route = table.staticHosts.get(host);
  if (route !== undefined) return staticAudience(route.name);
  if (wildcardHost === undefined || !host.endsWith(`.${wildcardHost}`)) return undefined;
  const label = host.slice(0, -wildcardHost.length - 1);
  if (!LABEL.test(label)) return undefined;
  return endpointAudience(table.labels.get(label)?.id ?? label.replace('--', '__'));
}
