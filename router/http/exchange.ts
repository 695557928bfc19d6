import { ServerResponse, type IncomingMessage } from 'node:http';
import { preferredForm } from '../grammar/accept.ts';
import { sendAnswer, type Answer } from '../pages/answer.ts';
import { isBodiless, sizeOf, type AnswerHead } from '../upstream/answer_head.ts';
import type { Socket } from 'node:net';
import { AnswerWriter } from './answer_writer.ts';
import { hold, UNBOUNDED } from '../load/byte_budget.ts';
import type { CountedRequest } from '../load/limits.ts';
import { UNCOUNTED } from '../load/tally.ts';
import { recordOf, type AccessRecord } from './access_log.ts';
import type { Admitted, DenialReason } from '../auth/gate/decision.ts';
import type { Endpoint } from '../routes/model/endpoint.ts';
import type { Target } from '../routes/model/target.ts';
import type { Arrival, Proxied, Answered } from './admission.ts';
import type { ClientInfo } from './headers/client_address.ts';
import { interimText } from '../upstream/interims.ts';
import { withoutWait } from './headers/prefer.ts';
import type { RequestHead } from './headers/request_head.ts';
import { headersForClient } from './headers/response_headers.ts';
import { trailersForClient } from './headers/trailers.ts';
import type { RequestKind, TrafficMetrics } from './traffic_metrics.ts';
import type { TaskRequest } from '../upstream/asker.ts';
import type { UpstreamConnection } from '../upstream/connection.ts';
import { RouteEnded, failureClass, isLoss } from '../upstream/failure.ts';
import type { QueuedAsker, UpstreamPool } from '../upstream/pool.ts';

/** What exchanges report to, and what they take from the whole proxy. */
export interface ExchangeHost {
  /** The task has begun to answer. */
  readonly answered: (exchange: Exchange) => void;
  readonly finished: (exchange: Exchange) => void;
  /** Its client leaves a task that has all it is to get for now, and has said nothing. */
  readonly leftUnanswered: (exchange: Exchange) => void;
  /** Tells of a failure, and says what the client is told of it. `lost`: the task had not begun to answer. */
  readonly failed: (error: Error, exchange: Exchange, lost: boolean) => Answer;
  /** Sends it to another task of its route, or has it unanswered after all. False: there is no other. */
  readonly next: (exchange: Exchange, lost: Proxied, failure: Answer) => boolean;
  /** No task answers: it fails, or is held until one may. */
  readonly unanswered: (exchange: Exchange, failure: Answer) => void;
  /** The answer is out before all of the request has come. */
  readonly readRest: (request: IncomingMessage) => void;
  /** Where the router's own pages are, as an origin: the list of a user's endpoints is there. */
  readonly home: string;
  /** ROUTER_URL as an origin. */
  readonly origin: string;
}

/** A response that knows its exchange, so that its events need no closure of their own. */
export class RouterResponse extends ServerResponse {
  exchange: Exchange | undefined = undefined;
}

function onClose(this: RouterResponse): void {
  this.exchange?.closed();
}

/** Ends the connection of an answer that had no socket yet, since an earlier one was unfinished: called when its turn has come. */
function endSoon(socket: Socket): void {
  socket.destroySoon();
}

/** What Node reads of a body that nobody wants yet. */
const MOST_READ_AHEAD_BYTES = 128 * 1024;

const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'DELETE']);

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
export class Exchange implements QueuedAsker, CountedRequest, Arrival {
  readonly kind = 'request';
  readonly request: IncomingMessage;
  readonly response: RouterResponse;
  readonly head: RequestHead;
  readonly client: ClientInfo;
  readonly started = performance.now();
  /** When the task that it goes to was chosen. */
  chosenAt = this.started;
  readonly #host: ExchangeHost;
  #servedAs: RequestKind = 'refused';
  /** The endpoint that was asked for; the same that the gate was asked about and that the request goes to. */
  #endpointId: string | undefined = undefined;
  #outcome: Proxied | Answered | undefined = undefined;
  /** The client sends its body once it is told to. */
  #waitsForContinue: boolean;
  /** Why it was not served or how it broke; for the access log. */
  #reason: string | undefined = undefined;
  counted = false;
  userLoad = UNCOUNTED;
  taskLoad = UNCOUNTED;
  addressLoad = UNCOUNTED;
  account = UNBOUNDED;
  /** Seconds that its client prefers to wait, once it was held for that; 0 before. */
  waitApplied = 0;
  /** Whether somebody made it, and not an open tab or a monitor by itself; known once it goes to a task. */
  isUse = false;
  /** Its index among the running exchanges; kept by the handler. */
  place = -1;
  #bytesIn = 0;
  #bytesOut = 0;
  /** Ends the gate's watch over a long answer. */
  #release: (() => void) | undefined = undefined;
  outgoing: TaskRequest = NOTHING;
  #done = false;
  /** Bytes that are held although the task's connection has gone on: its client has not read them, or waits for an earlier answer. */
  #kept = 0;
  /** Names that the Connection header of the answer keeps from the client. */
  #nominated: ReadonlySet<string> | undefined = undefined;
  #pool: UpstreamPool | undefined = undefined;
  #connection: UpstreamConnection | undefined = undefined;
  readonly #writer: AnswerWriter;

