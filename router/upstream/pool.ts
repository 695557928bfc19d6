import type { Upstream } from '../routes/model/endpoint.ts';
import type { Asker } from './asker.ts';
import { UpstreamConnection, type ConnectionOwner } from './connection.ts';

/** One who asks, and who may have left by the time that it is its turn. */
export interface QueuedAsker extends Asker {
  readonly done: boolean;
  /** The connection that the request goes out on. */
  readonly sentOver: (connection: UpstreamConnection) => void;
}

/** Keep-alive connections to one endpoint of a task. As many as there are requests at once, the most recently used first. */
export class UpstreamPool implements ConnectionOwner {
  readonly upstream: Upstream;
  readonly #answerTime: number | undefined;
  readonly #connections = new Set<UpstreamConnection>();
  readonly #idle: UpstreamConnection[] = [];
  #queue: { readonly asker: QueuedAsker; readonly fresh: boolean }[] = [];
  #ended: Error | undefined = undefined;

  constructor(upstream: Upstream, answerTime: number | undefined) {
    this.upstream = upstream;
    this.#answerTime = answerTime;
  }

  /**
   * Sends a request to the task, once the event loop has been through what had come before: a connection on which an answer came
   * that nobody asked for, or that the task has closed, is not taken for an idle one (A37, GHSA-35p6-xmwp-9g52).
   *
   * @param fresh over a connection of its own.
   */
  ask(asker: QueuedAsker, fresh: boolean): void {
    if (this.#queue.push({ asker, fresh }) === 1) setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    const queue = this.#queue;
    this.#queue = [];
    const now = performance.now();
    for (const { asker, fresh } of queue) {
      if (asker.done) continue;
      if (this.#ended !== undefined) {
        asker.failed(this.#ended);
        continue;
      }
      const connection = (fresh ? undefined : this.#takeIdle(now)) ?? this.#open();
      asker.sentOver(connection);
      connection.ask(asker);
    }
  };

  #takeIdle(now: number): UpstreamConnection | undefined {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined || connection.idleUntil > now) return connection;
      connection.destroy(undefined);
    }
  }

  #open(): UpstreamConnection {
    const connection = new UpstreamConnection(this.upstream, this, this.#answerTime);
    this.#connections.add(connection);
    return connection;
  }

  idle(connection: UpstreamConnection): void {
    this.#idle.push(connection);
  }

  closed(connection: UpstreamConnection): void {
    if (!this.#connections.delete(connection)) return;
    const place = this.#idle.indexOf(connection);
    if (place !== -1) this.#idle.splice(place, 1);
  }

  /** Ends connections that have been idle for too long. `now` by the clock of `performance.now`. */
  sweep(now: number): void {
    const stale = this.#idle.filter(({ idleUntil }) => idleUntil <= now);
    for (const connection of stale) connection.destroy(undefined);
  }

  /** Ends every connection and every request on them, now and from now on. */
  end(error: Error): void {
    this.#ended = error;
    for (const connection of this.#connections) connection.destroy(error);
  }
}
