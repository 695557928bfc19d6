import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Admitted, Decision, Gate } from '../auth/decision.ts';
import type { RouteSource, RouteTable } from '../routes/table.ts';
import type { LoadGuard } from '../load/load_guard.ts';
import type { LimitName } from '../load/limits.ts';
import { emptySeat } from '../load/limits.ts';
import type { Log } from '../telemetry/log.ts';
import { excerpt } from '../telemetry/hostile_text.ts';
import type { AccessRecord } from './access_log.ts';
import type { Activity } from './activity.ts';
import { sendAnswer } from './answer.ts';
import type { Answer } from './answer.ts';
import { denialAnswer } from './denial_answers.ts';
import type { Entrance, GuardedTarget } from './entrance.ts';
import { handshakeFault } from './handshake.ts';
import { limitAnswer } from './limit_answers.ts';
import { INTERNAL_ERROR, NO_SUCH_PAGE, redirectAnswer, refusalAnswer } from './own_answers.ts';
import { readHead } from './request_head.ts';
import { headersForTask } from './request_headers.ts';
import { headersForClient } from './response_headers.ts';
import type { Passage } from './session.ts';
import type { TrafficMetrics } from './traffic_metrics.ts';
import type { Tunnel } from './tunnel.ts';
import { UpgradeAttempt, detachedResponse } from './upgrade_attempt.ts';
import { sendUpgrade } from './upgrade_request.ts';
import { TaskClosed, failureAnswer, failureClass } from './upstream_failure.ts';
import { headersByName, switchingHead } from './websocket_headers.ts';
import { WebSocketSession } from './websocket_session.ts';
import type { WebSocketEnds } from './websocket_session.ts';

/** RFC 6455 section 7.4.1. */
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;

export interface UpgradeHandlerDeps {
  readonly entrance: Entrance;
  readonly hold: Gate['hold'];
  readonly routes: RouteSource;
  readonly tunnel: Tunnel | undefined;
  readonly guard: LoadGuard;
  readonly log: Log;
  readonly writeAccess: (record: AccessRecord) => void;
  readonly metrics: TrafficMetrics;
  readonly activity: Activity;
}

/**
 * A client may vanish at any time; what matters is that its socket closes, which others listen for. No closure, which would keep
 * all of the upgrade for as long as the socket lives.
 */
function destroySelf(this: Duplex): void {
  this.destroy();
}

/** Carries upgrades: the same way in as for requests, then a WebSocket to the task or a tunnel to its TCP lane. */
export class UpgradeHandler {
  readonly #deps: UpgradeHandlerDeps;
  readonly #sessions = new Map<WebSocketSession, Passage>();
  readonly #unsubscribe: () => void;
  #onLastEnded: (() => void) | undefined = undefined;

  constructor(deps: UpgradeHandlerDeps) {
    this.#deps = deps;
    this.#unsubscribe = deps.routes.subscribe((table) => this.#endStale(table));
  }

  /** Resolves when no session is open. */
  async ended(): Promise<void> {
    if (this.#sessions.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onLastEnded = resolve;
    });
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
    const { entrance } = this.#deps;
    const origin = entrance.originOf(request, head);
    const attempt = new UpgradeAttempt(request, socket, early, head, origin);
    const excess = this.#deps.guard.turnsAway(request.socket);
    if (excess !== undefined) {
      this.#answer(attempt, limitAnswer(excess));
      return;
    }
    const fault = handshakeFault(request, head);
    if (fault !== undefined) {
      this.#answer(attempt, refusalAnswer(400, fault));
      return;
    }
    const target = entrance.targetOf(head);
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
        Promise.resolve(entrance.admit('upgrade', head, origin, target))
          .then((decision) => this.#decided(attempt, target, decision))
          .catch((error: unknown) => this.#broke(attempt, error));
    }
  }

