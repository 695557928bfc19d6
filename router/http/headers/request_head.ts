import type { IncomingMessage } from 'node:http';
import { hostnameOf, isAuthority } from '../../grammar/authority.ts';
import { MOST_FIELDS, nominate } from '../../upstream/header_fields.ts';
import { requestHeaderKind } from './header_names.ts';

/** What one pass over the raw headers of a request found. */
export interface RequestHead {
  readonly method: string;
  /** Raw request-target. */
  readonly url: string;
  /** Name, value, name, value …, as they came. */
  readonly rawHeaders: readonly string[];
  /** The one Host header as it came; empty for an HTTP/1.0 request without one. */
  readonly host: string;
  /** Host in lower case, without its port and without the dot of a root at its end. */
  readonly hostname: string;
  /** Lower-case names that the client's Connection header nominated, `close` and `keep-alive` left out. */
  readonly nominated: ReadonlySet<string> | undefined;
  /** Digits as they came. */
  readonly contentLength: string | undefined;
  readonly chunked: boolean;
  readonly upgrade: string | undefined;
  readonly accept: string | undefined;
  readonly userAgent: string | undefined;
  /** Sec-Fetch-Mode. */
  readonly fetchMode: string | undefined;
  readonly forwardedFor: string | undefined;
  readonly forwardedProto: string | undefined;
  readonly forwardedHost: string | undefined;
  readonly webSocketKey: string | undefined;
  readonly webSocketVersion: string | undefined;
  /** A browser fetches it as the script of a service worker. */
  readonly serviceWorker: boolean;
  /** The router's page that waits asks whether it may open the app: the request is not for the task. */
  readonly polls: boolean;
}

/** A head that is not served, and why. */
export interface RefusedHead {
  readonly status: 400 | 431 | 505;
  readonly reason: string;
}

function refuse(reason: string): RefusedHead {
  return { status: 400, reason };
}

function isPersistence(value: string): boolean {
  return value === 'keep-alive' || value === 'close' || value === 'Keep-Alive';
}

/**
 * Reads the raw headers once. Node's parser has refused malformed framing by now; what it lets pass although readers disagree
 * on its meaning is refused here: two Host or Authorization headers, a Host that is none, versions other than 1.0 and 1.1.
 */
export function readHead(request: IncomingMessage): RequestHead | RefusedHead {
  if (request.httpVersionMajor !== 1 || request.httpVersionMinor > 1) {
    return { status: 505, reason: 'only HTTP/1.0 and HTTP/1.1 are spoken here' };
  }
  const { rawHeaders } = request;
  if (rawHeaders.length > 2 * MOST_FIELDS) {
    return { status: 431, reason: 'there are too many headers' };
  }
  let host: string | undefined;
  let nominated: Set<string> | undefined;
  let contentLength: string | undefined;
  let chunked = false;
  let authorized = false;
  let upgrade: string | undefined;
  let accept: string | undefined;
  let userAgent: string | undefined;
  let fetchMode: string | undefined;
  let forwardedFor: string | undefined;
  let forwardedProto: string | undefined;
  let forwardedHost: string | undefined;
  let webSocketKey: string | undefined;
  let webSocketVersion: string | undefined;
  let serviceWorker = false;
  let polls = false;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const value = rawHeaders[index + 1] ?? '';
    switch (requestHeaderKind(name)) {
      case 'end-to-end':
      case 'hop':
      case 'claim':
      case 'cookie':
        break;
      case 'host':
        if (host !== undefined) return refuse('there is more than one Host header');
        host = value;
        break;
      case 'connection':
        if (isPersistence(value)) break;
        nominated ??= new Set();
        if (!nominate(value, nominated)) return refuse('Connection names too many headers');
        break;
      case 'content-length':
        if (contentLength !== undefined) return refuse('there is more than one Content-Length');
        contentLength = value;
        break;
      case 'transfer-encoding':
        if (chunked || value.toLowerCase() !== 'chunked') {
          return refuse('the only transfer coding spoken here is one "chunked"');
        }
        chunked = true;
        break;
      case 'authorization':
        if (authorized) return refuse('there is more than one Authorization header');
        authorized = true;
        break;
      case 'upgrade':
        upgrade = value;
        break;
      case 'accept':
        accept = accept === undefined ? value : `${accept},${value}`;
        break;
      case 'user-agent':
        userAgent = value;
        break;
      case 'sec-fetch-mode':
        fetchMode = value;
        break;
      case 'x-forwarded-for':
        forwardedFor = forwardedFor === undefined ? value : `${forwardedFor},${value}`;
        break;
      case 'x-forwarded-proto':
        forwardedProto = value;
        break;
      case 'x-forwarded-host':
        forwardedHost = value;
        break;
      case 'sec-websocket-key':
        if (webSocketKey !== undefined) return refuse('there is more than one Sec-WebSocket-Key');
        webSocketKey = value;
        break;
      case 'sec-websocket-version':
        webSocketVersion = value;
        break;
      case 'service-worker':
        serviceWorker = true;
        break;
      case 'poll':
        polls = true;
        break;
    }
  }
  if (host === undefined) {
    if (request.httpVersionMinor === 1) return refuse('the Host header is missing');
    host = '';
  } else if (!isAuthority(host)) return refuse('the Host header names no host');
  nominated?.delete('close');
  nominated?.delete('keep-alive');
  if (chunked && contentLength !== undefined) {
    return refuse('Content-Length and Transfer-Encoding exclude each other');
  }
  return {
    method: request.method ?? '',
    url: request.url ?? '',
    rawHeaders,
    host,
    hostname: hostnameOf(host),
    nominated: nominated !== undefined && nominated.size > 0 ? nominated : undefined,
    contentLength,
    chunked,
    upgrade,
    accept,
    userAgent,
    fetchMode,
    forwardedFor,
    forwardedProto,
    forwardedHost,
    webSocketKey,
    webSocketVersion,
    serviceWorker,
    polls: polls && request.method === 'GET' && !chunked && contentLength === undefined,
  };
}
