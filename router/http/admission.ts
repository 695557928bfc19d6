import type { Socket } from 'node:net';
import type { Way } from '../activity/way.ts';
import {
  actorOf,
  type Admitted,
  type Decision,
  type Gate,
  type GoneTask,
} from '../auth/gate/decision.ts';
import { stillRouted } from '../auth/gate/still_routed.ts';
import type { Guest } from '../auth/guests/guest.ts';
import type { Identity } from '../auth/identity/identity.ts';
import type { CountedRequest, Limits } from '../load/limits.ts';
import type { Excess, LoadGuard } from '../load/load_guard.ts';
import type { OwnPort } from '../grammar/own_port.ts';
import type { Answer } from '../pages/answer.ts';
import { underBase } from '../grammar/path.ts';
import { denialAnswer } from '../pages/denial_answers.ts';
import { limitAnswer } from '../pages/limit_answers.ts';
import { handoverAnswer } from '../pages/own_answers.ts';
import type { Endpoint } from '../routes/model/endpoint.ts';
import type { RouteSource } from '../routes/model/table.ts';
import type { Target } from '../routes/model/target.ts';
import { ROUTE_ENDED, closedRouteAnswer } from '../upstream/failure.ts';
import type { Balancer } from './balancer.ts';
import type { ClientInfo } from './headers/client_address.ts';
import type { HostCookies } from './headers/host_cookies.ts';
import type { ProxiedRequest } from './headers/proxied_request.ts';
import type { RequestHead } from './headers/request_head.ts';
import { headersForTask } from './headers/request_headers.ts';
import { stickyCookieName, type Stickiness } from './stickiness.ts';

/** A target that only the gate opens. */
export type GuardedTarget = Target & { readonly kind: 'endpoint' | 'static' };

/** Somebody who comes, by a request or an upgrade. */
export interface Arrival {
  readonly kind: 'request' | 'upgrade';
  readonly head: RequestHead;
  readonly client: ClientInfo;
  readonly count: CountedRequest;
  /** Bytes behind the head that may come, and are held, while ClearML is asked. */
  readonly ahead: number;
}

/** It goes no further: the router itself answers. */
export interface Answered {
  readonly outcome: 'answered';
  /** What its client is told. */
  readonly answer: Answer;
  /** For the access log; the answer's code where there is none. */
  readonly reason?: string;
  /** Who was denied, where the gate knows. */
  readonly identity?: Identity | undefined;
  readonly guest?: Guest | undefined;
  /** The task that served it, for those who had the right to it. */
  readonly gone?: GoneTask | undefined;
  /** The gate let it in, and something else did not. */
  readonly admitted?: Admitted;
}

/** How it got to its task, for where it goes if that one fails. */
interface Passage {
  readonly target: GuardedTarget;
  /** How many tasks it has gone to, this one included. */
  readonly tries: number;
}

/** It goes to the task's TCP port, through a tunnel. */
export interface Tunnelled extends Passage {
  readonly outcome: 'tunnelled';
  /** Its endpoint as it is routed now. */
  readonly admitted: Admitted;
}

/** It goes to the task's web server. */
export interface Proxied extends Passage {
  readonly outcome: 'proxied';
  /** Its endpoint as it is routed now. */
  readonly admitted: Admitted;
  readonly proxied: ProxiedRequest;
  /** Those that the task gets: name, value, name, value … */
  readonly headers: readonly string[];
  /** Cookies that never reach a task, and that no task may set. */
  readonly ownCookies: readonly string[];
  /** The Set-Cookie that keeps a browser at the endpoint of a load-balanced route, for the answer. */
  readonly stickyCookie: string | undefined;
}

/** The last step, which is another for tunnels. */
type Go<Outcome> = (
  arrival: Arrival,
  target: GuardedTarget,
  tries: number,
  admitted: Admitted,
) => Outcome | Answered;

/** Tasks of one route that one request or upgrade is sent to, when the first of them fail. */
const MOST_TRIES = 3;

export interface AdmissionDeps {
  readonly gate: Pick<Gate, 'admit'>;
  readonly guard: LoadGuard;
  readonly routes: RouteSource;
  readonly stickiness: Stickiness;
  readonly balancer: Pick<Balancer, 'rest'>;
  readonly credentialCookies: () => readonly string[];
  readonly hostCookies: HostCookies;
}

