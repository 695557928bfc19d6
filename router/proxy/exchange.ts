import type { IncomingMessage } from 'node:http';
import { ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Admitted } from '../auth/decision.ts';
import type { Identity } from '../auth/identity.ts';
import { preferredForm } from './accept.ts';
import type { Answer } from './answer.ts';
import { sendAnswer } from './answer.ts';
import type { Origin } from './client_address.ts';
import { passInterim, passTrailers } from './interim_and_trailers.ts';
import type { RequestHead } from './request_head.ts';
import { headersForClient } from './response_headers.ts';
import type { Passage } from './session.ts';
import { isReason, linesOf } from './task_answer.ts';
import type { RequestKind } from './traffic_metrics.ts';
import {
  BadAnswer,
  ROUTE_ENDED,
  RouteEnded,
  failureAnswer,
  failureClass,
} from './upstream_failure.ts';
import type { FailureClass } from './upstream_failure.ts';

/** How long a client may take to read what was already sent before a connection that can only be broken is broken. */
const LAST_BYTES_TIME = 1_000;
/** Longest body that leaves together with its head. */
const LONGEST_HELD = 8 * 1024;

/** What exchanges report to, and what they take from the whole proxy. */
export interface ExchangeHost {
  readonly finished: (exchange: Exchange) => void;
  readonly failed: (failure: FailureClass, exchange: Exchange, error: unknown) => void;
  /** Names (with port, lower case) under which browsers know the router. */
  readonly ownHosts: readonly string[];
}

/** A response that knows its exchange, so that its events need no closure of their own. */
export class RouterResponse extends ServerResponse {
  exchange: Exchange | undefined = undefined;
}

function onDrain(this: RouterResponse): void {
  this.exchange?.drained();
}

function onClose(this: RouterResponse): void {
  this.exchange?.closed();
}

/** Answers whose head is known and not yet sent. Filled and emptied within one turn of the event loop. */
const heads: Exchange[] = [];

/** Sends the heads of answers whose bodies did not follow at once: a stream that is quiet at first must still begin. */
function flushHeads(): void {
  for (const exchange of heads) exchange.flush();
  heads.length = 0;
}

/** RFC 9110 section 9.2.2; only without a body, so that nothing of the request was used up. */
function mayRepeat(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS' || method === 'DELETE';
}

/**
 * One request and its answer, from the head that was read to the last byte. It is undici's dispatch handler: bytes go straight
 * from the task's connection to the client's, paused when the client does not keep up.
 */
export class Exchange implements Dispatcher.DispatchHandler {
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
  /** Its index among the running exchanges; kept by the handler. */
  place = -1;
  bytesIn = 0;
  bytesOut = 0;
  /** Ends the gate's watch over a long answer. */
  release: (() => void) | undefined = undefined;
  /** Length of the body that the task announced; -1 when it did not. */
  #bodyLength = -1;
  /** The whole of a short body, about to be sent. */
  #held: Buffer | undefined = undefined;
  #done = false;
  #answering = false;
  #retried = false;
  #listensForDrain = false;
  #setCookie: string | undefined = undefined;
  #ownCookies: readonly string[] = [];
  #controller: Dispatcher.DispatchController | undefined = undefined;
  #dispatcher: Dispatcher | undefined = undefined;
  #options: Dispatcher.DispatchOptions | undefined = undefined;

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
    sendAnswer(this.response, form, answer);
  }

  /** Sends the request to the task. `setCookie` is the router's own and joins the task's. */
  forward(
    dispatcher: Dispatcher,
    passage: Passage,
    headers: string[],
    ownCookies: readonly string[],
    setCookie: string | undefined,
  ): void {
    const { head, request } = this;
    const hasBody = head.chunked || (head.contentLength !== undefined && +head.contentLength > 0);
    if (head.contentLength !== undefined) headers.push('Content-Length', head.contentLength);
    this.passage = passage;
    this.#ownCookies = ownCookies;
    this.#setCookie = setCookie;
    this.#dispatcher = dispatcher;
    this.#options = {
      path: passage.path,
      method: head.method,
      headers,
      body: hasBody ? request : null,
      // A client that nominates framing headers is up to something: its bytes share a connection with nobody (A6).
      ...(head.nominated === undefined ? undefined : { reset: true }),
    };
    dispatcher.dispatch(this.#options, this);
  }

  /** Ends an exchange whose right was withdrawn: what was sent stays sent, the rest never comes. */
  cut(reason: string): void {
    this.reason = reason;
    this.response.destroy();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#done) controller.abort(new Error('the client is gone'));
  }

  onBodySent(chunk: Uint8Array): void {
    this.bytesIn += chunk.length;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    statusText?: string,
  ): void {
    if (status < 200) {
      const { response, request } = this;
      passInterim(response, status, linesOf(controller.rawHeaders), request.httpVersionMinor > 0);
      return;
    }
    const { passage, response, head, request } = this;
    const reason = statusText ?? '';
    if (status > 599 || !isReason(reason)) throw new BadAnswer(`status line ${status}`);
    if (passage === undefined) return;
    this.#answering = true;
    const bodiless = head.method === 'HEAD' || status === 204 || status === 304;
    const { headers, length } = headersForClient(linesOf(controller.rawHeaders), {
      passage,
      status,
      framing: { bodiless, chunks: request.httpVersionMinor === 1 },
      hosts: this.#host.ownHosts,
      ownCookies: this.#ownCookies,
    });
    if (this.#setCookie !== undefined) headers.push('Set-Cookie', this.#setCookie);
    response.sendDate = false;
    if (head.nominated !== undefined) response.shouldKeepAlive = false;
    response.writeHead(status, reason, headers);
    if (!bodiless) this.#bodyLength = length;
    if (heads.length === 0) process.nextTick(flushHeads);
    heads.push(this);
  }

  /** Sends what is held back. */
  flush(): void {
    const { response } = this;
    if (response.destroyed || response.writableEnded) return;
    if (this.#held === undefined) {
      response.flushHeaders();
      return;
    }
    const chunk = this.#held;
    this.#held = undefined;
    response.write(chunk);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.bytesOut += chunk.length;
    // A short body that came whole waits for its end, which follows at once: head and body then leave in one write.
    if (chunk.length === this.#bodyLength && chunk.length <= LONGEST_HELD) {
      this.#held = chunk;
      return;
    }
    if (!this.response.write(chunk)) {
      controller.pause();
      if (!this.#listensForDrain) {
        this.#listensForDrain = true;
        this.response.on('drain', onDrain);
      }
    }
  }

  /** The client has read what was waiting for it. */
  drained(): void {
    this.#controller?.resume();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    const { response } = this;
    if (this.#held !== undefined) {
      response.end(this.#held.toString('latin1'), 'latin1');
      return;
    }
    passTrailers(response, linesOf(controller.rawTrailers));
    response.end();
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (this.#done) return;
    if (error instanceof RouteEnded || error.cause instanceof RouteEnded) {
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
    if (this.#retried || this.#answering || this.#options === undefined) return false;
    if (this.#options.body !== null || !mayRepeat(this.head.method)) return false;
    this.#retried = true;
    this.#dispatcher?.dispatch(this.#options, this);
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
      this.#controller?.abort(new Error('the client is gone'));
    }
    this.#host.finished(this);
  }
}
