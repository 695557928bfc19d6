import type { Socket } from 'node:net';
import type { Admitted, Decision, Gate } from '../auth/gate/decision.ts';
import { stillRouted } from '../auth/gate/still_routed.ts';
import type { Identity } from '../auth/identity/identity.ts';
import type { GateRequest } from '../auth/identity/request.ts';
import type { CountedRequest, Limits } from '../load/limits.ts';
import type { Excess, LoadGuard } from '../load/load_guard.ts';
import type { Answer } from '../pages/answer.ts';
import { denialAnswer } from '../pages/denial_answers.ts';
import { limitAnswer } from '../pages/limit_answers.ts';
import { handoverAnswer } from '../pages/own_answers.ts';
import type { RouteSource } from '../routes/model/table.ts';
import type { Target } from '../routes/model/target.ts';
import { ROUTE_ENDED, closedRouteAnswer } from '../upstream/failure.ts';
import type { ClientInfo } from './headers/client_address.ts';
import type { ProxiedRequest } from './headers/proxied_request.ts';
import type { RequestHead } from './headers/request_head.ts';
import { headersForTask } from './headers/request_headers.ts';
import { stickyCookieName, type Stickiness } from './stickiness.ts';

/** A target that only the gate opens. */
export type GuardedTarget = Target & { readonly kind: 'endpoint' | 'static' };

/** Somebody who comes, by a request or an upgrade. */
export interface Arrival {
  readonly kind: GateRequest['kind'];
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
  /** The gate let it in, and something else did not. */
  readonly admitted?: Admitted;
}

/** It goes to the task's TCP port, through a tunnel. */
export interface Tunnelled {
  readonly outcome: 'tunnelled';
  /** Its endpoint as it is routed now. */
  readonly admitted: Admitted;
}

/** It goes to the task's web server. */
export interface Proxied {
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
type Go<Way> = (arrival: Arrival, target: GuardedTarget, admitted: Admitted) => Way | Answered;

export interface AdmissionDeps {
  readonly gate: Pick<Gate, 'admit'>;
  readonly guard: LoadGuard;
  readonly routes: RouteSource;
  readonly stickiness: Stickiness;
  readonly credentialCookies: () => readonly string[];
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
    return this.#ask(arrival, target, this.#proxied);
  }

  /** The same for a tunnel. */
  toTcp(
    arrival: Arrival,
    target: GuardedTarget,
  ): Tunnelled | Answered | Promise<Tunnelled | Answered> {
    return this.#ask(arrival, target, tunnelled);
  }

  /** Its owner counts it out. */
  leave({ kind, count }: Pick<Arrival, 'kind' | 'count'>): void {
    this.#limitsOf(kind).leave(count);
  }

  #limitsOf(kind: GateRequest['kind']): Limits {
    const { guard } = this.#deps;
    return kind === 'upgrade' ? guard.webSockets : guard.requests;
  }

  #ask<Way>(
    arrival: Arrival,
    target: GuardedTarget,
    go: Go<Way>,
  ): Way | Answered | Promise<Way | Answered> {
    const { gate, guard } = this.#deps;
    const { kind, head, client, ahead } = arrival;
    const decision = gate.admit({
      target,
      kind,
      method: head.method,
      rawHeaders: head.rawHeaders,
      rawUrl: head.url,
      host: head.host,
      clientAddress: client.address,
    });
    if (!(decision instanceof Promise)) return this.#decided(arrival, target, decision, go);
    if (!guard.asks(ahead)) {
      decision.catch(() => undefined);
      return { outcome: 'answered', answer: limitAnswer('memory') };
    }
    return decision
      .finally(() => guard.asked(ahead))
      .then((settled) => this.#decided(arrival, target, settled, go));
  }

  #decided<Way>(
    arrival: Arrival,
    target: GuardedTarget,
    decision: Decision,
    go: Go<Way>,
  ): Way | Answered {
    if (decision.outcome === 'denied') {
      const { reason, identity } = decision;
      return { outcome: 'answered', answer: denialAnswer(decision), reason, identity };
    }
    if (decision.outcome === 'handed-over') {
      return { outcome: 'answered', answer: handoverAnswer(decision) };
    }
    const { guard, routes } = this.#deps;
    const { identity, endpoint } = decision;
    const limit = this.#limitsOf(arrival.kind).admit(
      arrival.count,
      identity?.userId,
      endpoint.task.id,
    );
    if (limit !== undefined) {
      guard.hit(limit);
      return answered(limitAnswer(limit), decision);
    }
    // While ClearML was asked the task may have ended, and its address may be another's by now.
    const routed = stillRouted(decision, routes.current());
    if (routed === undefined) return answered(ROUTE_ENDED, decision);
    return go(arrival, target, routed === endpoint ? decision : { ...decision, endpoint: routed });
  }

  readonly #proxied = (
    { head, client }: Arrival,
    target: GuardedTarget,
    admitted: Admitted,
  ): Proxied | Answered => {
    const { endpoint } = admitted;
    const closed = closedRouteAnswer(endpoint);
    if (closed !== undefined) return answered(closed, admitted);
    if (endpoint.http?.state !== 'open') throw new Error(`no open route at ${endpoint.id}`);
    const { url, rawHeaders } = head;
    const { cut } = target;
    const owned = target.kind === 'endpoint' && target.form === 'wildcard';
    const prefix = owned ? '' : url.slice(0, cut);
    const path = url.charCodeAt(cut) === 0x2f ? url.slice(cut) : `/${url.slice(cut)}`;
    const ownCookies = this.#ownCookiesFor(target);
    return {
      outcome: 'proxied',
      admitted,
      proxied: { endpoint, upstream: endpoint.http.upstream, prefix, path },
      headers: headersForTask(head, client, admitted, prefix, ownCookies),
      ownCookies,
      stickyCookie:
        target.kind === 'static'
          ? this.#deps.stickiness.cookie(target.route, endpoint, rawHeaders)
          : undefined,
    };
  };

  #ownCookiesFor(target: GuardedTarget): readonly string[] {
    const names = this.#deps.credentialCookies();
    return target.kind === 'static' && target.route.loadBalanced
      ? [...names, stickyCookieName(target.route)]
      : names;
  }
}

/** The tunnel itself looks for the task's TCP port, and says what is wrong with it. */
function tunnelled(_: Arrival, __: GuardedTarget, admitted: Admitted): Tunnelled {
  return { outcome: 'tunnelled', admitted };
}