function answered(answer: Answer, admitted: Admitted): Answered {
  return { outcome: 'answered', answer, admitted };
}

/**
 * The one way in, for requests and upgrades, in one order: limits in total and by address, the gate, limits by user and task, the
 * route. Elsewhere upgrades that were spared the checks of requests were critical holes (CVE-2024-28179, CVE-2026-44578).
 */
export class Admission {
  readonly #deps: AdmissionDeps;

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
  }

  /** Counts who comes, before anybody is asked about it. Says which bound it is beyond. */
  arrive({ kind, client, count }: Arrival, socket: Socket): Excess | undefined {
    const { guard } = this.#deps;
    const excess = guard.turnsAway(socket);
    if (excess !== undefined) return excess;
    const limit = this.#limitsOf(kind).arrive(count, client.known);
    if (limit !== undefined) guard.hit(limit);
    return limit;
  }

  /** Says where a request or a WebSocket goes; without a promise where the gate knows it all. */
  toWeb(arrival: Arrival, target: GuardedTarget): Proxied | Answered | Promise<Proxied | Answered> {
    return this.#ask(arrival, target, 'http', 1, this.#proxied);
  }

  /** It comes once more, since its task was not there: what the gate and the limits said of it is forgotten. Nothing may be held for it. */
  comesAgain({ kind, count }: Pick<Arrival, 'kind' | 'count'>): void {
    this.#limitsOf(kind).retract(count);
  }

  /** The same for a tunnel. */
  toTcp(
    arrival: Arrival,
    target: GuardedTarget,
  ): Tunnelled | Answered | Promise<Tunnelled | Answered> {
    return this.#ask(arrival, target, 'tcp', 1, tunnelled);
  }

  /** The same to a port that no task asked for. */
  toOwnPort(
    arrival: Arrival,
    { taskId, port }: OwnPort,
  ): Tunnelled | Answered | Promise<Tunnelled | Answered> {
    const target = { kind: 'endpoint', form: 'path', id: taskId, cut: 0 } as const;
    return this.#ask(arrival, target, 'tcp', 1, tunnelled, port);
  }

  /**
   * The task that it went to was lost before it answered: says where it goes instead, to the next of a load-balanced route. The gate
   * is asked about that one, too, and so are the limits. Undefined where no other is to be tried.
   */
  toNextWeb(
    arrival: Arrival,
    lost: Proxied,
  ): Proxied | Answered | Promise<Proxied | Answered> | undefined {
    return this.#next(arrival, lost, 'http', this.#proxied);
  }

  /** The same for a tunnel. */
  toNextTcp(
    arrival: Arrival,
    lost: Tunnelled,
  ): Tunnelled | Answered | Promise<Tunnelled | Answered> | undefined {
    return this.#next(arrival, lost, 'tcp', tunnelled);
  }

  /** Its owner counts it out. */
  leave({ kind, count }: Pick<Arrival, 'kind' | 'count'>): void {
    this.#limitsOf(kind).leave(count);
  }

  #limitsOf(kind: Arrival['kind']): Limits {
    const { guard } = this.#deps;
    return kind === 'upgrade' ? guard.webSockets : guard.requests;
  }

  #next<Outcome>(
    arrival: Arrival,
    { target, tries, admitted }: Passage & { readonly admitted: Admitted },
    way: Way,
    go: Go<Outcome>,
  ): Outcome | Answered | Promise<Outcome | Answered> | undefined {
    if (target.kind !== 'static' || tries === MOST_TRIES) return undefined;
    const route = this.#deps.balancer.rest(target.route, admitted.endpoint, way);
    if (route === undefined) return undefined;
    this.#limitsOf(arrival.kind).retract(arrival.count);
    return this.#ask(arrival, { ...target, route }, way, tries + 1, go);
  }

  #ask<Outcome>(
    arrival: Arrival,
    target: GuardedTarget,
    way: Way,
    tries: number,
    go: Go<Outcome>,
    ownPort?: number,
  ): Outcome | Answered | Promise<Outcome | Answered> {
    const { gate, guard } = this.#deps;
    const { head, client, ahead } = arrival;
    const decision = gate.admit({
      target,
      kind: way === 'tcp' ? 'tunnel' : arrival.kind,
      method: head.method,
      rawHeaders: head.rawHeaders,
      rawUrl: head.url,
      host: head.host,
      clientAddress: client.address,
      ownPort,
      goesOn: tries > 1,
    });
    if (!(decision instanceof Promise)) return this.#decided(arrival, target, tries, decision, go);
    if (!guard.asks(ahead)) {
      decision.catch(() => undefined);
      return { outcome: 'answered', answer: limitAnswer('memory') };
    }
    return decision
      .finally(() => guard.asked(ahead))
      .then((settled) => this.#decided(arrival, target, tries, settled, go));
  }

  #decided<Outcome>(
    arrival: Arrival,
    target: GuardedTarget,
    tries: number,
    decision: Decision,
    go: Go<Outcome>,
  ): Outcome | Answered {
    if (decision.outcome === 'denied') {
      const { reason, identity, guest, gone } = decision;
      return { outcome: 'answered', answer: denialAnswer(decision), reason, identity, guest, gone };
    }
    if (decision.outcome === 'handed-over') {
      return { outcome: 'answered', answer: handoverAnswer(decision) };
    }
    const { guard, routes } = this.#deps;
    const { endpoint } = decision;
    const limit = this.#limitsOf(arrival.kind).admit(
      arrival.count,
      actorOf(decision),
      endpoint.task.id,
    );
    if (limit !== undefined) {
      guard.hit(limit);
      return answered(limitAnswer(limit), decision);
    }
    // While ClearML was asked the task may have ended, and its address may be another's by now.
    const routed = stillRouted(decision, routes.current())?.endpoint;
    if (routed === undefined) return answered(ROUTE_ENDED, decision);
    const admitted = routed === endpoint ? decision : { ...decision, endpoint: routed };
    return go(arrival, target, tries, admitted);
  }

  readonly #proxied = (
    { head, client }: Arrival,
    target: GuardedTarget,
    tries: number,
    admitted: Admitted,
  ): Proxied | Answered => {
    const { endpoint } = admitted;
    const closed = closedRouteAnswer(endpoint);
    if (closed !== undefined) return answered(closed, admitted);
    if (endpoint.http?.state !== 'open') throw new Error(`no open route at ${endpoint.id}`);
    const { url } = head;
    const { cut } = target;
    const owned = target.kind === 'endpoint' && target.form === 'wildcard';
    const prefix = owned ? '' : url.slice(0, cut);
    const rest = url.charCodeAt(cut) === 0x2f ? url.slice(cut) : `/${url.slice(cut)}`;
    const { basePath: base = '' } = endpoint.http;
    const path = underBase(rest, base);
    const ownCookies = this.#ownCookiesFor(target);
    const { hostCookies } = this.#deps;
    const proxied = { endpoint, upstream: endpoint.http.upstream, prefix, base, path, hostCookies };
    return {
      outcome: 'proxied',
      target,
      tries,
      admitted,
      proxied,
      headers: headersForTask(head, client, admitted, proxied, ownCookies),
      ownCookies,
      stickyCookie: this.#stickyCookieFor(target, tries, endpoint, head),
    };
  };

  #stickyCookieFor(
    target: GuardedTarget,
    tries: number,
    endpoint: Endpoint,
    { rawHeaders }: RequestHead,
  ): string | undefined {
    if (target.kind !== 'static' || !target.route.loadBalanced) return undefined;
    // Of a route that had more, one may be left.
    const choice = tries > 1 || target.route.endpoints.length > 1;
    return choice ? this.#deps.stickiness.cookie(target.route, endpoint, rawHeaders) : undefined;
  }

  #ownCookiesFor(target: GuardedTarget): readonly string[] {
    const names = this.#deps.credentialCookies();
    return target.kind === 'static' && target.route.loadBalanced
      ? [...names, stickyCookieName(target.route)]
      : names;
  }
}

/** The tunnel itself looks for the task's TCP port, and says what is wrong with it. */
function tunnelled(
  _: Arrival,
  target: GuardedTarget,
  tries: number,
  admitted: Admitted,
): Tunnelled {
  return { outcome: 'tunnelled', target, tries, admitted };
}
