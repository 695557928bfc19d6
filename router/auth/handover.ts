import { hash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { RouterUrl } from '../settings/values.ts';
import { targetAudience } from './audience.ts';
import type { Tell } from './notices.ts';
import type { OwnCookies } from './cookie_names.ts';
import { findCookie } from './cookies.ts';
import { ownsHost } from './cross_site.ts';
import type { Denied, GateRequest } from './decision.ts';
import type { Identity } from './identity.ts';
import type { Sealer } from './seal.ts';
import type { WayBack } from './return_path.ts';
import { isPlain } from './return_path.ts';
import type { Sessions } from './sessions.ts';
import type { CookieFrame } from './set_cookie.ts';
import { setCookie } from './set_cookie.ts';
import { SIGN_IN_PATH } from './sign_in_redirect.ts';

/** What a handover is made with. */
export interface HandoverParts {
  readonly sealer: Sealer;
  readonly sessions: Pick<Sessions, 'cookieFor'>;
  readonly routerUrl: RouterUrl;
  readonly cookies: OwnCookies;
  readonly secureCookies: boolean;
  readonly now: () => number;
  readonly tell: Tell;
}

/** Where a browser comes back to on an endpoint's own host (RFC 8615); the only path there that is not the task's. */
export const ENTRY_PATH = '/.well-known/task-traffic-router';

/** Milliseconds between the redirect to an endpoint's own host and the arrival there. */
const CODE_LASTS = 60_000;
/** Seconds that a person may take to sign in. */
const STATE_LASTS = 1800;
const NONCE = /^[A-Za-z0-9_-]{43}$/;

/** Part of a code's name that everybody may see: the nonce itself stays in the browser's cookie. */
function stateOf(nonce: string): string {
  return hash('sha256', nonce, 'base64url');
}

/**
 * Gives a signed-in user a session on a host that belongs to one endpoint, without that host ever seeing a token of the user:
 *
 * 1. the host without a session sets a nonce and sends the browser to sign-in with the nonce's hash as `state`;
 * 2. ROUTER_URL, where the user is known, seals a code for this endpoint and this state, good for a minute;
 * 3. the host opens the code, if the nonce is there, and sets a session that counts on this host alone.
 *
 * The nonce makes the code useless to any other browser, and goes with its use; a code in somebody's log opens nothing.
 */
export class Handover {
  readonly #parts: HandoverParts;
  readonly #redeemed = new LRUCache<string, true>({ max: 10_000, ttl: CODE_LASTS });

  constructor(parts: HandoverParts) {
    this.#parts = parts;
  }

  /** Step 1, at the gate. */
  begin(request: Pick<GateRequest, 'rawHeaders' | 'rawUrl' | 'host'>): {
    readonly location: string;
    readonly setCookie: readonly string[];
  } {
    const { routerUrl, cookies } = this.#parts;
    const kept = findCookie(request.rawHeaders, cookies.state);
    const nonce =
      kept !== undefined && NONCE.test(kept) ? kept : randomBytes(32).toString('base64url');
    const next = encodeURIComponent(this.#origin(request.host) + request.rawUrl);
    return {
      location: `${routerUrl.origin}${SIGN_IN_PATH}?next=${next}&state=${stateOf(nonce)}`,
      setCookie: [setCookie(this.#frame(cookies.state), nonce, STATE_LASTS)],
    };
  }

  /** Step 2, at sign-in: the URL to go to. Undefined while nothing can be sealed. */
  async leave(
    { token }: Identity,
    { location, audience }: WayBack,
    state: string,
  ): Promise<string | undefined> {
    const { sealer, now } = this.#parts;
    const expiresAt = now() + CODE_LASTS;
    const code = await sealer.seal('handover', { id: state, token, audience, expiresAt });
    if (code === undefined) return undefined;
    const pathStart = location.indexOf('/', location.indexOf('//') + 2);
    const to = encodeURIComponent(location.slice(pathStart));
    return `${location.slice(0, pathStart)}${ENTRY_PATH}?code=${code}&to=${to}`;
  }

  /** Whether a request is step 3. */
  isEntry({ kind, method, rawUrl, target }: GateRequest): boolean {
    return (
      ownsHost(target) &&
      kind === 'request' &&
      method === 'GET' &&
      rawUrl.startsWith(`${ENTRY_PATH}?`)
    );
  }

  /** Step 3, at the gate: a redirect into the endpoint with a session, or a refusal that leads nowhere (no loop). */
  async enter(request: GateRequest): Promise<Denied> {
    const { sealer, sessions, cookies } = this.#parts;
    const refused = { outcome: 'denied', status: 401, reason: 'token-invalid' } as const;
    const query = new URLSearchParams(request.rawUrl.slice(ENTRY_PATH.length + 1));
    const code = query.get('code') ?? '';
    const nonce = findCookie(request.rawHeaders, cookies.state);
    if (nonce === undefined || this.#redeemed.has(code)) return refused;
    const sealed = await sealer.open('handover', code);
    const audience = targetAudience(request.target);
    if (sealed?.audience !== audience || sealed.id !== stateOf(nonce)) return refused;
    this.redeemed(code);
    this.#parts.tell({ kind: 'code-redeemed', code });
    const session = await sessions.cookieFor(sealed.token, audience);
    if (session === undefined) return refused;
    const to = query.get('to') ?? '';
    return {
      outcome: 'denied',
      status: 302,
      reason: 'no-token',
      location: this.#origin(request.host) + (to.startsWith('/') && isPlain(to) ? to : '/'),
      setCookie: [session, setCookie(this.#frame(cookies.state), '', 0)],
    };
  }

  /** The code is good no more. */
  redeemed(code: string): void {
    this.#redeemed.set(code, true);
  }

  #origin(host: string): string {
    return `${this.#parts.routerUrl.secure ? 'https' : 'http'}://${host}`;
  }

  #frame(name: string): CookieFrame {
    return { name, secure: this.#parts.secureCookies };
  }
}
