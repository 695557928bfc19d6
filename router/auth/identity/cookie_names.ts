import type { CookieNames } from './credentials.ts';
import { pieceNames } from './session_pieces.ts';

/**
 * The router's own cookies. `__Host-` binds them to this host, whole and over https alone, so that no task can set one
 * (CVE-2024-28233).
 */
export class OwnCookies {
  readonly session: string;
  /** What a session is split over that is too long for one cookie. */
  readonly pieces: readonly string[];
  /** Remembers a visit to ClearML's sign-in. */
  readonly attempt: string;
  /** Binds the way back to an endpoint's own host to the browser that set out. */
  readonly state: string;
  /** Keeps a link that somebody opened while they sign in, so that it stands in no URL meanwhile. */
  readonly share: string;
  /** A guest's session on a host of the endpoint's own. */
  readonly guest: string;
  /**
   * The same below the path of an endpoint, for that path alone, which `__Host-` does not allow. `__Secure-` keeps it to https, but
   * not to this host.
   */
  readonly guestByPath: string;
  /** Remembers, on the host of the router's own pages, which guest is on the way to another host. */
  readonly guestVisit: string;
  readonly #secure: boolean;

  constructor(secure: boolean) {
    const prefix = secure ? '__Host-' : '';
    this.session = `${prefix}router_session`;
    this.pieces = pieceNames(this.session);
    this.attempt = `${prefix}router_sign_in`;
    this.state = `${prefix}router_state`;
    this.share = `${prefix}router_share`;
    this.guest = `${prefix}router_guest`;
    this.guestByPath = `${secure ? '__Secure-' : ''}router_guest`;
    this.guestVisit = `${prefix}router_guest_visit`;
    this.#secure = secure;
  }

  /**
   * A Set-Cookie value: for this host alone, out of the reach of scripts, along with links from elsewhere. `seconds` of 0 removes
   * the cookie. `path` is `/` but for a guest's session below the path of an endpoint.
   */
  set(name: string, value: string, seconds: number, path = '/'): string {
    const age = Math.max(0, Math.floor(seconds));
    const secure = this.#secure ? '; Secure' : '';
    return `${name}=${value}; Path=${path}; Max-Age=${age}; HttpOnly; SameSite=Lax${secure}`;
  }
}

/**
 * What open-source servers call their cookie, for when neither AUTH_COOKIE_NAME nor the login names it (a gateway in front of the
 * API may drop Set-Cookie): without a name the user's token would pass on to the tasks.
 */
const USUAL_CLEARML_COOKIE = 'clearml_token_basic';

/** The names of all cookies that the router reads: its own, and ClearML's as soon as that is learned. */
export class KnownCookies {
  readonly #own: OwnCookies;
  readonly #configured: string | undefined;
  #names!: CookieNames;
  #all: readonly string[] = [];

  /** @param configured AUTH_COOKIE_NAME, which goes before any name that the server's login sets. */
  constructor(own: OwnCookies, configured: string | undefined) {
    this.#own = own;
    this.#configured = configured;
    this.learn(USUAL_CLEARML_COOKIE);
  }

  /** The name of the cookie that the answer to the router's own login set; undefined where it set none. */
  learn(name: string | undefined): void {
    if (name === undefined) return;
    const { session, pieces, attempt, state, share, guest, guestByPath, guestVisit } = this.#own;
    const clearml = this.#configured ?? name;
    this.#names = { session, pieces, clearml };
    const guests = [guest, guestByPath, guestVisit];
    this.#all = [session, ...pieces, attempt, state, share, ...guests, clearml];
  }

  /** Cookies that let somebody in. */
  get names(): CookieNames {
    return this.#names;
  }

  /** All that no task may see or set. */
  get all(): readonly string[] {
    return this.#all;
  }
}
