import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Gate } from '../auth/gate/decision.ts';
import type { StaticRoute } from '../routes/model/table.ts';
import type { Target } from '../routes/model/target.ts';
import { isOfConnections, type Excess } from '../load/load_guard.ts';
import type { Log } from '../telemetry/log.ts';
import type { OwnPages } from '../pages/own_pages.ts';
import type { AccessRecord } from './access_log.ts';
import type { Activity } from '../activity/activity.ts';
import { WHILE_OPEN } from '../activity/meters.ts';
import { isEventStream } from '../activity/use_judge.ts';
import { sendAnswer, type Answer } from '../pages/answer.ts';
import { takeTurns } from './body_turns.ts';
import type { Admission, GuardedTarget, Proxied, Answered } from './admission.ts';
import type { Entrance } from './entrance.ts';
import type { EndpointId } from '../grammar/endpoint_id.ts';
import { HeldRequests, type HoldBounds } from './held_requests.ts';
import type { Listening } from '../waiting/listening.ts';
import { tellsToWait, type WaitingRoom } from './waiting_room.ts';
import { WAIT_OVER } from '../pages/waiting_page.ts';
import { withoutBase } from '../grammar/path.ts';
import { Exchange, type ExchangeHost, type RouterResponse } from './exchange.ts';
import { limitAnswer } from '../pages/limit_answers.ts';
import type { LingeringClose } from './lingering_close.ts';
import {
  INTERNAL_ERROR,
  NO_SUCH_PAGE,
  redirectAnswer,
  refusalAnswer,
} from '../pages/own_answers.ts';
import { isGone } from '../sockets/gone.ts';
import { readHead } from './headers/request_head.ts';
import { ownsWorker } from './headers/service_worker.ts';
import type { TaskFailures } from './task_failures.ts';
import type { TrafficMetrics } from './traffic_metrics.ts';
import type { UpstreamPools } from '../upstream/pools.ts';

/**
 * How often running requests are looked at, for clients that are gone, and from which age on the gate watches over one. No shorter
 * than the gate's own looks: a request that ended before would not have been asked about.
 */
const HELD_AFTER_MS = 1_000;

export interface RequestHandlerDeps {
  readonly entrance: Entrance;
  readonly admission: Admission;
  readonly failures: TaskFailures;
  readonly hold: Gate['hold'];
  readonly pages: readonly OwnPages[];
  readonly pools: UpstreamPools;
  readonly lingering: LingeringClose;
  readonly listening: Listening;
  readonly holds: HoldBounds;
  readonly waitingRoom: WaitingRoom;
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
  readonly #held: HeldRequests<Exchange>;
  #asksToLeave = false;

