import type { RouterUrl } from '../settings/values.ts';

/**
 * Whether a form of the router's own was sent from a page of the router's own. Browsers name the origin of every form that they
 * send, and cannot be talked out of it by the page; a client that names none is no browser, and carries nobody's cookie
 * against their will. A sign-in is bound by it too: otherwise another site could sign its visitors in as somebody else.
 */
export function isOwnForm(
  headers: { readonly origin?: string | undefined; readonly host?: string | undefined } & {
    readonly 'sec-fetch-site'?: string | string[] | undefined;
  },
  { origin, secure }: RouterUrl,
): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  if (headers.origin === undefined) return true;
  const asked = `${secure ? 'https' : 'http'}://${headers.host ?? ''}`;
  return headers.origin === origin || headers.origin === asked;
}
