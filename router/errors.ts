/** What can go wrong in the router, as one closed list: a caller may switch over it and the compiler checks the cases. */
export type RouterErrorCode =
  /** One or more settings are missing or wrong. */
  | 'SETTINGS_INVALID'
  /** ClearML did not answer: refused, reset, timed out, 5xx, or an answer that is not HTTP. */
  | 'CLEARML_UNAVAILABLE'
  /** ClearML answered, and refused the credentials or the token (its 401). */
  | 'CLEARML_UNAUTHORIZED'
  /** ClearML answered with an error of its own that is neither of the above. */
  | 'CLEARML_REFUSED'
  /** The server does not know the call (older or open-source server). */
  | 'CLEARML_CALL_UNKNOWN'
  /** ClearML answered in a form that the contract does not know. */
  | 'CLEARML_ANSWER_INVALID'
  /** Neither spelling of AUTH_BASE64_JWKS_KEY verifies the token of the router's own login. */
  | 'SIGNING_KEY_MISMATCH'
  /** A token failed verification; the message never contains the token. */
  | 'TOKEN_INVALID'
  /** The Kubernetes API refused or did not answer. */
  | 'KUBERNETES_UNAVAILABLE'
  /** The state that the replicas share could not be read or written. */
  | 'STATE_UNAVAILABLE'
  /** A section of it has no room for more. */
  | 'STATE_FULL'
  /** A socket could not be bound. */
  | 'LISTEN_FAILED';

/** The one error class of the router. The message says what is wrong, where, and what to do next; it carries no secret. */
export class RouterError extends Error {
  override readonly name = 'RouterError';
  readonly code: RouterErrorCode;

  constructor(code: RouterErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