  constructor(deps: RequestHandlerDeps) {
    this.#deps = deps;
    this.#host = {
      answered: ({ endpoint, chosenAt }) => {
        if (endpoint !== undefined) deps.activity.answered('http', endpoint.id, chosenAt);
      },
      finished: (exchange) => this.#finished(exchange),
      leftUnanswered: ({ endpoint }) => {
        if (endpoint !== undefined) deps.activity.leftUnanswered(endpoint.id);
      },
      failed: (error, exchange, lost) =>
        deps.failures.answerTo(error, exchange.endpoint?.id, lost ? exchange.chosenAt : undefined),
      next: (exchange, lost, failure) => this.#next(exchange, lost, failure),
      unanswered: (exchange, failure) => this.#unanswered(exchange, failure),
      readRest: (request) => deps.lingering.readRest(request),
      home: deps.entrance.home,
      origin: deps.entrance.origin,
    };
    this.#held = new HeldRequests(deps.listening, deps.holds, (exchange) => this.#again(exchange));
    this.#sweep = setInterval(() => this.#holdOpen(), HELD_AFTER_MS).unref();
  }

  /** From now on each answer asks its client to leave. */
  askToLeave(): void {
    this.#asksToLeave = true;
  }

  close(): void {
    clearInterval(this.#sweep);
  }

  /**
   * Ends a connection, and all that runs on it. Where Node has handed it out, for an upgrade or a CONNECT, it tells the answers that
   * wait behind another one's nothing of its end: each would count for ever.
   */
  abandon(socket: Duplex): void {
    for (const exchange of this.#running.filter(({ request }) => request.socket === socket)) {
      exchange.closed();
    }
    socket.destroy();
  }

  /** One request. `continues`: it waits for 100 before it sends its body. */
  handle(request: IncomingMessage, response: RouterResponse, continues: boolean): void {
    const head = readHead(request);
    if ('status' in head) {
      response.shouldKeepAlive = false;
      sendAnswer(response, 'json', refusalAnswer(head.status, head.reason));
      return;
    }
    if (head.chunked) takeTurns(request);
    const { entrance, admission } = this.#deps;
    const client = entrance.clientOf(request, head);
    const exchange = new Exchange(request, response, head, client, this.#host, continues);
    exchange.place = this.#running.push(exchange) - 1;
    if (this.#asksToLeave) response.shouldKeepAlive = false;
    const excess = admission.arrive(exchange, request.socket);
    if (excess !== undefined) {
      this.#turnAway(exchange, excess);
      return;
    }
    this.#aim(exchange);
  }

  #aim(exchange: Exchange): void {
    const { entrance, admission } = this.#deps;
    const { head } = exchange;
    const target = entrance.targetOf(head, 'request', 'http');
    if (head.serviceWorker && !ownsWorker(head, target)) {
      exchange.answer(refusalAnswer(403, 'a service worker is a script of the endpoint it is for'));
      return;
    }
    exchange.aims(target);
    if (target.kind !== 'endpoint' && target.kind !== 'static') {
      this.#answerOwn(exchange, target);
      return;
    }
    const outcome = admission.toWeb(exchange, target);
    if (!(outcome instanceof Promise)) {
      this.#carry(exchange, outcome);
      return;
    }
    outcome.then(
      (settled) => this.#carry(exchange, settled),
      (error: unknown) => this.#broke(exchange, error),
    );
  }

  #turnAway(exchange: Exchange, excess: Excess): void {
    // What it goes on to send would be read to its end for nothing, and a connection beyond its limit is not to stay.
    const { head, response } = exchange;
    const hasBody = head.chunked || head.contentLength !== undefined;
    if (isOfConnections(excess) || (excess === 'overload' && hasBody)) {
      response.shouldKeepAlive = false;
    }
    exchange.answer(limitAnswer(excess));
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
        exchange.goOn();
        this.#askPages(exchange, target).catch((error: unknown) => this.#broke(exchange, error));
    }
  }

  async #askPages(exchange: Exchange, target: Target & { readonly kind: 'own' }): Promise<void> {
    const { request, response, client } = exchange;
    const own = {
      message: request,
      path: target.path,
      query: target.query,
      clientAddress: client.address,
    };
    for (const page of this.#deps.pages) {
      if (await page(own, response)) return;
    }
    exchange.answer(NO_SUCH_PAGE);
  }

  #carry(exchange: Exchange, outcome: Proxied | Answered): void {
    if (exchange.done) return;
    if (outcome.outcome === 'answered') {
      this.#settle(exchange, outcome);
      return;
    }
    if (exchange.head.polls) {
      this.#deps.waitingRoom.poll(exchange, outcome).then(
        (settled) => this.#carry(exchange, settled),
        (error: unknown) => this.#broke(exchange, error),
      );
      return;
    }
    const { endpoint, upstream, base, path } = outcome.proxied;
    const inApp = base === '' ? path : withoutBase(path, base);
    const { credential } = outcome.admitted;
    const byToken = credential === 'bearer' || credential === 'endpoint-token';
    exchange.isUse ||= this.#deps.activity.uses.isUse(endpoint, inApp, exchange.head, byToken);
    exchange.forward(this.#deps.pools.get(endpoint.id, upstream), outcome);
  }

  #settle(exchange: Exchange, outcome: Answered): void {
    const { answer, admitted } = outcome;
    if (tellsToWait(answer) && this.#hold(exchange, admitted?.endpoint.id)) return;
    const { polls } = exchange.head;
    // Of what fails otherwise the page that waits is to be told by loading itself anew.
    const over = polls && admitted !== undefined && answer.status === 502;
    const dressed = over ? WAIT_OVER : this.#deps.waitingRoom.dress(exchange, answer, outcome);
    exchange.settle({ ...outcome, answer: dressed });
  }

  #unanswered(exchange: Exchange, failure: Answer): void {
    const { admitted, endpoint, tries } = exchange;
    if (tellsToWait(failure) && this.#hold(exchange, endpoint?.id)) return;
    exchange.fail(this.#deps.waitingRoom.dress(exchange, failure, { admitted }, tries));
  }

  /** Holds it until this task, or another of its route, may take it; where its client prefers that. */
  #hold(exchange: Exchange, id: EndpointId | undefined): boolean {
    const { head } = exchange;
    if (head.polls || id === undefined) return false;
    const target = this.#deps.entrance.targetOf(head, 'request', 'http');
    const balanced = target.kind === 'static' && target.route.loadBalanced;
    return this.#held.hold(exchange, balanced ? idsOf(target.route) : [id]);
  }

  /** It was held, and asks for its task once more: whatever has changed meanwhile counts. */
  #again(exchange: Exchange): void {
    exchange.leaveTask();
    this.#deps.admission.comesAgain(exchange);
    this.#aim(exchange);
  }

  /** Whatever keeps it from another task, its client is told how the one failed that it went to. */
  #next(exchange: Exchange, lost: Proxied, failure: Answer): boolean {
    const outcome = this.#deps.admission.toNextWeb(exchange, lost);
    if (outcome === undefined) return false;
    exchange.leaveTask();
    const goOn = (settled: Proxied | Answered): void => {
      if (exchange.done) return;
      if (settled.outcome === 'answered') {
        this.#unanswered(exchange, failure);
        return;
      }
      this.#deps.metrics.failedOver('request');
      this.#carry(exchange, settled);
    };
    if (!(outcome instanceof Promise)) goOn(outcome);
    else outcome.then(goOn, (error: unknown) => this.#broke(exchange, error));
    return true;
  }

  /** The router's own fault. The client learns that much and no more. */
  #broke(exchange: Exchange, error: unknown): void {
    this.#deps.log.error(
      { event: 'request_broke', error: error instanceof Error ? error.stack : String(error) },
      'a request ended in an error of the router’s own',
    );
    if (!exchange.done) exchange.answer(INTERNAL_ERROR);
  }

  #holdOpen(): void {
    const before = performance.now() - HELD_AFTER_MS;
    for (const exchange of this.#running) {
      const { admitted, request, started } = exchange;
      if (started > before) continue;
      // While a body waits its client is not read, and its reset not heard.
      if (isGone(request.socket)) request.socket.destroy();
      if (admitted === undefined || exchange.held) continue;
      const { hold, activity } = this.#deps;
      const release = hold(admitted, (reason) => {
        if (!this.#held.wake(exchange)) exchange.withdrawn(reason);
      });
      let unfollow = exchange.isUse
        ? activity.follow('http', admitted.endpoint.id, WHILE_OPEN)
        : undefined;
      if (isEventStream(exchange.head)) {
        // It was a use when it was opened.
        unfollow?.();
        unfollow = undefined;
        exchange.isUse = false;
      }
      exchange.heldUntil(() => {
        release();
        unfollow?.();
      });
    }
  }

  #finished(exchange: Exchange): void {
    const last = this.#running.pop();
    if (last !== undefined && last !== exchange) {
      this.#running[exchange.place] = last;
      last.place = exchange.place;
    }
    const { admission, metrics, activity, writeAccess } = this.#deps;
    const { endpoint } = exchange;
    this.#held.forget(exchange);
    admission.leave(exchange);
    if (exchange.used && exchange.isUse && endpoint !== undefined) {
      activity.used('http', endpoint.id);
    }
    exchange.tell(metrics, writeAccess);
  }
}

/** Tasks of a load-balanced route that a request waits for. */
const MOST_WAITED_FOR = 8;

function idsOf({ endpoints }: StaticRoute): readonly EndpointId[] {
  return endpoints.slice(0, MOST_WAITED_FOR).map(({ id }) => id);
}
