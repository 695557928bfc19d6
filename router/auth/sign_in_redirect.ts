import type { RouterUrl } from '../settings/values.ts';
import { eachCookie } from './cookies.ts';
import type { DenialReason, GateRequest } from './decision.ts';

/** Where people are sent who have no token that holds. */
export interface SignInPlaces {
  readonly routerUrl: RouterUrl;
  /** CLEARML_WEB_URL */
  readonly clearmlWebUrl: string | undefined;
  /** Name of the cookie that remembers a visit to ClearML's sign-in. */
  readonly attemptCookie: string;
  readonly secureCookies: boolean;
}

/** Path of the router's own sign-in page. */
export const SIGN_IN_PATH = '/auth/sign-in';

/** Seconds in which a second arrival without a token that holds means that ClearML's sign-in does not help. */
const ATTEMPT_SECONDS = 60;

function cameBackInVain(rawHeaders: readonly string[], attemptCookie: string): boolean {
  let found = false;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== 'cookie') continue;
    eachCookie(rawHeaders[i + 1] ?? '', [attemptCookie], () => {
      found = true;
    });
  }
  return found;
}

/**
 * Sends a person to sign-in and names the way back. ClearML's web app takes those who have a session there straight back;
 * when its cookie does not reach this host, is stale, or belongs to another server, that would go round for ever. Who
 * comes back without a token that holds therefore gets the router's own page, which waits for the person (A24).
 */
export function signInPlace(
  request: Pick<GateRequest, 'rawHeaders' | 'rawUrl' | 'host'> & { readonly ownsHost: boolean },
  reason: DenialReason,
  places: SignInPlaces,
): { readonly location: string; readonly setCookie?: readonly string[] } {
  const { routerUrl, clearmlWebUrl, attemptCookie, secureCookies } = places;
  const scheme = routerUrl.secure ? 'https://' : 'http://';
  const origin = request.ownsHost ? scheme + request.host : routerUrl.origin;
  const back = encodeURIComponent(origin + request.rawUrl);
  if (clearmlWebUrl === undefined || cameBackInVain(request.rawHeaders, attemptCookie)) {
    const next = request.ownsHost ? back : encodeURIComponent(request.rawUrl);
    const why = reason === 'no-token' ? '' : `&reason=${reason}`;
    return { location: `${routerUrl.origin}${SIGN_IN_PATH}?next=${next}${why}` };
  }
  const secure = secureCookies ? '; Secure' : '';
  const attempt = `${attemptCookie}=1; Path=/; Max-Age=${ATTEMPT_SECONDS}; HttpOnly; SameSite=Lax`;
  return { location: `${clearmlWebUrl}/login?redirect=${back}`, setCookie: [attempt + secure] };
}
