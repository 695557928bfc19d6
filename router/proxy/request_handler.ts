import type { IncomingMessage } from 'node:http';
import type { Decision, Gate } from '../auth/decision.ts';
import type { Target } from '../routes/target.ts';
import type { Excess, LoadGuard } from '../load/load_guard.ts';
import type { Log } from '../telemetry/log.ts';
import { excerpt } from '../telemetry/hostile_text.ts';
import type { OwnPages } from '../web/own_pages.ts';
import type { AccessRecord } from './access_log.ts';
import type { Activity } from './activity.ts';
import { sendAnswer } from './answer.ts';
import { denialAnswer } from './denial_answers.ts';
import type { Entrance, GuardedTarget } from './entrance.ts';
import { Exchange } from './exchange.ts';
import type { ExchangeHost, RouterResponse } from './exchange.ts';
import { limitAnswer } from './limit_answers.ts';
import { INTERNAL_ERROR, NO_SUCH_PAGE, redirectAnswer, refusalAnswer } from './own_answers.ts';
import { readHead } from './request_head.ts';
import { headersForTask } from './request_headers.ts';
import type { TrafficMetrics } from './traffic_metrics.ts';
import type { UpstreamPools } from './upstream_pools.ts';

/** An answer that takes longer than this is a stream: the gate watches over it. Milliseconds. */
const STREAM_AFTER = 5_000;

export interface RequestHandlerDeps {
  readonly entrance: Entrance;
  readonly hold: Gate['hold'];
  readonly pages: readonly OwnPages[];
  readonly pools: UpstreamPools;
  readonly guard: LoadGuard;
  readonly log: Log;
  readonly writeAccess: (record: AccessRecord) => void;
  readonly metrics: TrafficMetrics;
  readonly activity: Activity;
}

/** Carries requests: reads, asks the gate, forwards or answers. Upgrades have a handler of their own. */
export class RequestHandler {
  readonly #deps: RequestHandlerDeps;
  readonly #host: ExchangeHost;
  /**
   * Each exchange knows its place, and the last one takes the place of one that ends. Not a Set: at thousands a second V8 leaves
   * its outgrown tables behind in the old generation, and they keep the exchanges in them alive for many collections.
   */
  readonly #running: Exchange[] = [];
  readonly #sweep: NodeJS.Timeout;
  #asksToLeave = false;

