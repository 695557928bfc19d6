/** A user whose ClearML token was verified. */
export interface Identity {
  readonly userId: string;
  readonly userName: string;
  readonly companyId: string;
  readonly role: string;
  /** Key for caches: a hash of the token's verified parts, the same for each spelling of one token. */
  readonly tokenKey: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** When the server issued the token. Milliseconds since the epoch; undefined where it does not say. */
  readonly issuedAt?: number | undefined;
  /** Set when an endpoint token or a device token let the user in: the session lasts only as long as its record. */
  readonly recordId?: string;
  /** The token itself, for asking ClearML in the user's name. Never logged, never sent to a task. */
  readonly token: string;
}

/** How somebody came in. `session` is the router's own cookie, `cookie` is ClearML's, and `guest` is that of somebody without an account. */
export type CredentialKind =
  'cookie' | 'session' | 'bearer' | 'endpoint-token' | 'device-token' | 'guest' | 'none';

/** Whether a browser may have added the credential by itself, for whichever page made it ask. */
export function isCookie(kind: CredentialKind): boolean {
  return kind === 'cookie' || kind === 'session' || kind === 'guest';
}
