import type { GateRequest } from './decision.ts';
import type { Credentials } from './credentials.ts';

/** What a page of another origin did to a request that the browser then decorated with the user's cookie. */
export type CrossSite = 'cross-site' | 'foreign-origin' | undefined;

/** Where the router's users are: the origin of ROUTER_URL. */
export interface OwnOrigin {
  readonly origin: string;
  readonly secure: boolean;
}

/** Whether the target has a host, and so an origin, of its own. */
export function ownsHost(target: GateRequest['target']): boolean {
  return target.kind === 'endpoint'
    ? target.form === 'wildcard'
    : target.route.type === 'subdomain';
}

/**
 * The request's own origin is what the browser asked: the Host that it sent, under the scheme of ROUTER_URL. On the host
 * of an endpoint of its own, ROUTER_URL's origin is as foreign as any other: pages of path-form tasks live there.
 */
function isOwnOrigin(request: GateRequest, origin: string, own: OwnOrigin): boolean {
  if (origin.toLowerCase() === `${own.secure ? 'https' : 'http'}://${request.host.toLowerCase()}`) {
    return true;
  }
  return !ownsHost(request.target) && origin === own.origin;
}

/**
 * Whether a request that comes with the user's cookie was made by a page of somewhere else; asked of cookie holders only, for
 * a Bearer token is nothing that a browser adds by itself. Of such requests only a GET that opens a page at the top of a
 * tab passes: a link to an endpoint (A46). `same-site` counts as elsewhere: the hosts of two tasks are one site, and one
 * must not call the other (A47, CVE-2026-40864). Where there is no Sec-Fetch-Site, Origin decides. Upgrades are bound by Origin first
 * (A28, CVE-2023-26114); a client that sends none is no browser (RFC 6455, section 4.1).
 */
export function crossSite(
  request: GateRequest,
  credentials: Pick<Credentials, 'origin' | 'fetchSite' | 'fetchMode' | 'fetchDest'>,
  own: OwnOrigin,
): CrossSite {
  const { origin, fetchSite, fetchMode, fetchDest } = credentials;
  const opensPage =
    request.kind === 'request' &&
    request.method === 'GET' &&
    fetchMode === 'navigate' &&
    (fetchDest === undefined || fetchDest === 'document');
  if (origin !== undefined && !isOwnOrigin(request, origin, own) && !opensPage) {
    return 'foreign-origin';
  }
  const elsewhere = fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none';
  return elsewhere && !opensPage ? 'cross-site' : undefined;
}
