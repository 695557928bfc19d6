import type { Settings } from '../../settings/settings.ts';
import type { Log } from '../../telemetry/log.ts';
import type { ClearmlAuthority } from '../../clearml/clearml.ts';

const UNKNOWN =
  "the name of ClearML's sign-in cookie is not known: AUTH_COOKIE_NAME is not set, and the answer to the router's own login set no cookie " +
  '(a gateway in front of the API may drop it); set AUTH_COOKIE_NAME, or people who are signed in to ClearML are asked to sign in again ' +
  'and a cookie of another name reaches the tasks';

/**
 * Watches whether the name of ClearML's cookie is known: by AUTH_COOKIE_NAME, or by the cookie of the router's own login. Answers
 * with what is wrong, undefined while nothing is. The warning is logged once for each time that it begins.
 */
export function checkCookieName(
  { AUTH_ENABLED, AUTH_COOKIE_NAME }: Pick<Settings, 'AUTH_ENABLED' | 'AUTH_COOKIE_NAME'>,
  clearml: Pick<ClearmlAuthority, 'onLogin'>,
  log: Log,
): () => string | undefined {
  let problem: string | undefined;
  if (!AUTH_ENABLED || AUTH_COOKIE_NAME !== undefined) return () => undefined;
  clearml.onLogin(({ cookieName }) => {
    const next = cookieName === undefined ? UNKNOWN : undefined;
    if (next !== undefined && problem === undefined) {
      log.warn({ event: 'cookie_name_unknown' }, next);
    }
    problem = next;
  });
  return () => problem;
}
