import type { Endpoint } from '../../routes/model/endpoint.ts';
import type { EndpointId } from '../../grammar/endpoint_id.ts';
import type { AccessLevel } from '../../grammar/access_level.ts';
import type { StaticRoute } from '../../routes/model/table.ts';
import type { GateRequest } from '../identity/request.ts';
import type { Guest } from '../guests/guest.ts';
import type { CredentialKind, Identity } from '../identity/identity.ts';

/** What became of a task, for those alone who had the right to its endpoint: it is not routed any more. */
export type GoneReason = 'task-ended' | 'task-queued' | 'task-starting' | 'not-asked';

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
  | 'too-many-cookies'
  | GoneReason
  /** The code of a sign-in came twice, too late, at another host or from another browser. */
  | 'sign-in-spent';

/** The request may go on to its task. */
export interface Admitted {
  readonly outcome: 'admitted';
  /**
   * Where it goes. For a static route: the first of `target.route.endpoints` that this user may use; the proxy hands the gate
   * a route whose endpoints stand in the order in which it wants them tried (the sticky one, or the next in turn, first).
   */
  readonly endpoint: Endpoint;
  /** The static route that led to the endpoint, if one did. */
  readonly route: StaticRoute | undefined;
  /** Set where it leads to a port that no task asked for: `endpoint` is in no table, and counts as a use of this one. */
  readonly ownPort?: { readonly port: number; readonly usedAs: EndpointId } | undefined;
  /** Whom the way in is open to; `hold` asks for the same right again. */
  readonly access: AccessLevel;
  /** Undefined for a guest; else only for a public static route, or with AUTH_ENABLED=false. */
  readonly identity: Identity | undefined;
  /** Somebody without an account whom a link lets in. */
  readonly guest?: Guest | undefined;
  readonly credential: CredentialKind;
  /** The Authorization header holds a token of the user's, whichever credential counted: it must not go on to the task. */
  readonly stripAuthorization: boolean;
}

/** A sign-in at another host has become a session on this one: the browser goes back to where it began. */
export interface HandedOver {
  readonly outcome: 'handed-over';
  readonly location: string;
  readonly setCookie: readonly string[];
}

/** The task of an endpoint that is not routed any more. */
export interface GoneTask {
  readonly became: GoneReason;
  readonly id: string;
  /** An excerpt. */
  readonly name: string;
  /** When the router saw that; milliseconds since the epoch. */
  readonly endedAt: number;
  /** ClearML's word for how it is now; undefined where ClearML does not say. */
  readonly status: string | undefined;
  /** Milliseconds since the epoch; 0 where ClearML does not say. */
  readonly startedAt: number;
  /** ClearML's page of it; undefined where CLEARML_WEB_URL is not set. */
  readonly url: string | undefined;
}

/** The gate did not let it through. The proxy renders it by Accept; it adds nothing of its own to the decision. */
export interface Denied {
  readonly outcome: 'denied';
  readonly status: 302 | 401 | 403 | 404 | 429 | 431 | 503;
  readonly reason: DenialReason;
  /** With 302: where to go. */
  readonly location?: string;
  /** Values of Set-Cookie: what the way to sign-in and back is remembered by, or what removes cookies that do not hold. */
  readonly setCookie?: readonly string[];
  /** With 429 and 503: seconds. */
  readonly retryAfter?: number;
  /** Only for those who had the right to its endpoint. */
  readonly gone?: GoneTask;
  /** Known once a token was verified; for the audit line. */
  readonly identity?: Identity;
  /** The same of a guest whose session holds. */
  readonly guest?: Guest;
}

/** What logs and limits know somebody by; undefined where nobody knows who it is. */
export function actorOf({
  identity,
  guest,
}: {
  readonly identity?: Identity | undefined;
  readonly guest?: Guest | undefined;
}): string | undefined {
  return identity?.userId ?? guest?.actor;
}

export type Decision = Admitted | HandedOver | Denied;

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
