import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Gate } from '../auth/gate/decision.ts';
import type { RouteSource } from '../routes/model/table.ts';
import type { Log } from '../telemetry/log.ts';
import { inBrief, type AccessRecord } from '../http/access_log.ts';
import type { Activity } from '../activity/activity.ts';
import { frameMeter } from '../activity/meters.ts';
import { sendAnswer, type Answer } from '../pages/answer.ts';
import type { Admission, Proxied, Tunnelled } from '../http/admission.ts';
import type { Entrance } from '../http/entrance.ts';
import { readOwnPort } from '../grammar/own_port.ts';
import { handshakeRefusal } from './handshake.ts';
import { limitAnswer } from '../pages/limit_answers.ts';
import { AGAIN_SECONDS } from '../pages/waiting_page.ts';
import { OpenUpgrades } from './open_upgrades.ts';
import {
  INTERNAL_ERROR,
  NO_SUCH_PAGE,
  redirectAnswer,
  refusalAnswer,
} from '../pages/own_answers.ts';
import { readHead } from '../http/headers/request_head.ts';
import { headersForClient } from '../http/headers/response_headers.ts';
import type { ProxiedRequest } from '../http/headers/proxied_request.ts';
import type { TaskFailures } from '../http/task_failures.ts';
import type { TrafficMetrics } from '../http/traffic_metrics.ts';
import type { Tunnel } from './tunnel.ts';
import { WITHDRAWN } from './tunnel_refusal.ts';
import { UpgradeAttempt, detachedResponse } from './upgrade_attempt.ts';
import { withdrawal } from './ending.ts';
import { sendUpgrade } from './upgrade_request.ts';
import { RouteEnded, TaskClosed, isLoss } from '../upstream/failure.ts';
import { headersByName, switchingHead } from './headers.ts';
import { WebSocketSession, type WebSocketEnds } from './session.ts';

export interface UpgradeHandlerDeps {
  readonly entrance: Entrance;
  readonly admission: Admission;
  readonly failures: TaskFailures;
  readonly hold: Gate['hold'];
  readonly routes: RouteSource;
  readonly tunnel: Tunnel | undefined;
  readonly log: Log;
  readonly writeAccess: (record: AccessRecord) => void;
  readonly metrics: TrafficMetrics;
  readonly activity: Activity;
  /** Milliseconds between looks for sessions of which a side is gone. */
  readonly lookEvery?: number | undefined;
}

/** Most that Node's streams hold of the answer to a declined upgrade whose client does not read. */
const MOST_UNREAD_BYTES = 192 * 1024;

/**
 * A client may vanish at any time; what matters is that its socket closes, which others listen for. No closure, which would keep
 * all of the upgrade for as long as the socket lives.
 */
function destroySelf(this: Duplex): void {
  this.destroy();
}

/** Carries upgrades: the same way in as for requests, then a WebSocket to the task or a tunnel to its TCP port. */
export class UpgradeHandler {
  readonly #deps: UpgradeHandlerDeps;
  readonly #open: OpenUpgrades;

  constructor(deps: UpgradeHandlerDeps) {
    this.#deps = deps;
    const answer = (attempt: UpgradeAttempt, words: Answer): void => this.#answer(attempt, words);
    this.#open = new OpenUpgrades(deps.routes, answer, deps.lookEvery);
  }

  /** Resolves when no upgrade is open. */
  ended(): Promise<void> {
    return this.#open.ended();
  }

