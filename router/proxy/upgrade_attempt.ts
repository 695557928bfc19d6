import { ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import type { Admitted } from '../auth/decision.ts';
import type { Identity } from '../auth/identity.ts';
import { preferredForm } from './accept.ts';
import type { AccessRecord } from './access_log.ts';
import { sendAnswer } from './answer.ts';
import type { Answer } from './answer.ts';
import type { Origin } from './client_address.ts';
import type { RequestHead } from './request_head.ts';
import { headersForClient } from './response_headers.ts';
import type { Passage } from './session.ts';
import { BadAnswer, failureAnswer, failureClass } from './upstream_failure.ts';

/** How long a refused client may take to read its answer and leave. */
const LINGER_TIME = 1_000;

/** One upgrade and the socket that it came on, which belongs to nobody until it is answered. */
export class UpgradeAttempt {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** Bytes that came with the request. */
  readonly early: Buffer;
  readonly head: RequestHead;
  readonly origin: Origin;
  readonly #started = performance.now();
  admitted: Admitted | undefined = undefined;
  deniedIdentity: Identity | undefined = undefined;
  reason: string | undefined = undefined;

  constructor(
    request: IncomingMessage,
    socket: Duplex,
    early: Buffer,
    head: RequestHead,
    origin: Origin,
  ) {
    this.request = request;
    this.socket = socket;
    this.early = early;
    this.head = head;
    this.origin = origin;
  }

  /** Answers in the router's own words and ends the connection. */
  answer(answer: Answer): void {
    this.reason ??= answer.code;
    if (!this.socket.writable) return;
    sendAnswer(
      detachedResponse(this.request, this.socket),
      preferredForm(this.head.accept),
      answer,
    );
  }

  /** Passes on what the task answered instead of 101, and ends the connection. */
  passOn(
    answer: IncomingMessage,
    passage: Passage,
    ownCookies: readonly string[],
    hosts: readonly string[],
  ): void {
    const status = answer.statusCode ?? 502;
    const response = detachedResponse(this.request, this.socket);
    response.sendDate = false;
    try {
      if (status < 200 || status > 599) throw new BadAnswer(`status ${status}`);
      const bodiless = status === 204 || status === 304;
      const { headers } = headersForClient(answer.rawHeaders, {
        passage,
        status,
        framing: { bodiless, chunks: true },
        hosts,
        ownCookies,
      });
      response.writeHead(status, answer.statusMessage ?? '', headers);
    } catch (error) {
      answer.destroy();
      this.reason = 'task-protocol';
      sendAnswer(response, preferredForm(this.head.accept), failureAnswer(failureClass(error)));
      return;
    }
    this.reason = 'declined';
    // An error on either side destroys both: a body that breaks off must not look complete (A35).
    pipeline(answer, response, () => undefined);
  }

  /** What the access log tells of it. */
  record(status: number, bytesIn: number, bytesOut: number): AccessRecord {
    const { head, admitted } = this;
    return {
      time: Date.now(),
      kind: 'upgrade',
      method: head.method,
      host: head.host,
      url: head.url,
      client: this.origin.address,
      userAgent: head.userAgent,
      status,
      duration: performance.now() - this.#started,
      bytesIn,
      bytesOut,
      endpoint: admitted?.endpoint.id,
      user: (admitted?.identity ?? this.deniedIdentity)?.userId,
      credential: admitted?.credential,
      reason: this.reason,
    };
  }
}

/** Node answers requests only, not upgrades: a response of one's own on the raw socket, which ends with it. */
export function detachedResponse(request: IncomingMessage, socket: Duplex): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as Socket);
  response.once('finish', () => {
    socket.end();
    // Unread bytes would keep the socket open, and one destroyed with unread bytes resets the connection under the answer.
    socket.resume();
    setTimeout(() => socket.destroy(), LINGER_TIME).unref();
  });
  return response;
}
