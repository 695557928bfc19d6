import type { CookieNames } from './credentials.ts';

/** The router's own cookies. `__Host-` binds them to this host, whole and over https alone, so that no task can set one (CVE-2024-28233). */
export interface OwnCookies {
  readonly session: string;
  /** Remembers a visit to ClearML's sign-in. */
  readonly attempt: string;
  /** Binds the way back to an endpoint's own host to the browser that set out. */
  readonly state: string;
}

export function ownCookies(secure: boolean): OwnCookies {
  const prefix = secure ? '__Host-' : '';
  return {
    session: `${prefix}router_session`,
    attempt: `${prefix}router_sign_in`,
    state: `${prefix}router_state`,
  };
}

/**
 * What open-source servers call their cookie, for when neither AUTH_COOKIE_NAME nor the login names it (a gateway in front of the
 * API may drop Set-Cookie): without a name the user's token would pass on to the tasks.
 */
const USUAL_CLEARML_COOKIE = 'clearml_token_basic';

/** Every cookie that the router reads: its own, and ClearML's. */
export class CookieNameBook {
  readonly own: OwnCookies;
  readonly #configured: string | undefined;
  #names: CookieNames;
  #all: readonly string[];

  constructor(own: OwnCookies, configured: string | undefined) {
    this.own = own;
    this.#configured = configured;
    this.#names = { session: own.session, clearml: configured ?? USUAL_CLEARML_COOKIE };
    this.#all = this.#list();
  }

  /** The name that the server's own login answer set; AUTH_COOKIE_NAME goes before it. */
  learn(name: string | undefined): void {
    if (name === undefined) return;
    this.#names = { session: this.own.session, clearml: this.#configured ?? name };
    this.#all = this.#list();
  }

  /** Cookies that let somebody in. */
  get names(): CookieNames {
    return this.#names;
  }

  /** All that no task may see or set. */
  get all(): readonly string[] {
    return this.#all;
  }

  #list(): readonly string[] {
    return [this.own.session, this.own.attempt, this.own.state, this.#names.clearml];
  }
}