  /** Ends all sessions: the router stops. */
  endAll(): void {
    this.#unsubscribe();
    for (const session of this.#sessions.keys()) session.close(GOING_AWAY, 'the router stops');
  }

  async #decided(
    attempt: UpgradeAttempt,
    target: GuardedTarget,
    decision: Decision,
  ): Promise<void> {
    const { entrance, tunnel } = this.#deps;
    if (decision.outcome === 'denied') {
      attempt.reason = decision.reason;
      attempt.deniedIdentity = decision.identity;
      this.#answer(attempt, denialAnswer(decision));
      return;
    }
    if (attempt.socket.destroyed) return;
    attempt.admitted = decision;
    const limit = this.#takeSeat(attempt, decision);
    if (limit !== undefined) {
      this.#deps.guard.hit(limit);
      this.#answer(attempt, limitAnswer(limit));
      return;
    }
    const { head, origin, request, socket, early } = attempt;
    if (tunnel?.asked(request) === true) {
      const refusal = await tunnel.open({
        request,
        socket,
        head: early,
        admitted: decision,
        clientAddress: origin.address,
      });
      if (refusal !== undefined) {
        this.#answer(attempt, {
          status: refusal.status,
          code: 'tunnel-refused',
          title: 'No tunnel to this task',
          detail: refusal.reason,
        });
      }
      return;
    }
    const passage = entrance.passageOf(head, target, decision);
    if ('status' in passage) {
      this.#answer(attempt, passage);
      return;
    }
    const ownCookies = entrance.ownCookiesFor(target);
    const headers = headersForTask(head, origin, decision, passage.prefix, ownCookies);
    this.#send(attempt, passage, headers, ownCookies);
  }

  /** Counts it for as long as its socket is open. The limit that it is beyond is told before the task has heard of it. */
  #takeSeat(
    { socket, origin }: UpgradeAttempt,
    { identity, endpoint }: Admitted,
  ): LimitName | undefined {
    const { webSockets } = this.#deps.guard;
    const seat = emptySeat();
    socket.once('close', () => webSockets.leave(seat));
    return (
      webSockets.arrive(seat, origin.known) ??
      webSockets.admit(seat, identity?.userId, endpoint.task.id)
    );
  }

  #send(
    attempt: UpgradeAttempt,
    passage: Passage,
    headers: readonly string[],
    ownCookies: readonly string[],
  ): void {
    const { request, socket, early } = attempt;
    const { entrance, activity, writeAccess } = this.#deps;
    const hosts = entrance.ownHosts;
    const failed = (error: Error): void => this.#failed(attempt, passage, error);
    // http-proxy sends what it finds in these two.
    request.url = passage.path;
    request.headers = headersByName([...headers, 'connection', 'Upgrade', 'upgrade', 'websocket']);
    sendUpgrade(request, socket, passage.upstream, passage.path, {
      switched: (answer, task, head) => {
        const { headers: confined } = headersForClient(answer.rawHeaders, {
          passage,
          status: 101,
          framing: { bodiless: true, chunks: false },
          hosts,
          ownCookies,
        });
        const greeting = [switchingHead(confined), head];
        // The server of users' traffic hands out sockets, and promises streams alone.
        const client = socket as Socket;
        const opened = this.#open(attempt, passage, { client, early, task, greeting });
        if (!opened) failed(new TaskClosed('the task closed the connection'));
      },
      declined: (answer) => {
        attempt.passOn(answer, passage, ownCookies, hosts);
        activity.reached('http', passage.endpoint.id);
        writeAccess(attempt.record(answer.statusCode ?? 0, 0, 0));
      },
      failed,
    });
  }

  #failed(attempt: UpgradeAttempt, passage: Passage, error: Error): void {
    const { metrics, activity, log, writeAccess } = this.#deps;
    if (attempt.socket.destroyed) {
      attempt.reason = 'client-left';
      writeAccess(attempt.record(0, 0, 0));
      return;
    }
    const failure = failureClass(error);
    metrics.failed(failure);
    activity.failed('http', passage.endpoint.id, failure);
    log.warn(
      {
        event: 'upstream-failed',
        endpoint: passage.endpoint.id,
        failure,
        error: excerpt(String(error)),
      },
      'a task did not answer an upgrade',
    );
    this.#answer(attempt, failureAnswer(failure));
  }

  /** False when the task has gone already. */
  #open(attempt: UpgradeAttempt, passage: Passage, ends: WebSocketEnds): boolean {
    const { metrics, hold, activity, writeAccess } = this.#deps;
    const { admitted } = attempt;
    const { id } = passage.endpoint;
    // All that is kept of the request while the session lasts.
    const record = attempt.record(101, 0, 0);
    const started = performance.now() - record.duration;
    let reason: string | undefined;
    let release: (() => void) | undefined;
    const session = WebSocketSession.start(ends, () => {
      if (session === undefined) return;
      this.#sessions.delete(session);
      release?.();
      unfollow();
      if (this.#sessions.size === 0) this.#onLastEnded?.();
      const { bytesIn, bytesOut } = session;
      metrics.webSocketClosed(bytesIn, bytesOut);
      const duration = performance.now() - started;
      writeAccess({ ...record, time: Date.now(), duration, bytesIn, bytesOut, reason });
    });
    if (session === undefined) return false;
    this.#sessions.set(session, passage);
    activity.reached('http', id);
    const unfollow = activity.follow('http', id, () => session.bytesIn + session.bytesOut);
    metrics.webSocketOpened();
    if (admitted !== undefined) {
      release = hold(admitted, (withdrawn) => {
        reason = withdrawn;
        session.close(POLICY_VIOLATION, 'access to this task was withdrawn');
      });
    }
    return true;
  }

  #answer(attempt: UpgradeAttempt, answer: Answer): void {
    attempt.answer(answer);
    this.#deps.writeAccess(attempt.record(answer.status, 0, 0));
  }

  #broke(attempt: UpgradeAttempt, error: unknown): void {
    this.#deps.log.error(
      { event: 'upgrade-broke', error: error instanceof Error ? error.stack : String(error) },
      'an upgrade ended in an error of the router’s own',
    );
    this.#answer(attempt, INTERNAL_ERROR);
  }

  #endStale(table: RouteTable): void {
    for (const [session, { endpoint, upstream }] of this.#sessions) {
      const lane = table.endpoints.get(endpoint.id)?.http;
      const stands =
        lane?.state === 'open' &&
        lane.upstream.address === upstream.address &&
        lane.upstream.port === upstream.port;
      if (!stands) session.close(GOING_AWAY, 'the task has ended');
    }
  }
}
