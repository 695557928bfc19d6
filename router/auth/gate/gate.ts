import { taskIdOf, type EndpointId } from '../../grammar/endpoint_id.ts';
import type { Endpoint } from '../../routes/model/endpoint.ts';
import type { RouterUrl } from '../../settings/values.ts';
import type { Question } from '../access/access.ts';
import { routeLevel, type Right } from '../access/endpoint_rights.ts';
import { authorize, type Authorization, type Named, type Refused } from './authorize.ts';
import { readCredentials, type CookieNames, type Credentials } from '../identity/credentials.ts';
import { targetAudience } from '../sealed/audience.ts';
import { crossSite } from './cross_site.ts';
import type { Admitted, Decision, Denied, DenialReason, Gate } from './decision.ts';
import type { GateRequest } from '../identity/request.ts';
import type { Handover } from './handover.ts';
import type { Identify } from '../access/identifier.ts';
import { DENIALS } from './denials.ts';
import { goneDenial } from './gone_task.ts';
import type { EndedEndpoints } from '../ended/ended_endpoints.ts';
import type { AskTaskWord } from '../ended/task_word.ts';
import { Refusals, routeOf, type RefusalParts } from './refusals.ts';
import { run, settle, type Steps } from '../identity/steps.ts';
import { isCookie, type Identity } from '../identity/identity.ts';
import { decideStatic, type StaticParts } from './static_decision.ts';
import { createStillAdmitted, type StillAdmittedParts } from './still_admitted.ts';
import { Watches } from './watches.ts';

/** What the gate decides with. */
export interface GateParts extends RefusalParts, StillAdmittedParts {
  /** Told of each way in that somebody has by their role alone. */
  readonly administered: (identity: Identity, endpoint: Endpoint, request: GateRequest) => void;
  readonly identify: Identify;
  readonly handover: Handover;
  readonly ended: Pick<EndedEndpoints, 'get'>;
  readonly taskWord: AskTaskWord;
  readonly cookieNames: () => CookieNames;
  readonly routerUrl: RouterUrl;
}

const NO_CREDENTIALS: Credentials = readCredentials([], {
  session: '',
  pieces: [],
  clearml: '',
});

/** The one gate of a router whose sign-in is on. Default-deny: every way out that is not an `Admitted` is a `Denied`. */
export class TaskGate implements Gate {
  readonly #parts: GateParts;
  readonly #refusals: Refusals;
  readonly #static: StaticParts;
  readonly #watches: Watches;

  constructor(parts: GateParts) {
    this.#parts = parts;
    this.#refusals = new Refusals(parts);
    this.#static = {
      rights: parts.rights,
      identify: parts.identify,
      refusals: this.#refusals,
      authorize: (request, credentials, question) =>
        this.#authorize(request, credentials, question),
      admit: (request, named, endpoint, right) => this.#admit(request, named, endpoint, right),
      refuse: (request, credentials, refused) => this.#refuse(request, credentials, refused),
    };
    this.#watches = new Watches(createStillAdmitted(parts), parts.routes);
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
    if (request.ownPort !== undefined) {
      return yield* this.#decideOwnPort(request, credentials, request.ownPort);
    }
    if (credentials.tooManyCookies) return this.#refusals.deny(request, 431, 'too-many-cookies');
    if (target.kind === 'static') {
      return yield* decideStatic(request, credentials, target.route, this.#static);
    }
    const authorization = yield* this.#authorize(request, credentials, taskIdOf(target.id));
    if (authorization.verdict === 'unknown') {
      const decision = yield* this.#decideGuest(request, credentials, authorization);
      return decision ?? this.#refuse(request, credentials, authorization);
    }
    if (authorization.verdict !== 'yes') return this.#refuse(request, credentials, authorization);
    const { identity } = authorization;
    const endpoint = this.#parts.routes.current().endpoints.get(target.id);
    if (endpoint === undefined) return yield* this.#decideGone(request, target.id, identity);
    const right = this.#parts.rights.of(identity, endpoint);
    return right === undefined
      ? this.#refusals.missing(request, 'not-visible', identity)
      : this.#admit(request, authorization, endpoint, right);
  }

