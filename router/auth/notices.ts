/**
 * What one of the processes that WORKERS makes tells the others, so that all of them decide as one would. Nothing in it opens
 * anything: `tokenKey` is the hash of a token.
 */
export type Notice =
  /** The user signed out here: the token opens nothing any more. */
  | { readonly kind: 'signed-out'; readonly tokenKey: string }
  /** ClearML refused the token: it was logged out there, or its user is gone. */
  | { readonly kind: 'refused'; readonly tokenKey: string }
  | { readonly kind: 'endpoint-token-revoked'; readonly id: string }
  /** A question by this user that was not answered with yes. */
  | { readonly kind: 'question-spent'; readonly userId: string }
  | { readonly kind: 'sign-in-failed'; readonly address: string; readonly accessKey: string }
  /** A code for an endpoint's own host was used. */
  | { readonly kind: 'code-redeemed'; readonly code: string };

/** Tells the other processes; does nothing where there are none. */
export type Tell = (notice: Notice) => void;
