import type { IncomingHttpHeaders } from 'node:http';
import { originOf } from '../../settings/urls.ts';
import type { RouterUrl } from '../../settings/values.ts';
import { ownsHost, type GateRequest } from '../identity/request.ts';
import type { Credentials } from '../identity/credentials.ts';

/** What a page of another origin did to a request that the browser then decorated with the user's cookie. */
export type CrossSite = 'cross-site' | 'foreign-origin' | undefined;

/** Where the router's users are. */
type OwnOrigin = Pick<RouterUrl, 'origin' | 'secure'>;

/**
 * The request's own origin is what the browser asked: the Host that it sent, under the scheme of ROUTER_URL. On the host
 * of an endpoint of its own, ROUTER_URL's origin is as foreign as any other: pages of path-form tasks live there.
 */
function isOwnOrigin(request: GateRequest, origin: string, own: OwnOrigin): boolean {
  if (origin.toLowerCase() === originOf(own, request.host).toLowerCase()) return true;
  return !ownsHost(request.target) && origin === own.origin;
}

/** What a browser says by itself of where a request was made; several lines of one name are joined, as RFC 9110, section 5.2, has it. */
interface Provenance {
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
}

/** Two Origin lines: no browser sends them, and whoever reads the next one might read the other. */
function isRepeated(origin: string | undefined): boolean {
  return origin?.includes(',') === true;
}

/**
 * Where a request was made that comes with the user's cookie; the one rule for what tasks get, for upgrades, and for the router's
 * own forms and API. Sec-Fetch-Site decides, for the browser alone can write it, while a page can make its own Origin `null`
 * (`Referrer-Policy: no-referrer`). `same-site` counts as elsewhere: the hosts of two tasks are one site, and one must not call
 * the other (A47, CVE-2026-40864). Where there is no Sec-Fetch-Site (plain http, old browsers), or where it says that no page
 * asked, Origin decides; a client that sends neither is no browser (RFC 6455, section 4.1).
 */
function madeElsewhere(
  { origin, fetchSite }: Provenance,
  isOwn: (origin: string) => boolean,
): CrossSite {
  if (isRepeated(origin)) return 'foreign-origin';
  if (fetchSite === 'same-origin') return undefined;
  if (fetchSite !== undefined && fetchSite !== 'none') return 'cross-site';
  return origin === undefined || isOwn(origin) ? undefined : 'foreign-origin';
}

/**
 * The same for a request to a task. Of what was made elsewhere only a GET that opens a page at the top of a tab passes: a link
 * to an endpoint (A46); no upgrade does (A28, CVE-2023-26114). Asked of cookie holders only, for a Bearer token is nothing
 * that a browser adds by itself.
 */
export function crossSite(
  request: GateRequest,
  credentials: Pick<Credentials, 'origin' | 'fetchSite' | 'fetchMode' | 'fetchDest'>,
  own: OwnOrigin,
): CrossSite {
  const { fetchMode, fetchDest } = credentials;
  const opensPage =
    request.kind === 'request' &&
    request.method === 'GET' &&
    fetchMode === 'navigate' &&
    (fetchDest === undefined || fetchDest === 'document');
  if (opensPage && !isRepeated(credentials.origin)) return undefined;
  return madeElsewhere(credentials, (origin) => isOwnOrigin(request, origin, own));
}

/**
 * Whether a form of the router's own was sent from a page of the router's own. A client that names no origin is no browser, and
 * carries nobody's cookie against their will. A sign-in is bound by it, too: otherwise another site could sign its visitors in as
 * somebody else.
 */
export function isOwnForm(
  headers: Pick<IncomingHttpHeaders, 'origin' | 'host' | 'sec-fetch-site'>,
  own: OwnOrigin,
): boolean {
  const { origin, host = '', 'sec-fetch-site': fetchSite } = headers;
  const isOwn = (named: string): boolean => named === own.origin || named === originOf(own, host);
  return madeElsewhere({ origin, fetchSite }, isOwn) === undefined;
}
