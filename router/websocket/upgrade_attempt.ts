import { ServerResponse, type IncomingMessage } from 'node:http';
import { pipeline, type Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { preferredForm } from '../grammar/accept.ts';
import { uncountedRequest } from '../load/limits.ts';
import { hold, UNBOUNDED, type Account } from '../load/byte_budget.ts';
import { recordOf, type AccessRecord } from '../http/access_log.ts';
import { sendAnswer, type Answer } from '../pages/answer.ts';
import { readAnswerHead } from '../upstream/answer_head.ts';
import type { Arrival, Proxied, Answered, Tunnelled } from '../http/admission.ts';
import type { ClientInfo } from '../http/headers/client_address.ts';
import type { RequestHead } from '../http/headers/request_head.ts';
import { headersForClient } from '../http/headers/response_headers.ts';
import type { ProxiedRequest } from '../http/headers/proxied_request.ts';
import { BadAnswer } from '../upstream/failure.ts';

const NOTHING = Buffer.alloc(0);
/** What Node has read at once where bytes came with an upgrade; they keep all of it. */
const READ_AT_ONCE_BYTES = 64 * 1024;

/**
 * One upgrade and the socket that it came on, from its first byte until the socket is closed, or is a WebSocket's. It can be
 * ended at any time: while the gate or the task is asked, and while the task's answer is on its way.
 */
export class UpgradeAttempt implements Arrival {
  readonly kind = 'upgrade';
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** Bytes that came with the request. */
  readonly early: Buffer;
  readonly head: RequestHead;
  readonly client: ClientInfo;
  readonly #started = performance.now();
  #outcome: Proxied | Tunnelled | Answered | undefined = undefined;
  /** What it counts against for as long as its socket is open. */
  readonly count = uncountedRequest();
  #proxied: ProxiedRequest | undefined = undefined;
  reason: string | undefined = undefined;
  /** Bytes of the task's answer that are held for its account, until the attempt is over. */
  #held = 0;
  #account: Account = UNBOUNDED;
  /** Ends the gate's watch over it. */
  release: (() => void) | undefined = undefined;
  /** Called when its socket is closed. */
  closed: () => void = () => undefined;
  /** Takes back what the task was asked. */
  callOff: (() => void) | undefined = undefined;
  /** Has another task asked, now that the one has ended that it went to. */
  taskEnded: (() => void) | undefined = undefined;
  /** Bytes that its socket had sent before its answer; undefined while nothing is answered. */
  #sentBefore: number | undefined = undefined;

  constructor(
    request: IncomingMessage,
    socket: Duplex,
    early: Buffer,
    head: RequestHead,
    client: ClientInfo,
  ) {
    this.request = request;
    this.socket = socket;
    this.early = early;
    this.head = head;
    this.client = client;
  }

  get ahead(): number {
    return this.early.length === 0 ? 0 : READ_AT_ONCE_BYTES;
  }

  /** Where it goes, once that is known and for as long as its client has no answer of the router's own. */
  get proxied(): ProxiedRequest | undefined {
    return this.#proxied;
  }

  /** What the gate and the limits said of it. */
  settle(outcome: Proxied | Tunnelled | Answered): void {
    this.#outcome = outcome;
    if (outcome.outcome === 'answered') this.reason = outcome.reason;
    if (outcome.outcome === 'proxied') this.#proxied = outcome.proxied;
  }

  /** The task that it went to is lost, and another is going to be asked. */
  leaveTask(): void {
    this.#proxied = undefined;
    this.taskEnded = undefined;
    this.release?.();
    this.release = undefined;
  }

  /** Counts bytes of the task's answer. @throws OverBudget */
  hold(bytes: number): void {
    this.#account = this.count.account;
    hold(this.#account, bytes);
    this.#held += bytes;
  }

  /** Gives back what was counted. */
  letGo(): void {
    this.#account.budget.give(this.#account, this.#held);
    this.#held = 0;
  }

  /** Something was answered: it is not to become anything else. */
  get answered(): boolean {
    return this.#sentBefore !== undefined;
  }

  /** Bytes of the answer so far. */
  get bytesOut(): number {
    const before = this.#sentBefore;
    return before === undefined ? 0 : (this.socket as Socket).bytesWritten - before;
  }

  /** Answers in the router's own words and ends the connection. */
  answer(answer: Answer): void {
    this.reason ??= answer.code;
    this.#sentBefore = 0;
    this.#proxied = undefined;
    this.release?.();
    if (!this.socket.writable) return;
    sendAnswer(
      detachedResponse(this.request, this.socket),
      preferredForm(this.head.accept),
      answer,
    );
  }

  /**
   * Passes on what the task answered instead of 101, and ends the connection.
   *
   * @throws BadAnswer before anything was passed on.
   */
  passOn(answer: IncomingMessage, { proxied, ownCookies }: Proxied, origin: string): void {
    const { status } = readAnswerHead(headTextOf(answer));
    if (status < 200) throw new BadAnswer('101 without Upgrade');
    const { headers } = headersForClient(answer.rawHeaders, {
      proxied,
      status,
      framing: { bodiless: status === 204 || status === 304, chunks: false },
      origin,
      ownCookies,
    });
    const sentBefore = (this.socket as Socket).bytesWritten;
    // Its head is made before it has the socket: another answer must have it where this one cannot be written.
    const response = detachedResponse(this.request, this.socket, (unsent) =>
      unsent.writeHead(status, headers),
    );
    this.#sentBefore = sentBefore;
    this.reason = 'declined';
    // A client that leaves is noticed only where somebody reads; its early bytes end here (A30).
    this.socket.on('end', () => this.socket.destroy()).resume();
    // A stream that is quiet at first must still begin, its headers byte for byte: as text they would be written as UTF-8.
    response.write(NOTHING);
    // An error on either side destroys both: a body that breaks off must not look complete (A35).
    pipeline(answer, response, () => undefined);
  }

  /** What the access log tells of it. */
  record(status: number, bytesIn: number, bytesOut: number): AccessRecord {
    return recordOf(this, this.#outcome, {
      status,
      duration: performance.now() - this.#started,
      bytesIn,
      bytesOut,
      endpoint: undefined,
      reason: this.reason,
    });
  }
}

/** Node answers requests only, not upgrades: a response of one's own on the raw socket, which ends with it. */
export function detachedResponse(
  request: IncomingMessage,
  socket: Duplex,
  prepare?: (response: ServerResponse) => void,
): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  prepare?.(response);
  response.assignSocket(socket as Socket);
  response.once('finish', () => (socket as Socket).destroySoon());
  return response;
}

/** Node's parser takes what the one for plain requests does not (`Transfer-Encoding: gzip, chunked`): one rule for both. */
function headTextOf({ httpVersion, statusCode, rawHeaders }: IncomingMessage): string {
  let text = `HTTP/${httpVersion} ${statusCode}`;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    text += `\r\n${rawHeaders[index]}: ${rawHeaders[index + 1]}`;
  }
  return text;
}
