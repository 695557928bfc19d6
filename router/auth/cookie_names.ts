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

/** Every cookie that the router reads: its own, and ClearML's as soon as its name is known. */
export class CookieNameBook {
  readonly own: OwnCookies;
  readonly #configured: string | undefined;
  #names: CookieNames;
  #all: readonly string[];

  constructor(own: OwnCookies, configured: string | undefined) {
    this.own = own;
    this.#configured = configured;
    this.#names = { session: own.session, clearml: configured };
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
    const own = [this.own.session, this.own.attempt, this.own.state];
    return this.#names.clearml === undefined ? own : [...own, this.#names.clearml];
  }
}
