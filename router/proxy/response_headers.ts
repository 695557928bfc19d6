import type { Passage } from './session.ts';
import { confineSetCookie } from './cookies.ts';
import { confineLocation } from './location.ts';

type ResponseHeaderKind =
  | 'end-to-end'
  | 'dropped'
  | 'connection'
  | 'content-length'
  | 'trailer'
  | 'set-cookie'
  | 'location'
  | 'service-worker-allowed';

/**
 * Hop-by-hop headers, and those that act on more than the endpoint: on the whole host in the browser (HSTS, Alt-Svc, key pins,
 * Clear-Site-Data, NEL) or on the proxy in front (X-Accel-Redirect makes nginx serve its own files, X-Sendfile others).
 * X-Accel-Buffering stays: streaming apps need it, and it concerns their own answer only.
 */
const NAMED = new Map<string, ResponseHeaderKind>([
  ['keep-alive', 'dropped'],
  ['proxy-connection', 'dropped'],
  ['proxy-authenticate', 'dropped'],
  ['te', 'dropped'],
  ['transfer-encoding', 'dropped'],
  ['upgrade', 'dropped'],
  ['clear-site-data', 'dropped'],
  ['strict-transport-security', 'dropped'],
  ['alt-svc', 'dropped'],
  ['public-key-pins', 'dropped'],
  ['public-key-pins-report-only', 'dropped'],
  ['nel', 'dropped'],
  ['x-accel-redirect', 'dropped'],
  ['x-accel-expires', 'dropped'],
  ['x-sendfile', 'dropped'],
  ['x-lighttpd-send-file', 'dropped'],
  ['x-reproxy-url', 'dropped'],
  ['set-cookie2', 'dropped'],
  ['connection', 'connection'],
  ['content-length', 'content-length'],
  ['trailer', 'trailer'],
  ['set-cookie', 'set-cookie'],
  ['location', 'location'],
  ['service-worker-allowed', 'service-worker-allowed'],
]);

/** Spellings seen so far. Bounded, since tasks choose them. */
const seen = new Map<string, ResponseHeaderKind>();
const MOST_SEEN = 1024;

function responseHeaderKind(name: string): ResponseHeaderKind {
  const known = seen.get(name);
  if (known !== undefined) return known;
  const kind = NAMED.get(name.toLowerCase()) ?? 'end-to-end';
  if (seen.size < MOST_SEEN) seen.set(name, kind);
  return kind;
}

/** How the body of the answer is delimited towards the client. */
export interface ResponseFraming {
  /** The answer to HEAD, 204, 304: headers describe a body that does not follow. */
  readonly bodiless: boolean;
  /** The client understands chunked bodies, so that trailers can be passed on. */
  readonly chunks: boolean;
}

/** What the pass over a task's response headers needs to know besides them. */
export interface ResponseContext {
  readonly passage: Passage;
  readonly status: number;
  readonly framing: ResponseFraming;
  /** Names (with port, lower case) under which the browser knows the router. */
  readonly hosts: readonly string[];
  /** Cookies that no task may set. */
  readonly ownCookies: readonly string[];
}

/** What the one pass yields. */
export interface ResponseHeaders {
  /** Name, value, name, value … for the client. */
  readonly headers: string[];
  /** Content-Length; -1 where there is none. */
  readonly length: number;
}

function nominatedIn(raw: readonly string[]): readonly string[] | undefined {
  let nominated: string[] | undefined;
  for (let index = 0; index < raw.length; index += 2) {
    if (responseHeaderKind(raw[index] ?? '') !== 'connection') continue;
    const value = raw[index + 1] ?? '';
    if (value === 'keep-alive' || value === 'close') continue;
    nominated ??= [];
    for (const name of value.split(',')) nominated.push(name.trim().toLowerCase());
  }
  return nominated;
}

/** Redirections, and 201, whose Location names what was made (RFC 9110 section 10.2.2). */
function hasTarget(status: number): boolean {
  return status === 201 || (status >= 300 && status < 400);
}

/** The headers of a task's answer as the client gets them: order and spelling kept, confined to the endpoint. */
export function headersForClient(
  raw: readonly string[],
  context: ResponseContext,
): ResponseHeaders {
  const { passage, status, framing } = context;
  const nominated = nominatedIn(raw);
  const headers: string[] = [];
  let length = -1;
  let trailer: string | undefined;
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? '';
    let value = raw[index + 1] ?? '';
    switch (responseHeaderKind(name)) {
      case 'end-to-end':
        break;
      case 'dropped':
      case 'connection':
        continue;
      case 'content-length':
        // RFC 9110 section 8.6: never with 204.
        if (status === 204) continue;
        length = Number(value);
        break;
      case 'trailer':
        trailer = value;
        continue;
      case 'set-cookie': {
        const confined = confineSetCookie(value, passage.prefix, passage.path, context.ownCookies);
        if (confined === undefined) continue;
        value = confined;
        break;
      }
      case 'location':
        if (hasTarget(status)) {
          value = confineLocation(value, passage.prefix, passage.upstream, context.hosts);
        }
        break;
      case 'service-worker-allowed':
        if (passage.prefix !== '' && !value.startsWith(`${passage.prefix}/`)) continue;
        break;
    }
    if (nominated !== undefined && nominated.includes(name.toLowerCase())) {
      if (responseHeaderKind(name) === 'content-length') length = -1;
      continue;
    }
    headers.push(name, value);
  }
  // Without a chunked body there is no place for trailers, and Node refuses to announce them.
  if (trailer !== undefined && length === -1 && !framing.bodiless && framing.chunks) {
    headers.push('Trailer', trailer);
  }
  return { headers, length };
}
