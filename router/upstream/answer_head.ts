import { MOST_NOMINATED, readFields } from './header_fields.ts';
import { BadAnswer, OtherProtocol } from './failure.ts';

/** The head of a task's answer. */
export interface AnswerHead {
  /** 100 to 599. */
  readonly status: number;
  /** Name, value, name, value …, as they came. */
  readonly headers: readonly string[];
  /** Content-Length; -1 where there is none. */
  readonly length: number;
  readonly chunked: boolean;
  /** The task leaves the connection open for another request. */
  readonly persistent: boolean;
  /** For how long it does, by its Keep-Alive header, in milliseconds; undefined where it does not say. */
  readonly idleTime: number | undefined;
}

/** Most bytes of the head of a task's answer; a longer one is refused (A34). */
export const MOST_HEAD_BYTES = 64 * 1024;
export const HEAD_END = Buffer.from('\r\n\r\n');

/** No body's length has more digits, and a number of so many is still exact. */
const MOST_DIGITS = 15;
const LENGTH = /^[0-9]+$/;
const TIMEOUT = /(?:^|[ ,;])timeout=([0-9]{1,6})(?:$|[ ,;])/i;

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** `HTTP/1.1 200`, and a blank before the reason if there is one. */
const STATUS_END = 12;

/** Of `HTTP/1.1`. */
export const FIRST_BYTE = 0x48;
/** Types of frames that an HTTP/2 server sends first: SETTINGS, and GOAWAY to what does not begin as HTTP/2 does (RFC 9113, section 3.4). */
const FIRST_FRAMES: ReadonlySet<number | undefined> = new Set([0x04, 0x07]);
/** Of records of TLS: an alert, and a handshake (RFC 8446, section 5.1). */
const TLS_RECORDS: ReadonlySet<number | undefined> = new Set([0x15, 0x16]);

/** What else a task speaks whose answer, from `at` to `end` of a read, does not begin as one of HTTP/1.1. */
export function otherProtocol(read: Buffer, at: number, end: number): BadAnswer {
  if (end - at >= 4 && read[at] === 0 && FIRST_FRAMES.has(read[at + 3])) {
    return new OtherProtocol('http2');
  }
  if (TLS_RECORDS.has(read[at]) && end - at >= 2 && read[at + 1] === 0x03) {
    return new OtherProtocol('tls');
  }
  return new BadAnswer('a status line that is none');
}

/** The reason is for nobody to read (RFC 9112 section 4): only what could part the line from what follows is refused (A33, A71). */
function isOneLine(line: string): boolean {
  return !line.includes('\r') && !line.includes('\n') && !line.includes('\0');
}

function readStatus(line: string): number {
  const version = line.charCodeAt(7);
  const known =
    line.startsWith('HTTP/1.') &&
    (version === 0x31 || version === 0x30) &&
    line.charCodeAt(8) === 0x20 &&
    isDigit(line.charCodeAt(9)) &&
    isDigit(line.charCodeAt(10)) &&
    isDigit(line.charCodeAt(11)) &&
    (line.length === STATUS_END || line.charCodeAt(STATUS_END) === 0x20) &&
    isOneLine(line);
  const status = known ? Number(line.slice(9, STATUS_END)) : 0;
  if (status < 100 || status > 599) throw new BadAnswer('a status line that is none');
  return status;
}

function readLength(value: string): number {
  if (value.length > MOST_DIGITS || !LENGTH.test(value)) {
    throw new BadAnswer('a Content-Length that is none');
  }
  return Number(value);
}

/** Answers that no body follows, whatever their headers say (RFC 9112 section 6.3). */
export function isBodiless(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304;
}

/** Bytes that a head is held in. */
export function sizeOf({ headers }: AnswerHead): number {
  let size = 0;
  for (const text of headers) size += text.length;
  return size;
}

/**
 * Reads the head of a task's answer: all of it, without the empty line. Stricter than readers of HTTP have to be, since its
 * framing decides where the next user's answer begins: one Content-Length of digits alone or one `chunked`, never both.
 *
 * @param text one character per byte (latin1).
 * @throws BadAnswer
 */
export function readAnswerHead(text: string): AnswerHead {
  const lineEnd = text.indexOf('\r\n');
  const line = lineEnd === -1 ? text : text.slice(0, lineEnd);
  const status = readStatus(line);
  const headers = lineEnd === -1 ? [] : readFields(text, lineEnd + 2);
  let length = -1;
  let chunked = false;
  let saysKeepAlive = false;
  let persistent = true;
  let idleTime: number | undefined;
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? '';
    // Most headers are told apart by their length, without being lower-cased.
    if (name.length !== 10 && name.length !== 14 && name.length !== 17) continue;
    const value = headers[index + 1] ?? '';
    switch (name.toLowerCase()) {
      case 'connection':
        if (value === 'keep-alive') {
          saysKeepAlive = true;
          break;
        }
        // What names more is refused when it is read as a whole.
        for (const option of value.toLowerCase().split(',', MOST_NOMINATED)) {
          const word = option.trim();
          if (word === 'keep-alive') saysKeepAlive = true;
          else if (word === 'close') persistent = false;
        }
        break;
      case 'keep-alive': {
        const seconds = TIMEOUT.exec(value)?.[1];
        if (seconds !== undefined) idleTime = Number(seconds) * 1_000;
        break;
      }
      case 'content-length':
        if (length !== -1) throw new BadAnswer('more than one Content-Length');
        length = readLength(value);
        break;
      case 'transfer-encoding':
        if (chunked || value.toLowerCase() !== 'chunked') {
          throw new BadAnswer('a transfer coding other than one "chunked"');
        }
        chunked = true;
        break;
    }
  }
  if (chunked && length !== -1) {
    throw new BadAnswer('Content-Length and Transfer-Encoding exclude each other');
  }
  // RFC 9112 section 9.3: HTTP/1.0 says so when it keeps a connection.
  if (line.charCodeAt(7) === 0x30 && !saysKeepAlive) persistent = false;
  return { status, headers, length, chunked, persistent, idleTime };
}
