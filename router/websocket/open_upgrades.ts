import { leadsTo, type RouteSource, type RouteTable } from '../routes/model/table.ts';
import type { Answer } from '../pages/answer.ts';
import type { ProxiedRequest } from '../http/headers/proxied_request.ts';
import type { UpgradeAttempt } from './upgrade_attempt.ts';
import { ROUTER_STOPS, TASK_ENDED, type Ending } from './ending.ts';
import type { WebSocketSession } from './session.ts';
import { lookAround } from '../sockets/gone.ts';

/**
 * Every upgrade until it is over, or until it is an open tunnel, which `tunnel.ts` knows: the end of its route and the end of the
 * router reach it whatever it waits for.
 */
export class OpenUpgrades {
  /** Upgrades that are no WebSocket yet, or never will be. */
  readonly #attempts = new Set<UpgradeAttempt>();
  readonly #sessions = new Map<WebSocketSession, ProxiedRequest>();
  readonly #unsubscribe: () => void;
  readonly #answer: (attempt: UpgradeAttempt, answer: Answer) => void;
  readonly #waiting: (() => void)[] = [];

  readonly #looking: NodeJS.Timeout;

  /** @param lookEvery milliseconds between looks for sessions of which a side is gone. */
  constructor(
    routes: RouteSource,
    answer: (attempt: UpgradeAttempt, answer: Answer) => void,
    lookEvery: number | undefined,
  ) {
    this.#answer = answer;
    this.#looking = lookAround(this.#sessions, (session) => session.endIfGone(), lookEvery);
    this.#unsubscribe = routes.subscribe((table) => this.#endStale(table));
  }

  begin(attempt: UpgradeAttempt): void {
    this.#attempts.add(attempt);
    attempt.closed = () => {
      this.#attempts.delete(attempt);
      attempt.release?.();
      attempt.letGo();
      this.#oneEnded();
    };
    attempt.socket.once('close', attempt.closed);
  }

  /** It has become something else. Nothing of the request lives on with its socket. */
  handOn(attempt: UpgradeAttempt): void {
    attempt.socket.off('close', attempt.closed);
    attempt.closed();
  }

  opened(session: WebSocketSession, attempt: UpgradeAttempt, proxied: ProxiedRequest): void {
    this.#sessions.set(session, proxied);
    this.handOn(attempt);
  }

  closed(session: WebSocketSession): void {
    this.#sessions.delete(session);
    this.#oneEnded();
  }

  /** Resolves when no upgrade is open. */
  async ended(): Promise<void> {
    if (this.#isEmpty()) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Ends what is no session: an answer of the task's on its way is cut, whoever still waits is told. */
  end(attempt: UpgradeAttempt, ending: Ending): void {
    attempt.callOff?.();
    if (ending === TASK_ENDED && !attempt.answered && attempt.taskEnded !== undefined) {
      attempt.taskEnded();
      return;
    }
    attempt.reason = ending.reason;
    if (attempt.answered) attempt.socket.destroy();
    else this.#answer(attempt, ending.answer);
  }

  /** The router stops. */
  endAll(): void {
    this.#unsubscribe();
    clearInterval(this.#looking);
    for (const attempt of this.#attempts) this.end(attempt, ROUTER_STOPS);
    for (const session of this.#sessions.keys()) {
      session.close(ROUTER_STOPS.code, ROUTER_STOPS.words);
    }
  }

  #endStale(table: RouteTable): void {
    const stillLeads = ({ endpoint, upstream }: ProxiedRequest): boolean =>
      leadsTo(table, endpoint.id, upstream);
    for (const attempt of this.#attempts) {
      const { proxied } = attempt;
      if (proxied !== undefined && !stillLeads(proxied)) this.end(attempt, TASK_ENDED);
    }
    for (const [session, proxied] of this.#sessions) {
      if (!stillLeads(proxied)) session.close(TASK_ENDED.code, TASK_ENDED.words);
    }
  }

  #isEmpty(): boolean {
    return this.#attempts.size + this.#sessions.size === 0;
  }

  #oneEnded(): void {
    if (this.#isEmpty()) for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
