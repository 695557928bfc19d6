import { taskIdOf } from '../../grammar/endpoint_id.ts';
import type { Endpoint } from '../../routes/model/endpoint.ts';
import type { RouteSource, StaticRoute } from '../../routes/model/table.ts';
import type { RouterUrl } from '../../settings/values.ts';
import { ACCEPTED, type AccessDecisions } from '../access/access.ts';
import { authorize, type Authorization } from './authorize.ts';
import { readCredentials, type CookieNames, type Credentials } from '../identity/credentials.ts';
import { targetAudience } from '../sealed/audience.ts';
import { crossSite } from './cross_site.ts';
import type { Admitted, Decision, Denied, DenialReason, Gate } from './decision.ts';
import type { GateRequest } from '../identity/request.ts';
import type { EndpointTokens } from '../endpoint_tokens/endpoint_tokens.ts';
import type { Handover } from './handover.ts';
import type { Identify } from '../access/identifier.ts';
import { isNavigation } from './navigation.ts';
import { DENIALS, RETRY_SECONDS } from './denials.ts';
import { signInPlace, type SignInPlaces } from './sign_in_redirect.ts';
import { run, settle, type Steps } from '../identity/steps.ts';
import { isCookie, type Identity } from '../identity/identity.ts';
import { Watches } from './watches.ts';

/** What the gate decides with. */
export interface GateParts {
  readonly routes: RouteSource;
  readonly access: AccessDecisions;
  readonly identify: Identify;
  readonly handover: Handover;
  readonly endpointTokens: EndpointTokens | undefined;
  readonly cookieNames: () => CookieNames;
  /** False until a signing key verified the router's own login. */
  readonly ready: () => boolean;
  readonly places: SignInPlaces;
  readonly routerUrl: RouterUrl;
  readonly denied: (denied: Denied, request: GateRequest) => void;
  readonly now: () => number;
}

/** Tasks of one static route that a user is asked about, one after the other. */
const TASKS_TRIED = 8;

/** The one gate of a router whose sign-in is on. Default-deny: every way out that is not an `Admitted` is a `Denied`. */
export class TaskGate implements Gate {
  readonly #parts: GateParts;
  readonly #watches: Watches;

  constructor(parts: GateParts) {
    this.#parts = parts;
    this.#watches = new Watches((admitted) => this.#stillAdmitted(admitted), parts.routes);
  }

  readonly admit = (request: GateRequest): Decision | Promise<Decision> =>
    run(this.#decide(request));

  readonly hold = (admitted: Admitted, end: (reason: DenialReason) => void): (() => void) =>
    this.#watches.add(admitted, end);

  /** Asks for the right of everything that is open at once: something was revoked. */
  recheck(): void {
    this.#watches.look();
  }

  close(): void {
    this.#watches.close();
  }

  *#decide(request: GateRequest): Steps<Decision> {
    const { target, rawHeaders } = request;
    const { handover } = this.#parts;
    if (handover.isEntry(request)) {
      return yield* settle(handover.enter(request, targetAudience(target)));
    }
    const credentials = readCredentials(rawHeaders, this.#parts.cookieNames());
    if (credentials.tooManyCookies) return this.#deny(request, 431, 'too-many-cookies');
    if (target.kind === 'endpoint') {
      const authorization = yield* this.#authorize(request, credentials, taskIdOf(target.id));
      const endpoint = this.#parts.routes.current().endpoints.get(target.id);
      return this.#conclude(request, credentials, authorization, endpoint);
    }
    return yield* this.#decideStatic(request, credentials);
  }

  *#decideStatic(request: GateRequest, credentials: Credentials): Steps<Decision> {
    const { target } = request;
    if (target.kind !== 'static') return this.#deny(request, 404, 'unknown-endpoint');
    const { access, endpoints, enabled } = target.route;
    const serving = enabled ? endpoints : [];
    if (access === 'public') return yield* this.#decidePublic(request, credentials, serving[0]);
    if (access === 'authenticated' || serving.length === 0) {
      const authorization = yield* this.#authorize(request, credentials, ACCEPTED);
      return this.#conclude(request, credentials, authorization, serving[0]);
    }
    return yield* this.#decideByTask(request, credentials, serving);
  }

