import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Gate } from '../auth/gate/decision.ts';
import type { RouteSource } from '../routes/model/table.ts';
import type { Log } from '../telemetry/log.ts';
import { inBrief, type AccessRecord } from '../http/access_log.ts';
import type { Activity } from '../activity/activity.ts';
import { sendAnswer, type Answer } from '../pages/answer.ts';
import type { Admission, GuardedTarget, Proxied, Tunnelled } from '../http/admission.ts';
import type { Entrance } from '../http/entrance.ts';
import { handshakeRefusal } from './handshake.ts';
import { limitAnswer } from '../pages/limit_answers.ts';
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
import { UpgradeAttempt, detachedResponse } from './upgrade_attempt.ts';
import { withdrawal } from './ending.ts';
import { sendUpgrade } from './upgrade_request.ts';
import { TaskClosed } from '../upstream/failure.ts';
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
    const target = entrance.targetOf(head, 'upgrade');
    switch (target.kind) {
      case 'refused':
        this.#answer(attempt, refusalAnswer(target.status, target.reason));
        return;
      case 'redirect':
        this.#answer(attempt, redirectAnswer(target.location));
        return;
      case 'own':
        this.#answer(attempt, NO_SUCH_PAGE);
        return;
      case 'endpoint':
      case 'static':
        this.#admit(attempt, target).catch((error: unknown) => this.#broke(attempt, error));
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

  async #admit(attempt: UpgradeAttempt, target: GuardedTarget): Promise<void> {
    const { admission, tunnel, hold } = this.#deps;
    const asksForTunnel = tunnel?.asked(attempt.request) === true;
    const outcome = await (asksForTunnel
      ? admission.toTcp(attempt, target)
      : admission.toWeb(attempt, target));
    if (attempt.answered) return;
    attempt.settle(outcome);
    if (outcome.outcome === 'answered') {
      this.#answer(attempt, outcome.answer);
      return;
    }
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

  /** The tunnel watches over its own, from before it asks the task. */
  async #openTunnel(
    attempt: UpgradeAttempt,
    tunnel: Tunnel,
    { admitted }: Tunnelled,
  ): Promise<void> {
    const { client, request, socket, early } = attempt;
    // Two answers must not meet on one socket: a tunnel that is called off just ends.
    attempt.callOff = () => void socket.destroy();
    const refusal = await tunnel.open({
      request,
      socket,
      head: early,
      admitted,
      clientAddress: client.address,
      account: attempt.count.account,
    });
    if (refusal === undefined) {
      this.#open.handOn(attempt);
      return;
    }
    if (attempt.answered) return;
    this.#answer(attempt, {
      status: refusal.status,
      code: 'tunnel-refused',
      title: 'No tunnel to this task',
      detail: refusal.reason,
    });
  }

  #send(attempt: UpgradeAttempt, outcome: Proxied): void {
    const { request, socket, early } = attempt;
    const { proxied, headers, ownCookies } = outcome;
    const { origin } = this.#deps.entrance;
    const failed = (error: Error): void => this.#failed(attempt, error);
    // http-proxy sends what it finds in these two.
    request.url = proxied.path;
    request.headers = headersByName([...headers, 'connection', 'Upgrade', 'upgrade', 'websocket']);
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
        const greeting = [switchingHead(confined), head];
        // The server of users' traffic hands out sockets, and promises streams alone.
        const client = socket as Socket;
        const opened = this.#start(attempt, outcome, {
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
        this.#declined(attempt, proxied, answer.statusCode ?? 0);
      },
      failed,
      holds: (bytes) => attempt.hold(bytes),
    });
  }

  #declined(attempt: UpgradeAttempt, { endpoint }: ProxiedRequest, status: number): void {
    const { activity, writeAccess } = this.#deps;
    activity.reached('http', endpoint.id);
    const unfollow = activity.follow('http', endpoint.id, () => attempt.bytesOut);
    attempt.socket.once('close', () => {
      unfollow();
      writeAccess(attempt.record(status, 0, attempt.bytesOut));
    });
  }

  #failed(attempt: UpgradeAttempt, error: Error): void {
    if (attempt.socket.destroyed) {
      attempt.reason = 'client-left';
      this.#deps.writeAccess(attempt.record(0, 0, 0));
      return;
    }
    this.#answer(attempt, this.#deps.failures.answerTo(error, attempt.proxied?.endpoint.id));
  }

  /** False when the task has gone already. */
  #start(attempt: UpgradeAttempt, { proxied, admitted }: Proxied, ends: WebSocketEnds): boolean {
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
    activity.reached('http', id);
    const unfollow = activity.follow('http', id, () => session.bytesIn + session.bytesOut);
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
