import type { ResolvedOptions } from '../options.ts';

/** The server writes the moment that lies this many seconds ahead. */
const FAR_AWAY = new Date(Date.now() + 99_999_999_999_000).toUTCString();

/** The `Set-Cookie` of a login; null takes the cookie back. */
export function authCookie(
  value: string | null,
  options: Pick<ResolvedOptions, 'cookieName' | 'cookieDomain' | 'cookieSecure'>,
): string {
  return [
    `${options.cookieName}=${value ?? ''}`,
    ...(options.cookieDomain === undefined ? [] : [`Domain=${options.cookieDomain}`]),
    ...(value === null
      ? ['Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'Max-Age=0']
      : [`Expires=${FAR_AWAY}`, 'Max-Age=99999999999']),
    ...(options.cookieSecure ? ['Secure'] : []),
    'HttpOnly',
    'Path=/',
    'SameSite=Lax',
  ].join('; ');
}
