import type { CookieNames } from './credentials.ts';

/** The router's own cookies. `__Host-` binds them to this host, whole and over https alone, so that no task can set one (CVE-2024-28233). */
export interface OwnCookies {
  readonly session: string;
  /** Remembers a visit to ClearML's sign-in. */
  readonly attempt: string;
}

export function ownCookies(secure: boolean): OwnCookies {
  const prefix = secure ? '__Host-' : '';
  return { session: `${prefix}router_session`, attempt: `${prefix}router_sign_in` };
}

/** Cookies that let somebody in: the router's own, and ClearML's as soon as its name is known. */
export class CookieNameBook {
  readonly own: OwnCookies;
  readonly #configured: string | undefined;
  #names: CookieNames;

  constructor(own: OwnCookies, configured: string | undefined) {
    this.own = own;
    this.#configured = configured;
    this.#names = { session: own.session, clearml: configured };
  }

  /** The name that the server's own login answer set; AUTH_COOKIE_NAME goes before it. */
  learn(name: string | undefined): void {
    if (name === undefined) return;
    this.#names = { session: this.own.session, clearml: this.#configured ?? name };
  }

  get names(): CookieNames {
    return this.#names;
  }
}
