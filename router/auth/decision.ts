import type { Endpoint } from '../routes/endpoint.ts';
import type { StaticAccess, StaticRoute } from '../routes/table.ts';
import type { Target } from '../routes/target.ts';
import type { CredentialKind, Identity } from './identity.ts';

/** What the gate needs to know of a request, an upgrade or a tunnel; all of it read once by the proxy. */
export interface GateRequest {
  readonly target: Target & { readonly kind: 'endpoint' | 'static' };
  readonly kind: 'request' | 'upgrade';
  readonly method: string;
  /** Name, value, name, value …, as they came. */
  readonly rawHeaders: readonly string[];
  /** Raw request-target, for the way back after sign-in. */
  readonly rawUrl: string;
  /** The one Host header, as it came. */
  readonly host: string;
  /** The client's address: the peer's, or what a trusted proxy said. */
  readonly clientAddress: string;
}

/** Why a request did not get through; the words of metrics and audit lines. */
export type DenialReason =
  | 'no-token'
  | 'token-invalid'
  | 'token-expired'
  | 'token-revoked'
  | 'not-visible'
  | 'unknown-endpoint'
  | 'cross-site'
  | 'foreign-origin'
  | 'clearml-unavailable'
  | 'not-ready'
  | 'rate-limited'
  | 'too-many-cookies';

/** The gate let it through. */
export interface Admitted {
  readonly outcome: 'admitted';
  /**
   * Where it goes. For a static route: the first of `target.route.endpoints` that this user may use; the proxy hands the gate
   * a route whose endpoints stand in the order in which it wants them tried (the sticky one, or the next in turn, first).
   */
  readonly endpoint: Endpoint;
  /** The static route that led to the endpoint, if one did. */
  readonly route: StaticRoute | undefined;
  /** What the right rests on; `hold` asks the same again. */
  readonly access: StaticAccess;
  /** Undefined only for a public static route, or with AUTH_ENABLED=false. */
  readonly identity: Identity | undefined;
  readonly credential: CredentialKind;
  /** The Authorization header holds a token of the user's, whichever credential let it in: it stays here. */
  readonly stripAuthorization: boolean;
}

/** The gate did not. The proxy renders it by Accept; it adds nothing of its own to the decision. */
export interface Denied {
  readonly outcome: 'denied';
  readonly status: 302 | 401 | 403 | 404 | 429 | 431 | 503;
  readonly reason: DenialReason;
  /** With 302: where to go. */
  readonly location?: string;
  /** Values of Set-Cookie, for the answer that ends the exchange on a wildcard host or clears a cookie that no longer holds. */
  readonly setCookie?: readonly string[];
  /** With 429 and 503: seconds. */
  readonly retryAfter?: number;
  /** Known once a token was verified; for the audit line. */
  readonly identity?: Identity;
}

export type Decision = Admitted | Denied;

/** The one gate for requests, upgrades and connections. */
export interface Gate {
  /** Answers at once, without a promise, when everything that it needs is cached. */
  readonly admit: (request: GateRequest) => Decision | Promise<Decision>;
  /**
   * Watches over a long-lived session (WebSocket, tunnel, stream). `end` is called once, at most ACCESS_CACHE_SECONDS plus
   * 5 s after the right to it was withdrawn (user, token, task). Returns the function that ends the watch.
   */
  readonly hold: (admitted: Admitted, end: (reason: DenialReason) => void) => () => void;
}
