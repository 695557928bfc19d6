import type { RouterUrl } from '../settings/values.ts';
import { findCookie } from './cookies.ts';
import type { DenialReason, GateRequest } from './decision.ts';
import { setCookie } from './set_cookie.ts';

/** Where people are sent who have no token that holds. */
export interface SignInPlaces {
  readonly routerUrl: RouterUrl;
  /** CLEARML_WEB_URL */
  readonly clearmlWebUrl: string | undefined;
  /** Name of the cookie that remembers a visit to ClearML's sign-in. */
  readonly attemptCookie: string;
  readonly secureCookies: boolean;
}

/** Paths of the router's own pages for signing in and out. */
export const SIGN_IN_PATH = '/auth/sign-in';
export const SIGN_OUT_PATH = '/auth/sign-out';

/** Seconds in which a second arrival without a token that holds means that ClearML's sign-in does not help. */
const ATTEMPT_LASTS = 60;

/**
 * ClearML's own sign-in, if there is one and it may help. Its web app takes those who have a session there straight back;
 * when its cookie does not reach this host, is stale, or belongs to another server, that would go round for ever. Who
 * comes back without a token that holds therefore gets the router's own page, which waits for the person (A24).
 */
export function clearmlSignIn(
  request: Pick<GateRequest, 'rawHeaders' | 'rawUrl'>,
  { routerUrl, clearmlWebUrl, attemptCookie, secureCookies }: SignInPlaces,
): { readonly location: string; readonly setCookie: readonly string[] } | undefined {
  if (clearmlWebUrl === undefined) return undefined;
  if (findCookie(request.rawHeaders, attemptCookie) !== undefined) return undefined;
  const back = encodeURIComponent(routerUrl.origin + request.rawUrl);
  const frame = { name: attemptCookie, secure: secureCookies };
  return {
    location: `${clearmlWebUrl}/login?redirect=${back}`,
    setCookie: [setCookie(frame, '1', ATTEMPT_LASTS)],
  };
}

/** Where a person signs in who opened something on the host of ROUTER_URL; `rawUrl` is the way back. */
export function signInPlace(
  request: Pick<GateRequest, 'rawHeaders' | 'rawUrl'>,
  reason: DenialReason,
  places: SignInPlaces,
): { readonly location: string; readonly setCookie?: readonly string[] } {
  const clearml = clearmlSignIn(request, places);
  if (clearml !== undefined) return clearml;
  const why = reason === 'no-token' ? '' : `&reason=${reason}`;
  const next = encodeURIComponent(request.rawUrl);
  return { location: `${places.routerUrl.origin}${SIGN_IN_PATH}?next=${next}${why}` };
}
