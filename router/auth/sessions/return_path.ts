import { hostnameOf, isAuthority } from '../../grammar/authority.ts';
import { parseTarget } from '../../routes/model/parse_target.ts';
import type { RouteTable } from '../../routes/model/table.ts';
import type { Target } from '../../routes/model/target.ts';
import type { Settings } from '../../settings/settings.ts';
import { originOf, pagesApart, pagesUrlOf } from '../../settings/urls.ts';
import { ownsHost } from '../identity/request.ts';
import { SHARE_PATH } from '../sharing/links.ts';
import {
  PAGES_AUDIENCE,
  ROUTER_AUDIENCE,
  targetAudience,
  type Audience,
} from '../sealed/audience.ts';

/** Where the hosts are that a way back may lead to. */
export type ReturnSettings = Pick<
  Settings,
  'ROUTER_URL' | 'ROUTER_PAGES_URL' | 'ROUTER_WILDCARD_HOST' | 'ROUTER_PATH_FORM'
>;

/** A way back that may be taken. */
export interface WayBack {
  /** A path of the host that people sign in at, or an absolute URL on another: that of a task, or of ROUTER_URL. */
  readonly location: string;
  /** What a session must be made for to count there. */
  readonly audience: Audience;
}

const LONGEST = 2048;

/** Printable ASCII without space, quotes, angle brackets and backslash: browsers drop or turn around the rest (`/\evil`, tab). */
const PLAIN = /^[!#-;=?-[\]^_`a-z{|}~]+$/;

/** The pages of endpoint tokens, of sharing and of asking. */
export const ENDPOINT_TOKENS_PATH = '/auth/endpoint-tokens';
export const SHARING_PATH = '/auth/sharing';
export const ASK_PATH = '/auth/ask';
/** Where somebody agrees that a computer acts in their name; short, since it is typed. */
export const DEVICE_PATH = '/device';

/** Pages of the router's own that are places to come back to. A link waits at `/share/` in a cookie: see link_pages.ts. */
const OWN_PAGES: ReadonlySet<string> = new Set([
  '/',
  ENDPOINT_TOKENS_PATH,
  SHARING_PATH,
  ASK_PATH,
  DEVICE_PATH,
  SHARE_PATH,
]);

/** Whether a text can stand in a Location as it is. */
export function isPlain(text: string): boolean {
  return text.length <= LONGEST && PLAIN.test(text);
}

/**
 * Where a user may be sent back to after sign-in: an endpoint, a static route or the page of this router; everything else
 * gives undefined. The text is read as the request that would come of it, never rebuilt: what a browser could understand
 * differently is refused as a whole (A43, GHSA-5m6c-jp6f-2vcv and its kin).
 */
export function safeReturn(
  wanted: string,
  settings: ReturnSettings,
  table: RouteTable,
): WayBack | undefined {
  if (!isPlain(wanted) || wanted.includes('#')) return undefined;
  const { ROUTER_URL: routerUrl } = settings;
  for (const origin of [pagesUrlOf(settings).origin, routerUrl.origin, '']) {
    if (!wanted.startsWith(`${origin}/`)) continue;
    return ownPath(wanted.slice(origin.length), settings, table);
  }
  const scheme = originOf(routerUrl, '');
  const pathStart = wanted.indexOf('/', scheme.length);
  if (pathStart === -1 || !wanted.startsWith(scheme)) return undefined;
  const authority = wanted.slice(scheme.length, pathStart);
  const { host, hostname } = routerUrl;
  const port = host.slice(hostname.length);
  const name = authority.slice(0, authority.length - port.length);
  if (name + port !== authority || name.includes(':') || !isAuthority(name)) return undefined;
  const audience = hostAudience(
    targetOf(wanted.slice(pathStart), hostnameOf(name), settings, table),
  );
  return audience === undefined ? undefined : { location: wanted, audience };
}

/** What a GET of this path asks for at this host. */
function targetOf(
  path: string,
  hostname: string,
  settings: ReturnSettings,
  table: RouteTable,
): Target {
  const rules = {
    ownHost: hostnameOf(settings.ROUTER_URL.host),
    pagesHost: pagesApart(settings) ? hostnameOf(pagesUrlOf(settings).host) : undefined,
    wildcardHost: settings.ROUTER_WILDCARD_HOST,
    pathForm: settings.ROUTER_PATH_FORM,
  };
  return parseTarget('GET', path, hostname, table, rules);
}

function ownPath(path: string, settings: ReturnSettings, table: RouteTable): WayBack | undefined {
  const { ROUTER_URL: routerUrl } = settings;
  const apart = pagesApart(settings);
  const target = targetOf(path, hostnameOf(routerUrl.host), settings, table);
  if (target.kind === 'refused') return undefined;
  if (target.kind !== 'own') {
    return { location: apart ? routerUrl.origin + path : path, audience: ROUTER_AUDIENCE };
  }
  if (!OWN_PAGES.has(target.path)) return undefined;
  return { location: path, audience: apart ? PAGES_AUDIENCE : ROUTER_AUDIENCE };
}

/** What a session is made for on a host of an endpoint or of a static route. Endpoints that do not exist are treated like those that do. */
function hostAudience(target: Target): Audience | undefined {
  if (target.kind !== 'endpoint' && target.kind !== 'static') return undefined;
  return ownsHost(target) ? targetAudience(target) : undefined;
}
