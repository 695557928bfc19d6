import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { apiError } from '../api_error.ts';
import type { Outcome } from '../http/envelope.ts';
import type { Fault } from './faults.ts';

/** How a fault changes the answer to one request. */
export interface FaultAnswer {
  readonly kind: Fault['kind'];
  /** Said instead of doing what was asked. */
  readonly early?: Outcome;
  /** The write is not done, and said to be done. */
  readonly dropped?: true;
  /** The status that the client sees, where it is not the outcome's. */
  readonly status?: number;
  /** The client sees no status at all. */
  readonly silent?: true;
  /** Writes the answer in place of the usual way. */
  readonly write?: (response: ServerResponse, text: string) => void;
}

const NOTHING_DONE: Outcome = { code: 200, subcode: 0, message: 'OK', errorData: {}, data: {} };

/** Prepares what a fault does to a request; waits where the fault is one of time. */
export async function answerFault(
  fault: Fault,
  ended: AbortSignal,
  request: IncomingMessage,
): Promise<FaultAnswer> {
  const { kind } = fault;
  switch (kind) {
    case 'hang':
      await untilEnd(ended, request);
      return { kind, early: NOTHING_DONE, silent: true, write: cut };
    case 'slow':
      await delay(fault.milliseconds, undefined, { signal: ended }).catch(() => undefined);
      return { kind };
    case 'status':
      return {
        kind,
        early: NOTHING_DONE,
        status: fault.status,
        write: (response) =>
          response
            .writeHead(fault.status, { 'content-type': 'text/html', ...fault.headers })
            .end(`<html><body>${fault.status}</body></html>`),
      };
    case 'error': {
      const { code, subcode, message } = fault;
      return { kind, early: { code, subcode, message, errorData: {}, data: {} } };
    }
    case 'unauthorized': {
      const { code, subcode, message } = apiError('invalid_token', 'invalid jwt token');
      return { kind, early: { code, subcode, message, errorData: {}, data: {} } };
    }
    case 'garbage':
      return {
        kind,
        early: NOTHING_DONE,
        write: (response) => answerJson(response, '<<<{"data":'),
      };
    case 'wrong-envelope':
      return {
        kind,
        early: NOTHING_DONE,
        write: (response) => answerJson(response, '{"ok":true}'),
      };
    case 'truncate':
      return {
        kind,
        write(response, text) {
          response.writeHead(200, {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(text),
          });
          response.write(text.slice(0, Math.floor(text.length / 2)), () => cut(response));
        },
      };
    case 'reset':
      return { kind, early: NOTHING_DONE, silent: true, write: cut };
    case 'lose-answer':
      return { kind, silent: true, write: cut };
    default:
      return { kind, dropped: true };
  }
}

async function untilEnd(ended: AbortSignal, request: IncomingMessage): Promise<void> {
  if (ended.aborted || request.socket.destroyed) return;
  await Promise.race([once(ended, 'abort'), once(request.socket, 'close')]);
}

function cut(response: ServerResponse): void {
  response.socket?.destroy();
}

function answerJson(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(text);
}