  /** One upgrade; `early` is what came with it. */
  handle(request: IncomingMessage, socket: Duplex, early: Buffer): void {
    socket.on('error', destroySelf);
    const head = readHead(request);
    if ('status' in head) {
      sendAnswer(
        detachedResponse(request, socket),
        'json',
        refusalAnswer(head.status, head.reason),
      );
      return;
    }
    const { entrance, admission } = this.#deps;
    const attempt = new UpgradeAttempt(
      request,
      socket,
      early,
      head,
      entrance.clientOf(request, head),
    );
    this.#open.begin(attempt);
    const excess = admission.arrive(attempt, request.socket);
    this.#countOutWith(attempt);
    if (excess !== undefined) {
      this.#answer(attempt, limitAnswer(excess));
      return;
    }
    const refused = handshakeRefusal(request, head);
    if (refused !== undefined) {
      this.#answer(attempt, refused);
      return;
    }
    const way = this.#deps.tunnel?.asked(request) === true ? 'tcp' : 'http';
    const target = entrance.targetOf(head, 'upgrade', way);
    switch (target.kind) {
      case 'refused':
        this.#answer(attempt, refusalAnswer(target.status, target.reason));
        return;
      case 'redirect':
        this.#answer(attempt, redirectAnswer(target.location));
        return;
      case 'own': {
        const ownPort = way === 'tcp' ? readOwnPort(target.path) : undefined;
        if (ownPort === undefined) this.#answer(attempt, NO_SUCH_PAGE);
        else this.#enter(attempt, admission.toOwnPort(attempt, ownPort));
        return;
      }
      case 'endpoint':
      case 'static':
        this.#enter(
          attempt,
          way === 'tcp' ? admission.toTcp(attempt, target) : admission.toWeb(attempt, target),
        );
    }
  }

  /** It counts for as long as its socket is open, which must keep nothing else of the upgrade. */
  #countOutWith({ kind, count, socket }: UpgradeAttempt): void {
    const { admission } = this.#deps;
    socket.once('close', () => admission.leave({ kind, count }));
  }

  /** Ends all of them: the router stops. */
  endAll(): void {
    this.#open.endAll();
  }

  #enter(
    attempt: UpgradeAttempt,
    asked: ReturnType<Admission['toTcp'] | Admission['toWeb']>,
  ): void {
    this.#admit(attempt, asked).catch((error: unknown) => this.#broke(attempt, error));
  }

  async #admit(
    attempt: UpgradeAttempt,
    asked: ReturnType<Admission['toTcp'] | Admission['toWeb']>,
  ): Promise<void> {
    const outcome = await asked;
    if (attempt.answered) return;
    if (outcome.outcome === 'answered') {
      attempt.settle(outcome);
      this.#answer(attempt, outcome.answer);
      return;
    }
    await this.#go(attempt, outcome);
  }

  /** The gate has let it in. */
  async #go(attempt: UpgradeAttempt, outcome: Proxied | Tunnelled): Promise<void> {
    const { tunnel, hold } = this.#deps;
    attempt.settle(outcome);
    // Half of a connection is no WebSocket: who ended their side while the gate was asked has left, and says so only once.
    if (attempt.socket.readableEnded) attempt.socket.destroy();
    if (attempt.socket.destroyed) return;
    if (outcome.outcome === 'tunnelled') {
      if (tunnel !== undefined) await this.#openTunnel(attempt, tunnel, outcome);
      return;
    }
    attempt.release = hold(outcome.admitted, (reason) =>
      this.#open.end(attempt, withdrawal(reason)),
    );
    this.#send(attempt, outcome);
  }

  /** The task was lost before it answered: to the next one of its route. Without one its client is told how this one failed. */
  async #goOn(
    attempt: UpgradeAttempt,
    next: ReturnType<Admission['toNextWeb'] | Admission['toNextTcp']>,
    failure: Answer,
  ): Promise<void> {
    const outcome = await next;
    if (attempt.answered) return;
    if (outcome === undefined || outcome.outcome === 'answered') {
      this.#answer(attempt, failure);
      return;
    }
    this.#deps.metrics.failedOver(outcome.outcome === 'proxied' ? 'websocket' : 'tunnel');
    await this.#go(attempt, outcome);
  }

  /** The tunnel watches over its own, from before it asks the task. */
  async #openTunnel(attempt: UpgradeAttempt, tunnel: Tunnel, outcome: Tunnelled): Promise<void> {
    const { client, request, socket, early } = attempt;
    // Two answers must not meet on one socket: a tunnel that is called off just ends.
    attempt.callOff = () => void socket.destroy();
    const refusal = await tunnel.open({
      request,
      socket,
      head: early,
      admitted: outcome.admitted,
      clientAddress: client.address,
      account: attempt.count.account,
    });
    if (refusal === undefined) {
      this.#open.handOn(attempt);
      return;
    }
    if (attempt.answered) return;
    const lost = refusal.failure !== undefined || refusal === WITHDRAWN;
    const next = lost ? this.#deps.admission.toNextTcp(attempt, outcome) : undefined;
    await this.#goOn(attempt, next, {
      status: refusal.status,
      code: 'tunnel-refused',
      title: 'No tunnel to this task',
      detail: refusal.reason,
      headers: refusal.status === 503 ? ['Retry-After', String(AGAIN_SECONDS)] : [],
    });
  }

  #send(attempt: UpgradeAttempt, outcome: Proxied): void {
    const { request, socket, early } = attempt;
    const { proxied, headers, ownCookies, stickyCookie } = outcome;
    const { origin } = this.#deps.entrance;
    const asked = performance.now();
    const failed = (error: Error): void => this.#failed(attempt, error);
    // http-proxy sends what it finds in these two.
    request.url = proxied.path;
    request.headers = headersByName([...headers, 'connection', 'Upgrade', 'upgrade', 'websocket']);
    if (outcome.admitted.route?.loadBalanced === true) {
      const ended = new RouteEnded('the route of this task has ended');
      attempt.taskEnded = () => this.#lost(attempt, outcome, ended, asked);
    }
    attempt.callOff = sendUpgrade(request, socket, proxied.upstream, proxied.path, {
      switched: (answer, task, head) => {
        let confined: readonly string[];
        try {
          const framing = { bodiless: true, chunks: false };
          const context = { proxied, status: 101, framing, origin, ownCookies };
          confined = headersForClient(answer.rawHeaders, context).headers;
        } catch (error) {
          task.destroy();
          failed(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        const sticky = stickyCookie === undefined ? [] : ['Set-Cookie', stickyCookie];
        const greeting = [switchingHead([...confined, ...sticky]), head];
        // The server of users' traffic hands out sockets, and promises streams alone.
        const client = socket as Socket;
        const opened = this.#start(attempt, outcome, asked, {
          client,
          early,
          task,
          greeting,
          account: attempt.count.account,
        });
        if (!opened) failed(new TaskClosed('the task closed the connection'));
      },
      declined: (answer) => {
        try {
          attempt.hold(MOST_UNREAD_BYTES);
          attempt.passOn(answer, outcome, origin);
        } catch (error) {
          answer.destroy();
          failed(error as Error);
          return;
        }
        this.#declined(attempt, proxied, asked, answer.statusCode ?? 0);
      },
      failed: (error, spoken) => {
        if (spoken || !isLoss(error)) failed(error);
        else this.#lost(attempt, outcome, error, asked);
      },
      holds: (bytes) => attempt.hold(bytes),
    });
  }

  #declined(
    attempt: UpgradeAttempt,
    { endpoint }: ProxiedRequest,
    asked: number,
    status: number,
  ): void {
    const { activity, writeAccess } = this.#deps;
    activity.answered('http', endpoint.id, asked);
    attempt.socket.once('close', () => {
      writeAccess(attempt.record(status, 0, attempt.bytesOut));
    });
  }

  #failed(attempt: UpgradeAttempt, error: Error): void {
    if (this.#hasLeft(attempt)) return;
    const { failures } = this.#deps;
    this.#answer(attempt, failures.answerTo(error, attempt.proxied?.endpoint.id, undefined));
  }

  /** The same, before the task had begun to answer. @param asked when it was. */
  #lost(attempt: UpgradeAttempt, outcome: Proxied, error: Error, asked: number): void {
    if (this.#hasLeft(attempt)) return;
    const { failures, admission } = this.#deps;
    const failure = failures.answerTo(error, outcome.proxied.endpoint.id, asked);
    attempt.leaveTask();
    this.#goOn(attempt, admission.toNextWeb(attempt, outcome), failure).catch((broken: unknown) =>
      this.#broke(attempt, broken),
    );
  }

  #hasLeft(attempt: UpgradeAttempt): boolean {
    if (!attempt.socket.destroyed) return false;
    attempt.reason = 'client-left';
    this.#deps.writeAccess(attempt.record(0, 0, 0));
    return true;
  }

  /** False when the task has gone already. */
  #start(
    attempt: UpgradeAttempt,
    { proxied, admitted }: Proxied,
    asked: number,
    ends: WebSocketEnds,
  ): boolean {
    const { metrics, hold, activity, writeAccess } = this.#deps;
    const { id } = proxied.endpoint;
    // All that is kept of the request while the session lasts.
    const record = inBrief(attempt.record(101, 0, 0));
    const started = performance.now() - record.duration;
    let reason: string | undefined;
    let release: (() => void) | undefined;
    const session = WebSocketSession.start(ends, () => {
      if (session === undefined) return;
      release?.();
      unfollow();
      this.#open.closed(session);
      const { bytesIn, bytesOut } = session;
      metrics.webSocketClosed(bytesIn, bytesOut);
      const duration = performance.now() - started;
      writeAccess({ ...record, time: Date.now(), duration, bytesIn, bytesOut, reason });
    });
    if (session === undefined) return false;
    this.#open.opened(session, attempt, proxied);
    activity.answered('http', id, asked);
    const unfollow = activity.follow('http', id, frameMeter(session.sent));
    metrics.webSocketOpened();
    release = hold(admitted, (withdrawn) => {
      const ending = withdrawal(withdrawn);
      reason = ending.reason;
      session.close(ending.code, ending.words);
    });
    return true;
  }

  #answer(attempt: UpgradeAttempt, answer: Answer): void {
    attempt.answer(answer);
    this.#deps.writeAccess(attempt.record(answer.status, 0, 0));
  }

  #broke(attempt: UpgradeAttempt, error: unknown): void {
    this.#deps.log.error(
      { event: 'upgrade_broke', error: error instanceof Error ? error.stack : String(error) },
      'an upgrade ended in an error of the router’s own',
    );
    if (!attempt.answered) this.#answer(attempt, INTERNAL_ERROR);
  }
}
