import type { IncomingMessage } from 'node:http';
import { ServerResponse } from 'node:http';
import type { Admitted } from '../auth/decision.ts';
import type { Identity } from '../auth/identity.ts';
import { preferredForm } from './accept.ts';
import type { Answer } from './answer.ts';
import { sendAnswer } from './answer.ts';
import type { AnswerHead } from './answer_head.ts';
import { AnswerWriter } from './answer_writer.ts';
import type { Seat } from '../load/limits.ts';
import { UNCOUNTED } from '../load/tally.ts';
import type { Origin } from './client_address.ts';
import { passInterim } from './interim_and_trailers.ts';
import type { RequestHead } from './request_head.ts';
import { headersForClient } from './response_headers.ts';
import type { Passage } from './session.ts';
import type { RequestKind } from './traffic_metrics.ts';
import type { TaskRequest, UpstreamConnection } from './upstream_connection.ts';
import { ROUTE_ENDED, RouteEnded, failureAnswer, failureClass } from './upstream_failure.ts';
import type { FailureClass } from './upstream_failure.ts';
import type { QueuedAsker, UpstreamPool } from './upstream_pool.ts';

/** How long a client may take to read what was already sent before a connection that can only be broken is broken. */
const LAST_BYTES_TIME = 1_000;

/** What exchanges report to, and what they take from the whole proxy. */
export interface ExchangeHost {
  readonly finished: (exchange: Exchange) => void;
  readonly failed: (failure: FailureClass, exchange: Exchange, error: unknown) => void;
  /** Names (with port, lower case) under which browsers know the router. */
  readonly ownHosts: readonly string[];
  /** ROUTER_URL as an origin: the list of a user's endpoints is there. */
  readonly home: string;
}

/** A response that knows its exchange, so that its events need no closure of their own. */
export class RouterResponse extends ServerResponse {
  exchange: Exchange | undefined = undefined;
}

function onClose(this: RouterResponse): void {
  this.exchange?.closed();
}

/** RFC 9110 section 9.2.2; only without a body, so that nothing of the request was used up. */
function mayRepeat(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS' || method === 'DELETE';
}

/** What a task is asked before it is known. */
const NOTHING: TaskRequest = {
  method: '',
  path: '',
  headers: [],
  contentLength: undefined,
  body: undefined,
  chunked: false,
  last: false,
};

/**
 * One request and its answer, from the head that was read to the last byte. It is who asks the task: bytes go straight from the
 * task's connection to the client's, and the task waits when the client does not keep up.
 */
export class Exchange implements QueuedAsker, Seat {
  readonly request: IncomingMessage;
  readonly response: RouterResponse;
  readonly head: RequestHead;
  readonly origin: Origin;
  readonly started: number;
  readonly #host: ExchangeHost;
  kind: RequestKind = 'refused';
  /** The endpoint that was asked for; the same that the gate was asked about and that the request goes to. */
  endpointId: string | undefined = undefined;
  admitted: Admitted | undefined = undefined;
  passage: Passage | undefined = undefined;
  /** Who was denied, where the gate knows; for the audit line. */
  deniedIdentity: Identity | undefined = undefined;
  /** Why it was not served or how it broke; for the access log. */
  reason: string | undefined = undefined;
  seated = false;
  userLoad = UNCOUNTED;
  taskLoad = UNCOUNTED;
  addressLoad = UNCOUNTED;
  /** Its index among the running exchanges; kept by the handler. */
  place = -1;
  bytesIn = 0;
  bytesOut = 0;
  /** Ends the gate's watch over a long answer. */
  release: (() => void) | undefined = undefined;
  outgoing: TaskRequest = NOTHING;
  #done = false;
  #answering = false;
  #retried = false;
  #setCookie: string | undefined = undefined;
  #ownCookies: readonly string[] = [];
  #pool: UpstreamPool | undefined = undefined;
  #connection: UpstreamConnection | undefined = undefined;
  readonly #writer: AnswerWriter;

  constructor(
    request: IncomingMessage,
    response: RouterResponse,
    head: RequestHead,
    origin: Origin,
    host: ExchangeHost,
  ) {
    this.request = request;
    this.response = response;
    this.head = head;
    this.origin = origin;
    this.#host = host;
    this.#writer = new AnswerWriter(response, this);
    this.started = performance.now();
    response.exchange = this;
    response.on('close', onClose);
  }

  /** The client has its answer or is gone. */
  get done(): boolean {
    return this.#done;
  }

