import type { RouteTable } from '../routes/table.ts';
import type { RouterUrl } from '../settings/values.ts';

/** What a way back may lead to. */
export interface ReturnTargets {
  readonly routerUrl: RouterUrl;
  readonly wildcardHost: string | undefined;
  readonly table: RouteTable;
}

const LONGEST = 2048;

/** Printable ASCII without space, quotes, angle brackets and backslash: browsers drop or turn around the rest (`/\evil`, tab). */
const PLAIN = /^[!#-;=?-[\]^_`a-z{|}~]+$/;

/** A dot segment in any spelling that a browser resolves, up to the query. */
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i;

const ENDPOINT = /^\/service\/[0-9a-f]{32}(?:__[A-Za-z0-9._-]{1,80})?(?:[/?]|$)/;

const LABEL = /^[0-9a-f]{32}(?:--[a-z0-9-]{1,29})?$/;

function isOwnPath(path: string, table: RouteTable): boolean {
  if (path === '/' || path.startsWith('/?')) return true;
  if (ENDPOINT.test(path)) return true;
  const [first = ''] = path.slice(1).split(/[/?]/, 1);
  return path.startsWith('/') && first !== '' && table.staticPaths.has(first);
}

/** Hosts of endpoints and of static routes, under the scheme and the port of ROUTER_URL. */
function isOwnHost(authority: string, { routerUrl, wildcardHost, table }: ReturnTargets): boolean {
  const port = routerUrl.host.slice(routerUrl.hostname.length);
  if (!authority.endsWith(port)) return false;
  const host = authority.slice(0, authority.length - port.length);
  if (table.staticHosts.has(host)) return true;
  if (wildcardHost === undefined || !host.endsWith(`.${wildcardHost}`)) return false;
  return LABEL.test(host.slice(0, -wildcardHost.length - 1));
}

/**
 * Where a user may be sent back to after sign-in: an endpoint, a static route or the page of this router, as a path of
 * ROUTER_URL or as an absolute URL on an endpoint's own host. Everything else gives undefined. The text is compared, never parsed and
 * rebuilt: what a browser would understand differently is refused as a whole (A43).
 */
export function safeReturn(wanted: string, targets: ReturnTargets): string | undefined {
  if (wanted.length > LONGEST || !PLAIN.test(wanted)) return undefined;
  const { origin } = targets.routerUrl;
  const scheme = targets.routerUrl.secure ? 'https://' : 'http://';
  if (wanted.startsWith(`${origin}/`)) return safeReturn(wanted.slice(origin.length), targets);
  const pathStart = wanted.startsWith('/') ? 0 : wanted.indexOf('/', scheme.length);
  const path = pathStart === -1 ? '' : wanted.slice(pathStart);
  const [beforeQuery = ''] = path.split(/[?#]/, 1);
  if (DOT_SEGMENT.test(beforeQuery) || wanted.includes('#')) return undefined;
  if (pathStart === 0) return isOwnPath(path, targets.table) ? wanted : undefined;
  if (pathStart === -1 || !wanted.startsWith(scheme)) return undefined;
  return isOwnHost(wanted.slice(scheme.length, pathStart), targets) ? wanted : undefined;
}