  /**
   * A port that no task asked for. No cookie counts here, which a page could have sent along, and no token but that of a computer of
   * the owner's: all others hear what they would hear of a task that is not there.
   */
  *#decideOwnPort(
    request: GateRequest,
    { bearer, inAuthorization }: Credentials,
    port: number,
  ): Steps<Decision> {
    const { ownPorts } = this.#parts;
    const { target } = request;
    const byBearer = { ...NO_CREDENTIALS, bearer, inAuthorization };
    if (ownPorts === undefined || target.kind !== 'endpoint' || request.kind !== 'tunnel') {
      return this.#refusals.missing(request, 'unknown-endpoint');
    }
    const authorization = yield* this.#authorize(request, byBearer, taskIdOf(target.id));
    if (authorization.verdict !== 'yes') return this.#refuse(request, byBearer, authorization);
    const { identity, credential, stripAuthorization } = authorization;
    if (credential !== 'device-token') {
      return this.#refusals.missing(request, 'not-visible', identity);
    }
    const found = yield* settle(ownPorts.find(identity, taskIdOf(target.id), port));
    if (found === 'missing') return this.#refusals.missing(request, 'not-visible', identity);
    if (typeof found === 'string') {
      const { status, reason, ...more } = DENIALS[found];
      return this.#refusals.deny(request, status, reason, { ...more, identity });
    }
    const { endpoint, usedAs } = found;
    return {
      outcome: 'admitted',
      endpoint,
      route: undefined,
      ownPort: { port, usedAs },
      access: 'owner',
      identity,
      credential,
      stripAuthorization,
    };
  }

  /** Nothing is routed there. To whoever had no right to what was, nothing ever was there. */
  *#decideGone(request: GateRequest, id: EndpointId, identity: Identity): Steps<Denied> {
    const { ended, rights, taskWord, places } = this.#parts;
    const was = ended.get(id);
    if (was === undefined || rights.of(identity, was.endpoint) === undefined) {
      return this.#refusals.missing(request, 'unknown-endpoint', identity);
    }
    const word = yield* settle(taskWord(taskIdOf(id)));
    const { status, reason, ...more } = goneDenial(was, word, places.clearmlWebUrl);
    return this.#refusals.deny(request, status, reason, { ...more, identity });
  }

  *#authorize(
    request: GateRequest,
    credentials: Credentials,
    question: Question,
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

  /**
   * Somebody without an account whom a link lets in, where nothing else that was presented holds; undefined where there is none.
   * ClearML is not asked: this is the one way in that it has no word on.
   */
  *#decideGuest(
    request: GateRequest,
    credentials: Credentials,
    { stripAuthorization }: Pick<Refused, 'stripAuthorization'>,
  ): Steps<Decision | undefined> {
    const { guests, routes, routerUrl } = this.#parts;
    const guest = guests && (yield* guests.find(request));
    const { target } = request;
    if (guests === undefined || guest === undefined || target.kind !== 'endpoint') return undefined;
    const endpoint = routes.current().endpoints.get(target.id);
    if (endpoint === undefined || !guests.admits(guest.linkId, endpoint)) return undefined;
    const foreign = crossSite(request, credentials, routerUrl);
    if (foreign !== undefined) {
      const { status, reason } = DENIALS[foreign];
      return this.#refusals.deny(request, status, reason, { guest });
    }
    return {
      outcome: 'admitted',
      endpoint,
      route: undefined,
      access: 'people',
      identity: undefined,
      guest,
      credential: 'guest',
      stripAuthorization,
    };
  }

  /** One table of answers, the same for tasks that exist and for those that do not. */
  #refuse(request: GateRequest, credentials: Credentials, refused: Refused): Denied {
    if (refused.verdict === 'unknown') {
      return this.#refusals.stranger(request, credentials, refused.reason);
    }
    const { verdict, identity } = refused;
    const { status, reason, ...more } = DENIALS[verdict];
    return this.#refusals.deny(request, status, reason, { ...more, identity });
  }

  #admit(request: GateRequest, named: Named, endpoint: Endpoint, right: Right): Admitted {
    const { identity, credential, stripAuthorization } = named;
    if (right === 'administrator') this.#parts.administered(identity, endpoint, request);
    const route = routeOf(request);
    const access = route === undefined ? 'visible' : routeLevel(route, endpoint);
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
}
