import { eachCookie } from './cookie_header.ts';
import { DEVICE_TOKEN_PREFIX, ENDPOINT_TOKEN_PREFIX } from './token_grammar.ts';
import type { CredentialKind } from './identity.ts';
import { joinSessions, type Piece } from './session_pieces.ts';

/** Something that may let its bearer in: not verified, and of any spelling. */
export interface Credential {
  readonly kind: Exclude<CredentialKind, 'guest' | 'none'>;
  readonly text: string;
}

/** What the gate reads of a request's headers, in one pass. */
export interface Credentials {
  /**
   * What a program signs in with: X-ClearML-Token, else the token of `Authorization: Bearer`. An endpoint or device token is without
   * its prefix; undefined where there is none, or another scheme.
   */
  readonly bearer: Credential | undefined;
  /**
   * The token of `Authorization: Bearer`. Beside an X-ClearML-Token it lets nobody in: an app with an API key of its own
   * gets it, unless it is a token of ours.
   */
  readonly inAuthorization: Credential | undefined;
  /** Cookies that may carry a token: the router's own before ClearML's, each in the order of the header. */
  readonly cookies: readonly Credential[];
  /** More cookies of our names than are tried. */
  readonly tooManyCookies: boolean;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
  readonly fetchMode: string | undefined;
  readonly fetchDest: string | undefined;
  readonly accept: string | undefined;
}

/** Names of the cookies that let somebody in. */
export interface CookieNames {
  readonly session: string;
  /** What a session is split over that is too long for one cookie. */
  readonly pieces: readonly string[];
  /** AUTH_COOKIE_NAME, else the name that the server's login set, else the usual one. */
  readonly clearml: string;
}

/**
 * Duplicates of one name are normal: a stale cookie of a parent domain or of a longer path stands beside the good one
 * (A24). More than this many is not a browser's doing, and each costs a verification (A26).
 */
export const COOKIES_TRIED = 8;

/** Header names that are read, by their length: most headers of a request are told apart without being lower-cased. */
const READ = new Set([
  'accept',
  'authorization',
  'cookie',
  'origin',
  'sec-fetch-dest',
  'sec-fetch-mode',
  'sec-fetch-site',
  'x-clearml-token',
]);
const READ_LENGTHS = new Set(Array.from(READ, (name) => name.length));

const BEARER = /^bearer /i;

export function readCredentials(
  rawHeaders: readonly string[],
  { session, pieces, clearml }: CookieNames,
): Credentials {
  const found: Record<string, string | undefined> = {};
  const sessions: Credential[] = [];
  const others: Credential[] = [];
  const split: Piece[] = [];
  const names = [session, clearml];
  const [first] = pieces;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const raw = rawHeaders[i] ?? '';
    if (!READ_LENGTHS.has(raw.length)) continue;
    const name = raw.toLowerCase();
    if (!READ.has(name)) continue;
    const value = rawHeaders[i + 1] ?? '';
    if (name === 'cookie') {
      // Sessions are hardly ever split: the names of pieces are looked for only where the first of them is.
      const isSplit = first !== undefined && value.includes(first);
      eachCookie(value, isSplit ? [...names, ...pieces] : names, (cookie, text) => {
        if (cookie === session) sessions.push({ kind: 'session', text });
        else if (cookie === clearml) others.push({ kind: 'cookie', text });
        else split.push([pieces.indexOf(cookie), text]);
      });
    } else {
      const before = found[name];
      found[name] = before === undefined ? value : `${before}, ${value}`;
    }
  }
  const tooManyPieces = split.length > COOKIES_TRIED;
  if (split.length > 0 && !tooManyPieces) {
    for (const text of joinSessions(split)) sessions.push({ kind: 'session', text });
  }
  const authorization = found['authorization'];
  const inAuthorization = authorization === undefined ? undefined : readBearer(authorization);
  const token = found['x-clearml-token'];
  const cookies = others.length === 0 ? sessions : sessions.concat(others);
  return {
    bearer: token === undefined ? inAuthorization : tokenOf(token),
    inAuthorization,
    cookies,
    tooManyCookies: tooManyPieces || cookies.length > COOKIES_TRIED,
    origin: found['origin'],
    fetchSite: found['sec-fetch-site'],
    fetchMode: found['sec-fetch-mode'],
    fetchDest: found['sec-fetch-dest'],
    accept: found['accept'],
  };
}

/** RFC 6750, section 2.1: one space, and nothing around the token. */
function readBearer(authorization: string): Credential | undefined {
  return BEARER.test(authorization) ? tokenOf(authorization.slice('Bearer '.length)) : undefined;
}

function tokenOf(token: string): Credential {
  if (token.startsWith(ENDPOINT_TOKEN_PREFIX)) {
    return { kind: 'endpoint-token', text: token.slice(ENDPOINT_TOKEN_PREFIX.length) };
  }
  return token.startsWith(DEVICE_TOKEN_PREFIX)
    ? { kind: 'device-token', text: token.slice(DEVICE_TOKEN_PREFIX.length) }
    : { kind: 'bearer', text: token };
}
