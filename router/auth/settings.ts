/** The settings that decide who gets in; names in the environment stand beside them. All times in seconds. */
export interface AuthSettings {
  /** AUTH_ENABLED; `false` was acknowledged where settings are read. */
  readonly authEnabled: boolean;
  /** ROUTER_URL without a slash at the end. */
  readonly routerUrl: string;
  /** ROUTER_WILDCARD_HOST, lower case; undefined when off. */
  readonly wildcardHost: string | undefined;
  /** CLEARML_WEB_URL without a slash at the end; undefined: the router's own sign-in page. */
  readonly clearmlWebUrl: string | undefined;
  /** AUTH_COOKIE_NAME; undefined: learned from the router's own login. */
  readonly authCookieName: string | undefined;
  /** AUTH_BASE64_JWKS_KEY, one or two values. */
  readonly signingKeys: WatchedSecret;
  /** ROUTER_SECRET, one or two values; undefined: derived from the signing key. */
  readonly routerSecret: WatchedSecret | undefined;
  /** AUTH_SECURE_ENABLED. */
  readonly secureCookies: boolean;
  /** ACCESS_CACHE_SECONDS */
  readonly accessCacheSeconds: number;
  /** ACCESS_STALE_SECONDS */
  readonly accessStaleSeconds: number;
  /** Whether TRUSTED_PROXIES names anybody, so that a client's address tells clients apart. */
  readonly clientAddressKnown: boolean;
  /** STATE_FILE; undefined where there is none. */
  readonly stateFile: string | undefined;
}

/** A secret of one or two values separated by white space. With `file` it is read again when the file changes. */
export interface WatchedSecret {
  readonly value: string;
  /** Path given as `<NAME>_FILE`, if it was. */
  readonly file: string | undefined;
}
