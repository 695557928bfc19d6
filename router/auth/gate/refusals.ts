import type { StaticRoute } from '../../routes/model/table.ts';
import { isOpenToAll } from '../access/endpoint_rights.ts';
import type { Credentials } from '../identity/credentials.ts';
import type { Identity } from '../identity/identity.ts';
import type { GateRequest } from '../identity/request.ts';
import type { Denied, DenialReason } from './decision.ts';
import { RETRY_SECONDS } from './denials.ts';
import type { Handover } from './handover.ts';
import { isNavigation } from './navigation.ts';
import { signInPlace, type SignInPlaces } from './sign_in_redirect.ts';

/** What the gate refuses with. */
export interface RefusalParts {
  readonly handover: Pick<Handover, 'leadsAway' | 'begin'>;
  readonly places: SignInPlaces;
  /** False until a signing key verified the router's own login. */
  readonly ready: () => boolean;
  /** Told of every refusal. */
  readonly denied: (denied: Denied, request: GateRequest) => void;
}

/** Every way in which the gate refuses, the same for what is hidden as for what does not exist. */
export class Refusals {
  readonly #parts: RefusalParts;

  constructor(parts: RefusalParts) {
    this.#parts = parts;
  }

  deny(
    request: GateRequest,
    status: Denied['status'],
    reason: DenialReason,
    more: Partial<Denied> = {},
  ): Denied {
    const denied: Denied = { ...more, outcome: 'denied', status, reason };
    this.#parts.denied(denied, request);
    return denied;
  }

  /**
   * There is nothing, or nothing for this user. A static route is no secret to those whom it is open to: it says that nothing
   * serves it now, also where a task serves it that keeps to others.
   */
  missing(
    request: GateRequest,
    reason: 'unknown-endpoint' | 'not-visible',
    identity?: Identity,
  ): Denied {
    const route = routeOf(request);
    const who = identity === undefined ? {} : { identity };
    if (route === undefined || !route.enabled || !isOpenToAll(route)) {
      return this.deny(request, 404, reason, who);
    }
    return this.deny(request, 503, 'not-ready', { ...who, retryAfter: RETRY_SECONDS });
  }

  /** Nothing that was presented holds: people are sent to sign-in, programs are told. */
  stranger(request: GateRequest, credentials: Credentials, reason: DenialReason): Denied {
    const { handover, places, ready } = this.#parts;
    if (!ready() && reason !== 'no-token') {
      return this.deny(request, 503, 'not-ready', { retryAfter: RETRY_SECONDS });
    }
    if (!isNavigation(request, credentials)) return this.deny(request, 401, reason);
    const place = handover.leadsAway(request.target)
      ? handover.begin(request)
      : signInPlace(request, reason, places);
    return this.deny(request, 302, reason, place);
  }
}

/** The static route that a request came by. */
export function routeOf({ target }: GateRequest): StaticRoute | undefined {
  return target.kind === 'static' ? target.route : undefined;
}