  /** @param waitsForContinue its client waits for 100 before it sends its body. */
  constructor(
    request: IncomingMessage,
    response: RouterResponse,
    head: RequestHead,
    client: ClientInfo,
    host: ExchangeHost,
    waitsForContinue: boolean,
  ) {
    this.request = request;
    this.response = response;
    this.head = head;
    this.client = client;
    this.#host = host;
    this.#waitsForContinue = waitsForContinue;
    this.#writer = new AnswerWriter(response, this);
    response.exchange = this;
    response.on('close', onClose);
  }

  get count(): CountedRequest {
    return this;
  }

  get ahead(): number {
    const { chunked, contentLength } = this.head;
    return chunked
      ? MOST_READ_AHEAD_BYTES
      : Math.min(MOST_READ_AHEAD_BYTES, Number(contentLength ?? 0));
  }

  get admitted(): Admitted | undefined {
    return this.#outcome?.admitted;
  }

  /** How many tasks it has gone to. */
  get tries(): number {
    return this.#outcome?.outcome === 'proxied' ? this.#outcome.tries : 1;
  }

  /** The task that answers, or does not. */
  get endpoint(): Endpoint | undefined {
    const outcome = this.#outcome;
    return outcome?.outcome === 'proxied' ? outcome.proxied.endpoint : undefined;
  }

  /** Whether the gate watches over it, since it takes long. */
  get held(): boolean {
    return this.#release !== undefined;
  }

  /** The gate watches over it until `release` is called. */
  heldUntil(release: () => void): void {
    this.#release = release;
  }

  /** The client has its answer or is gone. */
  get done(): boolean {
    return this.#done;
  }

