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
  readonly #secure: boolean;

  constructor(secure: boolean) {
    const prefix = secure ? '__Host-' : '';
    this.session = `${prefix}router_session`;
    this.pieces = pieceNames(this.session);
    this.attempt = `${prefix}router_sign_in`;
    this.state = `${prefix}router_state`;
    this.#secure = secure;
  }

  /**
   * A Set-Cookie value: for this host alone, out of the reach of scripts, along with links from elsewhere. `seconds` of 0 removes
   * the cookie.
   */
  set(name: string, value: string, seconds: number): string {
    const age = Math.max(0, Math.floor(seconds));
    const secure = this.#secure ? '; Secure' : '';
    return `${name}=${value}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Lax${secure}`;
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
    const { session, pieces, attempt, state } = this.#own;
    const clearml = this.#configured ?? name;
    this.#names = { session, pieces, clearml };
    this.#all = [session, ...pieces, attempt, state, clearml];
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