  constructor(deps: RequestHandlerDeps) {
    this.#deps = deps;
    this.#host = {
      finished: (exchange) => this.#finished(exchange),
      failed: (failure, exchange, error) => {
        const endpoint = exchange.passage?.endpoint.id;
        deps.metrics.failed(failure);
        if (endpoint !== undefined) deps.activity.failed('http', endpoint, failure);
        deps.log.warn(
          {
            event: 'upstream-failed',
            endpoint,
            failure,
            error: excerpt(String(error)),
          },
          'a task did not answer',
        );
      },
      ownHosts: deps.entrance.ownHosts,
      home: deps.entrance.home,
    };
    this.#sweep = setInterval(() => this.#holdStreams(), STREAM_AFTER).unref();
  }

  /** From now on each answer asks its client to leave. */
  askToLeave(): void {
    this.#asksToLeave = true;
  }

  close(): void {
    clearInterval(this.#sweep);
  }

  /** One request. `continues`: it waits for 100 before it sends its body. */
  handle(request: IncomingMessage, response: RouterResponse, continues: boolean): void {
    const head = readHead(request);
    if ('status' in head) {
      response.shouldKeepAlive = false;
      sendAnswer(response, 'json', refusalAnswer(head.status, head.reason));
      return;
    }
    const { entrance } = this.#deps;
    const origin = entrance.originOf(request, head);
    const exchange = new Exchange(request, response, head, origin, this.#host);
    exchange.place = this.#running.push(exchange) - 1;
    if (this.#asksToLeave) response.shouldKeepAlive = false;
    const excess = this.#arrive(exchange);
    if (excess !== undefined) {
      exchange.answer(limitAnswer(excess));
      return;
    }
    const target = entrance.targetOf(head);
    if (target.kind !== 'endpoint' && target.kind !== 'static') {
      this.#answerOwn(exchange, target);
      return;
    }
    exchange.kind = target.kind;
    if (target.kind === 'endpoint') exchange.endpointId = target.id;
    const decision = entrance.admit('request', head, origin, target);
    if (decision instanceof Promise) {
      decision.then(
        (settled) => this.#decided(exchange, target, settled, continues),
        (error: unknown) => this.#broke(exchange, error),
      );
      return;
    }
    this.#decided(exchange, target, decision, continues);
  }

  #arrive(exchange: Exchange): Excess | undefined {
    const { guard } = this.#deps;
    const excess = guard.turnsAway(exchange.request.socket);
    if (excess !== undefined) {
      // What it goes on to send would be read to its end for nothing, and a connection beyond the limit is not to stay.
      const { head, response } = exchange;
      const bodiless = !head.chunked && head.contentLength === undefined;
      if (excess !== 'overload' || !bodiless) response.shouldKeepAlive = false;
      return excess;
    }
    const limit = guard.requests.arrive(exchange, exchange.origin.known);
    if (limit !== undefined) guard.hit(limit);
    return limit;
  }

  #answerOwn(exchange: Exchange, target: Exclude<Target, GuardedTarget>): void {
    switch (target.kind) {
      case 'refused':
        exchange.answer(refusalAnswer(target.status, target.reason));
        return;
      case 'redirect':
        exchange.answer(redirectAnswer(target.location));
        return;
      case 'own':
        exchange.kind = 'own';
        this.#askPages(exchange, target).catch((error: unknown) => this.#broke(exchange, error));
    }
  }

  async #askPages(exchange: Exchange, target: Target & { readonly kind: 'own' }): Promise<void> {
    const { request, response, origin } = exchange;
    const own = {
      message: request,
      path: target.path,
      query: target.query,
      clientAddress: origin.address,
    };
    for (const page of this.#deps.pages) {
      if (await page(own, response)) return;
    }
    exchange.answer(NO_SUCH_PAGE);
  }

  #decided(
    exchange: Exchange,
    target: GuardedTarget,
    decision: Decision,
    continues: boolean,
  ): void {
    if (exchange.done) return;
    const { entrance, pools } = this.#deps;
    if (decision.outcome === 'denied') {
      exchange.reason = decision.reason;
      exchange.deniedIdentity = decision.identity;
      exchange.answer(denialAnswer(decision));
      return;
    }
    exchange.admitted = decision;
    exchange.endpointId = decision.endpoint.id;
    const { guard } = this.#deps;
    const { identity, endpoint } = decision;
    const limit = guard.requests.admit(exchange, identity?.userId, endpoint.task.id);
    if (limit !== undefined) {
      guard.hit(limit);
      exchange.answer(limitAnswer(limit));
      return;
    }
    const { head } = exchange;
    const passage = entrance.passageOf(head, target, decision);
    if ('status' in passage) {
      exchange.answer(passage);
      return;
    }
    const ownCookies = entrance.ownCookiesFor(target);
    const headers = headersForTask(head, exchange.origin, decision, passage.prefix, ownCookies);
    if (continues) exchange.response.writeContinue();
    exchange.forward(
      pools.get(passage.endpoint.id, passage.upstream),
      passage,
      headers,
      ownCookies,
      entrance.stickyCookieFor(head, target, decision),
    );
  }

  /** The router's own fault. The client learns that much and no more. */
  #broke(exchange: Exchange, error: unknown): void {
    this.#deps.log.error(
      { event: 'request-broke', error: error instanceof Error ? error.stack : String(error) },
      'a request ended in an error of the router’s own',
    );
    if (!exchange.done) exchange.answer(INTERNAL_ERROR);
  }

  #holdStreams(): void {
    const before = performance.now() - STREAM_AFTER;
    for (const exchange of this.#running) {
      const { admitted } = exchange;
      if (admitted === undefined || exchange.release !== undefined) continue;
      if (exchange.started > before) continue;
      const { hold, activity } = this.#deps;
      const release = hold(admitted, (reason) => exchange.cut(reason));
      const bytes = (): number => exchange.bytesIn + exchange.bytesOut;
      const unfollow = activity.follow('http', admitted.endpoint.id, bytes);
      exchange.release = () => {
        release();
        unfollow();
      };
    }
  }

  #finished(exchange: Exchange): void {
    const last = this.#running.pop();
    if (last !== undefined && last !== exchange) {
      this.#running[exchange.place] = last;
      last.place = exchange.place;
    }
    const { guard, metrics, activity, writeAccess } = this.#deps;
    guard.requests.leave(exchange);
    const { head, admitted, response, bytesIn, bytesOut, passage, reason } = exchange;
    const used = reason === undefined || (reason === 'client-left' && bytesOut > 0);
    if (used && passage !== undefined) activity.answered('http', passage.endpoint.id);
    const duration = performance.now() - exchange.started;
    metrics.answered(exchange.kind, response.statusCode, duration, bytesIn, bytesOut);
    const identity = admitted?.identity ?? exchange.deniedIdentity;
    writeAccess({
      time: Date.now(),
      kind: 'request',
      method: head.method,
      host: head.host,
      url: head.url,
      client: exchange.origin.address,
      userAgent: head.userAgent,
      status: response.statusCode,
      duration,
      bytesIn,
      bytesOut,
      endpoint: exchange.endpointId,
      user: identity?.userId,
      credential: admitted?.credential,
      reason,
    });
  }
}