  /** Answers in the router's own words. */
  answer(answer: Answer): void {
    this.#reason ??= answer.code;
    // It may send its body all the same, or its next request: nobody can tell one from the other.
    if (this.#waitsForContinue) this.response.shouldKeepAlive = false;
    const form = preferredForm(this.head.accept, this.request.headers['sec-fetch-mode']);
    const headers = [...(answer.headers ?? []), ...this.#applied()];
    sendAnswer(this.response, form, { ...answer, headers }, this.#host.home);
  }

  /** RFC 7240, section 3: which preference of the client's was followed. */
  #applied(): readonly string[] {
    return this.waitApplied === 0 ? [] : ['Preference-Applied', `wait=${this.waitApplied}`];
  }

  /** What the request line addresses. */
  aims(target: Target): void {
    if (target.kind === 'endpoint') this.#endpointId = target.id;
    if (target.kind !== 'refused' && target.kind !== 'redirect') this.#servedAs = target.kind;
  }

  /** The body is wanted. */
  goOn(): void {
    if (!this.#waitsForContinue) return;
    this.#waitsForContinue = false;
    this.response.writeContinue();
  }

  /** The router itself answers. */
  settle(outcome: Answered): void {
    this.#outcome = outcome;
    this.#reason = outcome.reason;
    this.answer(outcome.answer);
  }

  /** The task that it went to is lost, and another is going to be asked. */
  leaveTask(): void {
    this.chosenAt = performance.now();
    this.#unhold();
  }

  #unhold(): void {
    this.#release?.();
    this.#release = undefined;
  }

  /** Sends the request to the task. */
  forward(pool: UpstreamPool, outcome: Proxied): void {
    const { head, request } = this;
    const hasBody = head.chunked || (head.contentLength !== undefined && +head.contentLength > 0);
    this.#unhold();
    this.#outcome = outcome;
    this.#pool = pool;
    this.outgoing = {
      path: outcome.proxied.path,
      method: head.method,
      headers: this.waitApplied === 0 ? outcome.headers : withoutWait(outcome.headers),
      contentLength: head.contentLength,
      body: hasBody ? request : undefined,
      chunked: head.chunked,
      // A client that nominates framing headers is up to something: its bytes share a connection with nobody (A6).
      last: head.nominated !== undefined,
    };
    this.goOn();
    pool.ask(this, false);
  }

  /** Its right was withdrawn. Where it is the task that ended, another of a load-balanced route may answer what it has not. */
  withdrawn(reason: DenialReason): void {
    const ended = reason === 'unknown-endpoint' && this.admitted?.route?.loadBalanced === true;
    if (ended && this.#connection !== undefined && !this.response.headersSent) {
      this.#connection.destroy(new RouteEnded('the route of this task has ended'));
    } else this.cut(reason);
  }

  /** Ends an exchange whose right was withdrawn: what was sent stays sent, the rest never comes. */
  cut(reason: string): void {
    this.#reason = reason;
    this.response.destroy();
    this.response.once('socket', endSoon);
  }

  sentOver(connection: UpstreamConnection): void {
    this.#connection = connection;
  }

  sent(bytes: number): void {
    this.#bytesIn += bytes;
  }

  interim(head: AnswerHead): void {
    const text = this.request.httpVersionMinor > 0 ? interimText(head) : undefined;
    if (text !== undefined) this.#writer.interim(text);
  }

  answered(answer: AnswerHead): void {
    const { response, head, request } = this;
    const outcome = this.#outcome;
    if (outcome?.outcome !== 'proxied') return;
    this.#host.answered(this);
    const { proxied, ownCookies, stickyCookie } = outcome;
    const { status } = answer;
    const bodiless = isBodiless(head.method, status);
    if (response.socket === null) this.#waits(sizeOf(answer));
    const { headers, length, nominated } = headersForClient(answer.headers, {
      proxied,
      status,
      framing: { bodiless, chunks: request.httpVersionMinor === 1 },
      origin: this.#host.origin,
      ownCookies,
    });
    this.#nominated = nominated;
    if (stickyCookie !== undefined) headers.push('Set-Cookie', stickyCookie);
    if (this.waitApplied !== 0) headers.push(...this.#applied());
    if (head.nominated !== undefined) response.shouldKeepAlive = false;
    this.#writer.head({ status, headers, length: bodiless ? -1 : length });
  }

  data(bytes: Buffer): void {
    this.#bytesOut += bytes.length;
    if (this.response.socket === null) this.#waits(bytes.length);
    this.#writer.data(bytes);
  }

  /** What comes before it is this answer's turn is held for its account. */
  #waits(bytes: number): void {
    hold(this.account, bytes);
    this.#kept += bytes;
  }

  taken(): boolean {
    return this.#writer.taken();
  }

  /** The client has read what was waiting for it. */
  drained(): void {
    this.#connection?.resume();
  }

  keeps(bytes: number): void {
    this.#kept += bytes;
  }

  ended(trailers: readonly string[]): void {
    this.#connection = undefined;
    this.#writer.end(trailers.length === 0 ? [] : trailersForClient(trailers, this.#nominated));
  }

  failed(error: Error): void {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#writer.release();
    if (this.#done || this.#writer.ended) return;
    const stale = connection?.maybeStale === true && failureClass(error) === 'reset';
    if (stale && this.#mayRepeat()) {
      this.#pool?.ask(this, true);
      return;
    }
    const progress = connection?.progress ?? 'unsent';
    const lost = progress !== 'spoken' && isLoss(error);
    // A connection that the task had closed as idle says nothing of the task.
    const answer = this.#host.failed(error, this, lost && !stale);
    const outcome = this.#outcome;
    if (lost && (progress === 'unsent' || this.#mayRepeat()) && outcome?.outcome === 'proxied') {
      if (this.#host.next(this, outcome, answer)) return;
    }
    this.#host.unanswered(this, answer);
  }

  /** RFC 9110 section 9.2.2: once more is the same as once. Only without a body, so that nothing of the request was used up. */
  #mayRepeat(): boolean {
    const { method, body } = this.outgoing;
    return body === undefined && REPEATABLE.has(method);
  }

  /** The task did not answer, or not to the end. */
  fail(answer: Answer): void {
    const { response } = this;
    this.#reason = answer.code;
    if (!response.headersSent) {
      this.answer(answer);
      return;
    }
    // The head went out: the only true thing left to say is that the body does not end here (A35).
    if (response.socket !== null) response.socket.destroySoon();
    else response.once('socket', endSoon);
    this.closed();
  }

  /** The response is over, one way or the other. */
  closed(): void {
    if (this.#done) return;
    this.#done = true;
    this.#unhold();
    this.account.budget.give(this.account, this.#kept);
    if (!this.response.writableFinished) {
      const silent = this.request.complete && this.#connection?.progress === 'sent';
      if (silent && this.#reason === undefined) this.#host.leftUnanswered(this);
      this.#reason ??= 'client-left';
    } else if (!this.request.complete) this.#host.readRest(this.request);
    this.#connection?.destroy(undefined);
    this.#connection = undefined;
    this.#host.finished(this);
  }

  /** A task answered, and its client got something of it. */
  get used(): boolean {
    return this.#reason === undefined || (this.#reason === 'client-left' && this.#bytesOut > 0);
  }

  /** Tells metrics and access log of it. It is over. */
  tell(metrics: TrafficMetrics, writeAccess: (record: AccessRecord) => void): void {
    const ended = {
      status: this.response.statusCode,
      duration: performance.now() - this.started,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      endpoint: this.#endpointId,
      reason: this.#reason,
    };
    metrics.answered(this.#servedAs, ended.status, ended.duration, ended.bytesIn, ended.bytesOut);
    writeAccess(recordOf(this, this.#outcome, ended));
  }
}