  /** The first of the route's tasks that the user may see; in the order in which the proxy wants them tried. */
  *#decideByTask(
    request: GateRequest,
    credentials: Credentials,
    serving: readonly Endpoint[],
  ): Steps<Decision> {
    for (const endpoint of serving.slice(0, TASKS_TRIED)) {
      const authorization = yield* this.#authorize(request, credentials, endpoint.task.id);
      if (authorization.verdict === 'no' && endpoint !== serving.at(-1)) continue;
      return this.#conclude(request, credentials, authorization, endpoint);
    }
    return this.#deny(request, 404, 'not-visible');
  }

  /** Nobody is asked who they are; still, a token of theirs must not go on to the task. */
  *#decidePublic(
    request: GateRequest,
    { bearer }: Credentials,
    endpoint: Endpoint | undefined,
  ): Steps<Decision> {
    if (endpoint === undefined) return this.#denyMissing(request);
    const check =
      bearer === undefined
        ? undefined
        : yield* settle(this.#parts.identify(bearer, request.target));
    return {
      outcome: 'admitted',
      endpoint,
      route: routeOf(request),
      access: 'public',
      identity: undefined,
      credential: 'none',
      stripAuthorization: check !== undefined && (check.outcome === 'valid' || check.ours),
    };
  }

  *#authorize(
    request: GateRequest,
    credentials: Credentials,
    question: string,
  ): Steps<Authorization> {
    const { access, identify, routerUrl } = this.#parts;
    return yield* authorize(credentials, {
      identify: (credential) => identify(credential, request.target),
      may: (identity, kind) => {
        const foreign = isCookie(kind) ? crossSite(request, credentials, routerUrl) : undefined;
        return foreign ?? access.ask(identity, question);
      },
    });
  }

  /** One table of answers, the same for tasks that exist and for those that do not. */
  #conclude(
    request: GateRequest,
    credentials: Credentials,
    authorization: Authorization,
    endpoint: Endpoint | undefined,
  ): Decision {
    if (authorization.verdict === 'unknown') {
      return this.#denyStranger(request, credentials, authorization.reason);
    }
    const { verdict, identity, credential, stripAuthorization } = authorization;
    if (verdict !== 'yes') {
      const { status, reason, ...more } = DENIALS[verdict];
      return this.#deny(request, status, reason, { ...more, identity });
    }
    if (endpoint === undefined) return this.#denyMissing(request, identity);
    const route = routeOf(request);
    const access = route?.access ?? 'task';
    return {
      outcome: 'admitted',
      endpoint,
      route,
      access,
      identity,
      credential,
      stripAuthorization,
    };
  }

  /** A static route is no secret to those it is open to: it says that nothing serves it now. */
  #denyMissing(request: GateRequest, identity?: Identity): Denied {
    const route = routeOf(request);
    const who = identity === undefined ? {} : { identity };
    if (route === undefined || !route.enabled || route.access === 'task') {
      return this.#deny(request, 404, 'unknown-endpoint', who);
    }
    return this.#deny(request, 503, 'not-ready', { ...who, retryAfter: RETRY_SECONDS });
  }

  #denyStranger(request: GateRequest, credentials: Credentials, reason: DenialReason): Denied {
    if (!this.#parts.ready() && reason !== 'no-token') {
      return this.#deny(request, 503, 'not-ready', { retryAfter: RETRY_SECONDS });
    }
    if (!isNavigation(request, credentials)) return this.#deny(request, 401, reason);
    const { handover, places } = this.#parts;
    const place = handover.leadsAway(request.target)
      ? handover.begin(request)
      : signInPlace(request, reason, places);
    return this.#deny(request, 302, reason, place);
  }

  #deny(
    request: GateRequest,
    status: Denied['status'],
    reason: DenialReason,
    more: Partial<Denied> = {},
  ): Denied {
    const denied: Denied = { ...more, outcome: 'denied', status, reason };
    this.#parts.denied(denied, request);
    return denied;
  }

  async #stillAdmitted(admitted: Admitted): Promise<DenialReason | undefined> {
    const { identity, access, endpoint } = admitted;
    if (identity === undefined) return undefined;
    if (identity.expiresAt <= this.#parts.now()) return 'token-expired';
    const { endpointTokenId } = identity;
    if (endpointTokenId !== undefined) {
      const stands = await this.#parts.endpointTokens?.stands(endpointTokenId);
      if (stands !== true) return 'token-revoked';
    }
    const question = access === 'task' ? endpoint.task.id : ACCEPTED;
    const verdict = await this.#parts.access.ask(identity, question);
    return verdict === 'yes' ? undefined : DENIALS[verdict].reason;
  }
}

function routeOf({ target }: GateRequest): StaticRoute | undefined {
  return target.kind === 'static' ? target.route : undefined;
}
