import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createProxyServer } from 'http-proxy';
import type { TaskTls, Upstream } from '../routes/model/endpoint.ts';
import { MOST_HEAD_BYTES } from '../upstream/answer_head.ts';
import { TLS_AHEAD_BYTES } from '../sockets/read_through.ts';
import { tlsOptions } from '../upstream/task_tls.ts';
import { interimFate } from '../upstream/interims.ts';
import { AnswerTimeout, BadAnswer, CONNECT_TIMEOUT_MS } from '../upstream/failure.ts';

/** Time for a task to answer an upgrade. */
const UPGRADE_TIMEOUT_MS = 30_000;

/** What becomes of an upgrade; one of `switched`, `declined` and `failed` is called, once, unless it was called off before. */
export interface UpgradeOutcome {
  /** The task agreed, and its 101 has been checked; `head` are bytes that came with it. The socket is the caller's. */
  readonly switched: (answer: IncomingMessage, task: Socket, head: Buffer) => void;
  /** The task answered something else than 101, with a body to be passed on. */
  readonly declined: (answer: IncomingMessage) => void;
  /** `spoken`: the task had begun to answer. */
  readonly failed: (error: Error, spoken: boolean) => void;
  /** Bytes of the head of the answer are going to be held. @throws OverBudget */
  readonly holds: (bytes: number) => void;
}

const proxy = createProxyServer({ toProxy: true, prependPath: false });
/** Outcomes come through the callback of each upgrade. */
proxy.on('error', () => undefined);

/** http-proxy speaks of a request to the task by the client's request that it was made for. */
const outcomes = new WeakMap<IncomingMessage, (taskRequest: ClientRequest) => void>();
proxy.on('proxyReqWs', (taskRequest, request) => outcomes.get(request)?.(taskRequest));

/** Of a connection that is made for this upgrade alone; http-proxy takes what TLS needs from nowhere else. */
function agentFor(upstream: Upstream, tls: TaskTls): Agent {
  const options = {
    ...tlsOptions(upstream, tls),
    keepAlive: false,
    // Of the socket, to which it goes on; the published types do not know it here.
    highWaterMark: TLS_AHEAD_BYTES,
  };
  return new Agent(options);
}

/** What came with the request stays with the caller until the task has agreed (A30). */
const NOTHING = Buffer.alloc(0);

function isWebSocket(answer: IncomingMessage): boolean {
  return answer.headers.upgrade?.toLowerCase() === 'websocket';
}

/**
 * Sends an upgrade to a task over http-proxy. http-proxy knows only two ends of an upgrade, leaves the sockets of others behind,
 * and keeps all of the request for as long as its sockets live: what comes back is therefore looked at before it sees it, and
 * the client's socket that it gets is a stand-in that ends as soon as the task has answered.
 *
 * @returns calls the upgrade off, if the task has not answered yet.
 */
export function sendUpgrade(
  request: IncomingMessage,
  client: Duplex,
  upstream: Upstream,
  path: string,
  outcome: UpgradeOutcome,
): () => void {
  const standIn = new Socket();
  let settled = false;
  let taskRequest: ClientRequest | undefined;
  const settle = (): boolean => {
    if (settled) return false;
    settled = true;
    clearTimeout(timer);
    client.off('end', clientLeft);
    client.off('close', clientLeft);
    taskRequest?.socket?.off('data', gathered);
    standIn.destroy();
    return true;
  };
  const callOff = (): boolean => {
    if (!settle()) return false;
    taskRequest?.destroy();
    return true;
  };
  const fail = (error: Error): void => {
    const spoken = (taskRequest?.socket?.bytesRead ?? 0) > 0;
    if (callOff()) outcome.failed(error, spoken);
  };
  const timer = setTimeout(
    () => fail(new AnswerTimeout('the task did not answer the upgrade')),
    UPGRADE_TIMEOUT_MS,
  );
  const clientLeft = (): void => {
    client.destroy();
    fail(new Error('the client is gone'));
  };
  // What the parser has not made an answer of is nowhere else to be seen; what came before it is a part of it, or was dropped.
  const gathered = ({ length }: Buffer): void => {
    if (settled) return;
    try {
      outcome.holds(length);
    } catch (error) {
      fail(error as Error);
    }
  };
  // Half of a connection is no WebSocket: a client that ends its side before the 101 has left.
  client.on('end', clientLeft);
  client.on('close', clientLeft);

  outcomes.set(request, (sent) => {
    taskRequest = sent;
    // Node's own bounds are lower, and of headers beyond their number it says nothing: it leaves them out.
    Object.assign(sent, { maxHeaderSize: MOST_HEAD_BYTES, maxHeadersCount: 0 });
    sent.once('socket', (task) => task.prependListener('data', gathered));
    let interims = 0;
    // http-proxy loses the question mark of an empty query. The path is the client's own bytes, which hold no white space.
    if (sent.path !== path) sent.path = path;
    const emit = sent.emit.bind(sent) as (event: string, ...values: unknown[]) => boolean;
    sent.emit = (event: string, ...values: unknown[]): boolean => {
      switch (event) {
        case 'response':
          if (settle()) outcome.declined(values[0] as IncomingMessage);
          return true;
        case 'information': {
          const { statusCode } = values[0] as { statusCode: number };
          interims += 1;
          if (interimFate(statusCode, interims, sent.socket?.bytesRead ?? 0) === 'refused') {
            fail(new BadAnswer('nothing but interim answers'));
          }
          return true;
        }
        case 'upgrade': {
          const answer = values[0] as IncomingMessage;
          const task = values[1] as Socket;
          if (!isWebSocket(answer)) {
            task.destroy();
            fail(new BadAnswer('101 to another protocol'));
            return true;
          }
          if (settle()) outcome.switched(answer, task, values[2] as Buffer);
          else task.destroy();
          return true;
        }
        default:
          return emit(event, ...values);
      }
    };
  });
  const { tls } = upstream;
  const target = {
    protocol: tls === undefined ? 'http:' : 'https:',
    host: upstream.address,
    hostname: upstream.address,
    port: upstream.port,
  };
  proxy.ws(
    request,
    standIn,
    NOTHING,
    {
      target,
      connectTimeout: CONNECT_TIMEOUT_MS,
      ...(tls === undefined
        ? {}
        : { agent: agentFor(upstream, tls), secure: tls.ca !== undefined }),
    },
    (error: Error) => fail(error),
  );
  return callOff;
}
