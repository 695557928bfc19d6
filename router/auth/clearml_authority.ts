/** The router's own login: what the server answered to CLEARML_API_ACCESS_KEY and CLEARML_API_SECRET_KEY. */
export interface OwnLogin {
  readonly token: string;
  /** Name of the auth cookie that the answer set; undefined where it set none. */
  readonly cookieName: string | undefined;
}

/**
 * What sign-in and access decisions ask of ClearML; router/clearml answers it. Every method throws `RouterError`:
 * `CLEARML_UNAUTHORIZED` when ClearML itself refuses the token or the credentials, `CLEARML_UNAVAILABLE` when it is away.
 */
export interface ClearmlAuthority {
  /** Which of these task ids may the holder of the token see. Asked with the user's own token. */
  readonly visibleTasks: (token: string, ids: readonly string[]) => Promise<ReadonlySet<string>>;
  /** Does the server still accept this token, and whose is it. */
  readonly currentUser: (token: string) => Promise<{ readonly id: string; readonly name: string }>;
  /** `auth.login` with somebody's access key and secret (or user name and password on servers with fixed users). */
  readonly loginWith: (accessKey: string, secretKey: string) => Promise<{ readonly token: string }>;
  /** `auth.logout`: the server refuses this token from now on. */
  readonly logout: (token: string) => Promise<void>;
  /** Calls the listener with the router's own login: at once if there was one already, and after each later one. */
  readonly onLogin: (listener: (login: OwnLogin) => void) => () => void;
}
