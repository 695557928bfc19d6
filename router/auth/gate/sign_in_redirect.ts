import type { RouterUrl } from '../../settings/values.ts';
import type { OwnCookies } from '../identity/cookie_names.ts';
import { findCookie } from '../identity/cookie_header.ts';
import type { DenialReason } from './decision.ts';
import type { GateRequest } from '../identity/request.ts';

/** Where people are sent who have no token that holds. */
export interface SignInPlaces {
  /** Where the router's own pages are. */
  readonly pagesUrl: RouterUrl;
  /** CLEARML_WEB_URL */
  readonly clearmlWebUrl: string | undefined;
  readonly cookies: OwnCookies;
}

/** Paths of the router's own pages for signing in and out. */
export const SIGN_IN_PATH = '/auth/sign-in';
export const SIGN_OUT_PATH = '/auth/sign-out';

/** Whoever comes back from ClearML's sign-in within this time without a token that holds is not helped by it. */
const ATTEMPT_LIFE_SECONDS = 60;

/**
 * ClearML's own sign-in, if there is one and it may help. Its web app takes those who have a session there straight back;
 * when its cookie does not reach this host, is stale, or belongs to another server, that would go round for ever. Who
 * comes back without a token that holds therefore gets the router's own page, which waits for the person (A24).
 */
export function clearmlSignIn(
  request: Pick<GateRequest, 'rawHeaders' | 'rawUrl'>,
  { pagesUrl, clearmlWebUrl, cookies }: SignInPlaces,
): { readonly location: string; readonly setCookie: readonly string[] } | undefined {
  if (clearmlWebUrl === undefined) return undefined;
  if (findCookie(request.rawHeaders, cookies.attempt) !== undefined) return undefined;
  const back = encodeURIComponent(pagesUrl.origin + request.rawUrl);
  return {
    location: `${clearmlWebUrl}/login?redirect=${back}`,
    setCookie: [cookies.set(cookies.attempt, '1', ATTEMPT_LIFE_SECONDS)],
  };
}

/** Where a person signs in who opened something on the host of the router's own pages; `rawUrl` is the way back. */
export function signInPlace(
  request: Pick<GateRequest, 'rawHeaders' | 'rawUrl'>,
  reason: DenialReason,
  places: SignInPlaces,
): { readonly location: string; readonly setCookie?: readonly string[] } {
  const clearml = clearmlSignIn(request, places);
  if (clearml !== undefined) return clearml;
  const why = reason === 'no-token' ? '' : `&reason=${reason}`;
  const next = encodeURIComponent(request.rawUrl);
  return { location: `${places.pagesUrl.origin}${SIGN_IN_PATH}?next=${next}${why}` };
}
