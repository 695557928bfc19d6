import { hash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { RouterUrl } from '../../settings/values.ts';
import { originOf } from '../../settings/urls.ts';
import { hostnameOf } from '../../grammar/authority.ts';
import type { Audience } from '../sealed/audience.ts';
import type { OwnCookies } from '../identity/cookie_names.ts';
import { findCookie } from '../identity/cookie_header.ts';
import { ownsHost, type GateRequest } from '../identity/request.ts';
import type { Guests } from '../guests/guests.ts';
import type { Denied, HandedOver } from './decision.ts';
import type { Identity } from '../identity/identity.ts';
import type { Sealer } from '../sealed/seal.ts';
import { isPlain, type WayBack } from '../sessions/return_path.ts';
import type { Sessions } from '../sessions/sessions.ts';
import { SIGN_IN_PATH } from './sign_in_redirect.ts';

/** What a handover is made of. */
export interface HandoverParts {
  readonly sealer: Sealer;
  readonly sessions: Pick<Sessions, 'cookiesFor'>;
  /** Undefined where no guests are let in. */
  readonly guests: Guests | undefined;
  readonly routerUrl: RouterUrl;
  /** Where people sign in: ROUTER_URL, or a host of the router's own pages. */
  readonly pagesUrl: RouterUrl;
  readonly cookies: OwnCookies;
  readonly now: () => number;
}

/** Where a browser comes back to on the host that it began at (RFC 8615); on an endpoint's own host the only path that is not the task's. */
const ENTRY_PATH = '/.well-known/task-traffic-router';

/** Whether a raw request-target is the place where browsers come back to. */
export function isEntryPath(rawUrl: string): boolean {
  return (
    rawUrl.startsWith(ENTRY_PATH) &&
    (rawUrl.length === ENTRY_PATH.length || rawUrl.charCodeAt(ENTRY_PATH.length) === 0x3f)
  );
}

/** How long the redirect to an endpoint's own host may take. */
const CODE_LIFE_MS = 60_000;
/** How long a person may take to sign in. */
const STATE_LIFE_SECONDS = 1800;
const NONCE = /^[A-Za-z0-9_-]{43}$/;

/** What of the nonce may stand in a URL: the nonce itself stays in the browser's cookie. */
function stateOf(nonce: string): string {
  return hash('sha256', nonce, 'base64url');
}

/**
 * The authentication tag of a sealed code, in its one canonical spelling: the last character of a base64url segment has bits that
 * mean nothing, so that a spent code could come back under another text.
 */
function tagOf(code: string): string {
  return Buffer.from(code.slice(code.lastIndexOf('.') + 1), 'base64url').toString('base64url');
}

/**
 * Gives a signed-in user a session on a host that belongs to one endpoint, without that host ever seeing a token of the user; and
 * on that of ROUTER_URL, where the router's own pages are on another:
 *
 * 1. the host without a session sets a nonce and sends the browser to sign-in with the nonce's hash as `state`;
 * 2. the router's own page, where the user is known, seals a code for this endpoint and this state, good for a minute;
 * 3. the host opens the code, if the nonce is there, and sets a session that counts on this host alone.
 *
 * The nonce makes the code useless to any other browser. A code is spent by its first arrival, right or wrong, and leaves the URL
 * by a redirect at once: a page of the task could read it off the address of an error page, and pass it on to a browser
 * that has the nonce. All of the entry's path is the router's own, whatever the method, so that no code ever reaches a task.
 */
export class Handover {
  readonly #parts: HandoverParts;
  readonly #redeemed = new LRUCache<string, true>({ max: 10_000, ttl: CODE_LIFE_MS });

  constructor(parts: HandoverParts) {
    this.#parts = parts;
  }

  /** Step 1, at the gate. */
  begin(request: Pick<GateRequest, 'rawHeaders' | 'rawUrl' | 'host' | 'target'>): {
    readonly location: string;
    readonly setCookie: readonly string[];
  } {
    const { routerUrl, pagesUrl, cookies } = this.#parts;
    const owned = ownsHost(request.target);
    const here = owned ? originOf(routerUrl, request.host) : routerUrl.origin;
    // The nonce has to be on the host that the code will come to.
    if (!owned && hostnameOf(request.host) !== hostnameOf(routerUrl.host)) {
      return { location: here + request.rawUrl, setCookie: [] };
    }
    const kept = findCookie(request.rawHeaders, cookies.state);
    const nonce =
      kept !== undefined && NONCE.test(kept) ? kept : randomBytes(32).toString('base64url');
    const next = encodeURIComponent(here + request.rawUrl);
    return {
      location: `${pagesUrl.origin}${SIGN_IN_PATH}?next=${next}&state=${stateOf(nonce)}`,
      setCookie: [cookies.set(cookies.state, nonce, STATE_LIFE_SECONDS)],
    };
  }

  /**
   * Step 2, at sign-in: the URL to go to. Undefined while nothing can be sealed, and for a device token: a session that it got here
   * would stand in no list and outlive its revocation.
   */
  async leave(
    { token, recordId }: Identity,
    back: WayBack,
    state: string,
  ): Promise<string | undefined> {
    return recordId === undefined ? this.#leave('handover', token, back, state) : undefined;
  }

  /** The same for a guest who comes from the page of a link: see guests.ts. */
  async leaveAsGuest(
    rawHeaders: readonly string[],
    back: WayBack,
    state: string,
  ): Promise<{ readonly location: string; readonly setCookie: readonly string[] } | undefined> {
    const { guests, cookies } = this.#parts;
    const session = await guests?.visiting(rawHeaders, back);
    if (session === undefined) return undefined;
    const location = await this.#leave('guest-handover', session, back, state);
    return location === undefined
      ? undefined
      : { location, setCookie: [cookies.set(cookies.guestVisit, '', 0)] };
  }

  async #leave(
    purpose: 'handover' | 'guest-handover',
    token: string,
    { location, audience }: WayBack,
    state: string,
  ): Promise<string | undefined> {
    const { sealer, now } = this.#parts;
    const expiresAt = now() + CODE_LIFE_MS;
    const code = await sealer.seal(purpose, { id: state, token, audience, expiresAt });
    if (code === undefined) return undefined;
    const pathStart = location.indexOf('/', location.indexOf('//') + 2);
    const to = encodeURIComponent(location.slice(pathStart));
    return `${location.slice(0, pathStart)}${ENTRY_PATH}?code=${code}&to=${to}`;
  }

  /** Whether people sign in for a target on another host than its own. */
  leadsAway(target: GateRequest['target']): boolean {
    const { routerUrl, pagesUrl } = this.#parts;
    return ownsHost(target) || routerUrl.hostname !== pagesUrl.hostname;
  }

  /** Whether a request at an endpoint's own host is step 3, or comes by its path. */
  isEntry({ rawUrl, target }: GateRequest): boolean {
    return ownsHost(target) && isEntryPath(rawUrl);
  }

  /**
   * Step 3: a redirect to where the browser began, with a session that counts for `audience`. A code that does not hold is denied by a
   * redirect to the entry without it, and that by an answer that leads nowhere, so that nobody goes round in a loop.
   */
  async enter(
    request: Pick<GateRequest, 'kind' | 'method' | 'rawHeaders' | 'rawUrl' | 'host'>,
    audience: Audience,
  ): Promise<HandedOver | Denied> {
    const { sealer, sessions, guests, cookies, routerUrl } = this.#parts;
    const refused = { outcome: 'denied', status: 403, reason: 'sign-in-spent' } as const;
    const query = new URLSearchParams(request.rawUrl.slice(ENTRY_PATH.length + 1));
    const code = query.get('code');
    if (code === null) return refused;
    const here = originOf(routerUrl, request.host);
    const wrong: Denied = { ...refused, status: 302, location: here + ENTRY_PATH };
    const user = await sealer.open('handover', code);
    const sealed = user ?? (await sealer.open('guest-handover', code));
    const tag = tagOf(code);
    if (sealed === undefined || this.#redeemed.has(tag)) return wrong;
    this.#redeemed.set(tag, true);
    const nonce = findCookie(request.rawHeaders, cookies.state);
    const asked = request.kind === 'request' && request.method === 'GET';
    const bound = nonce !== undefined && sealed.id === stateOf(nonce);
    if (!asked || !bound || sealed.audience !== audience) return wrong;
    const session =
      user === undefined
        ? await guests?.cookiesFor(sealed.token, audience)
        : await sessions.cookiesFor(user.token, audience, request.rawHeaders);
    if (session === undefined) return wrong;
    const to = query.get('to') ?? '';
    return {
      outcome: 'handed-over',
      location: here + (to.startsWith('/') && isPlain(to) ? to : '/'),
      setCookie: [...session, cookies.set(cookies.state, '', 0)],
    };
  }
}