  /** Answers in the router's own words. */
  answer(answer: Answer): void {
    this.reason ??= answer.code;
    const form = preferredForm(this.head.accept, this.request.headers['sec-fetch-mode']);
    sendAnswer(this.response, form, answer, this.#host.home);
  }

  /** Sends the request to the task. `setCookie` is the router's own and joins the task's. */
  forward(
    pool: UpstreamPool,
    passage: Passage,
    headers: readonly string[],
    ownCookies: readonly string[],
    setCookie: string | undefined,
  ): void {
    const { head, request } = this;
    const hasBody = head.chunked || (head.contentLength !== undefined && +head.contentLength > 0);
    this.passage = passage;
    this.#ownCookies = ownCookies;
    this.#setCookie = setCookie;
    this.#pool = pool;
    this.outgoing = {
      path: passage.path,
      method: head.method,
      headers,
      contentLength: head.contentLength,
      body: hasBody ? request : undefined,
      chunked: head.chunked,
      // A client that nominates framing headers is up to something: its bytes share a connection with nobody (A6).
      last: head.nominated !== undefined,
    };
    pool.ask(this, false);
  }

  /** Ends an exchange whose right was withdrawn: what was sent stays sent, the rest never comes. */
  cut(reason: string): void {
    this.reason = reason;
    this.response.destroy();
  }

  sentOver(connection: UpstreamConnection): void {
    this.#connection = connection;
  }

  sent(bytes: number): void {
    this.bytesIn += bytes;
  }

  interim({ status, headers }: AnswerHead): void {
    passInterim(this.response, status, headers, this.request.httpVersionMinor > 0);
  }

  answered(answer: AnswerHead): void {
    const { passage, response, head, request } = this;
    if (passage === undefined) return;
    const { status } = answer;
    this.#answering = true;
    const bodiless = head.method === 'HEAD' || status === 204 || status === 304;
    const { headers, length } = headersForClient(answer.headers, {
      passage,
      status,
      framing: { bodiless, chunks: request.httpVersionMinor === 1 },
      hosts: this.#host.ownHosts,
      ownCookies: this.#ownCookies,
    });
    if (this.#setCookie !== undefined) headers.push('Set-Cookie', this.#setCookie);
    response.sendDate = false;
    if (head.nominated !== undefined) response.shouldKeepAlive = false;
    this.#writer.head({ status, reason: answer.reason, headers, length: bodiless ? -1 : length });
  }

  data(bytes: Buffer): void {
    this.bytesOut += bytes.length;
    this.#writer.data(bytes);
  }

  taken(): boolean {
    return this.#writer.taken();
  }

  /** The client has read what was waiting for it. */
  drained(): void {
    this.#connection?.resume();
  }

  ended(trailers: readonly string[]): void {
    this.#connection = undefined;
    this.#writer.end(trailers);
  }

  failed(error: Error): void {
    this.#connection = undefined;
    this.#writer.release();
    if (this.#done || this.#writer.ended) return;
    if (error instanceof RouteEnded) {
      this.reason = 'task-ended';
      this.#fail(ROUTE_ENDED);
      return;
    }
    const failure = failureClass(error);
    if (failure === 'reset' && this.#tryAgain()) return;
    this.#host.failed(failure, this, error);
    this.reason = `task-${failure}`;
    this.#fail(failureAnswer(failure));
  }

  /** A keep-alive connection that the task closed as the request went out says nothing of the task: once more, on a new one. */
  #tryAgain(): boolean {
    if (this.#retried || this.#answering || this.outgoing.body !== undefined) return false;
    if (!mayRepeat(this.head.method)) return false;
    this.#retried = true;
    this.#pool?.ask(this, true);
    return true;
  }

  #fail(answer: Answer): void {
    const { response } = this;
    if (!response.headersSent) {
      this.answer(answer);
      return;
    }
    // The head went out: the only true thing left to say is that the body does not end here (A35).
    const { socket } = response;
    if (socket === null) return;
    socket.destroySoon();
    setTimeout(() => response.destroy(), LAST_BYTES_TIME).unref();
  }

  /** The response is over, one way or the other. */
  closed(): void {
    if (this.#done) return;
    this.#done = true;
    this.release?.();
    if (!this.response.writableFinished) {
      this.reason ??= 'client-left';
    }
    this.#connection?.destroy(undefined);
    this.#connection = undefined;
    this.#host.finished(this);
  }
}
