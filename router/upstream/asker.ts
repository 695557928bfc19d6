import type { IncomingMessage } from 'node:http';
import type { Account } from '../load/byte_budget.ts';
import type { AnswerHead } from './answer_head.ts';

/** A request as a task gets it. */
export interface TaskRequest {
  readonly method: string;
  /** Raw request-target. */
  readonly path: string;
  /** Name, value, name, value …, without what frames the message. */
  readonly headers: readonly string[];
  /** Digits. */
  readonly contentLength: string | undefined;
  /** Undefined: there is none. */
  readonly body: IncomingMessage | undefined;
  readonly chunked: boolean;
  /** The connection serves no other request after it. */
  readonly last: boolean;
}

/** Who asks, and gets the answer. An error that it throws ends the answer in that error. */
export interface Asker {
  /** Who what waits of it is held for. */
  readonly account: Account;
  readonly outgoing: TaskRequest;
  /** An informational answer that may go on to the client: 102 or 103. */
  readonly interim: (head: AnswerHead) => void;
  readonly answered: (head: AnswerHead) => void;
  /** Bytes of the body. They are the caller's to use until the last of them has been taken. */
  readonly data: (bytes: Buffer) => void;
  /** The bytes of one read have all been given out. False: they are still in use, and `resume` will be called. */
  readonly taken: () => boolean;
  /** The answer is over, and a buffer of so many bytes, which its account holds, is in use until its client has read them. */
  readonly keeps: (bytes: number) => void;
  readonly ended: (trailers: readonly string[]) => void;
  readonly failed: (error: Error) => void;
  /** Bytes of the request's body were sent. */
  readonly sent: (bytes: number) => void;
}

/** The head of a request, with what frames its message, one character per byte. */
export function requestHeadText(request: TaskRequest): string {
  const { method, path, headers, contentLength, chunked, last } = request;
  let head = `${method} ${path} HTTP/1.1\r\n`;
  for (let index = 0; index < headers.length; index += 2) {
    head += `${headers[index]}: ${headers[index + 1]}\r\n`;
  }
  head += last ? 'Connection: close\r\n' : 'Connection: keep-alive\r\n';
  if (contentLength !== undefined) head += `Content-Length: ${contentLength}\r\n`;
  if (chunked) head += 'Transfer-Encoding: chunked\r\n';
  return `${head}\r\n`;
}
