import { confineSetCookie } from './cookies.ts';
import { MOST_FIELDS, nominate } from '../../upstream/header_fields.ts';
import { confineLocation } from './location.ts';
import { rememberKinds } from './name_kinds.ts';
import type { ProxiedRequest } from './proxied_request.ts';
import { BadAnswer } from '../../upstream/failure.ts';

type ResponseHeaderKind =
  | 'end-to-end'
  | 'dropped'
  | 'origin'
  | 'connection'
  | 'content-length'
  | 'trailer'
  | 'set-cookie'
  | 'location'
  | 'service-worker-allowed';

/**
 * Hop-by-hop headers, and those that act on more than the endpoint: on the whole host in the browser (HSTS, Alt-Svc, key pins,
 * Clear-Site-Data, NEL) or on the proxy in front (X-Accel-Redirect makes nginx serve its own files, X-Sendfile others).
 * X-Accel-Buffering stays: streaming apps need it, and it concerns their own answer only. `origin`: acts on the whole origin,
 * which in path form is everybody's: client hints, reports, dictionaries, cache groups (RFC 9875), and who is signed in.
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
  ['expect-ct', 'dropped'],
  ['nel', 'dropped'],
  ['x-accel-redirect', 'dropped'],
  ['x-accel-expires', 'dropped'],
  ['x-sendfile', 'dropped'],
  ['x-lighttpd-send-file', 'dropped'],
  ['x-reproxy-url', 'dropped'],
  ['set-cookie2', 'dropped'],
  ['accept-ch', 'origin'],
  ['critical-ch', 'origin'],
  ['report-to', 'origin'],
  ['reporting-endpoints', 'origin'],
  ['use-as-dictionary', 'origin'],
  ['cache-group-invalidation', 'origin'],
  ['set-login', 'origin'],
  ['sec-session-registration', 'origin'],
  ['sec-session-challenge', 'origin'],
  ['secure-session-registration', 'origin'],
  ['secure-session-challenge', 'origin'],
  ['connection', 'connection'],
  ['content-length', 'content-length'],
  ['trailer', 'trailer'],
  ['set-cookie', 'set-cookie'],
  ['location', 'location'],
  ['service-worker-allowed', 'service-worker-allowed'],
]);

const responseHeaderKind = rememberKinds<ResponseHeaderKind>(
  (lower) => NAMED.get(lower) ?? 'end-to-end',
);

/**
 * What frames or routes a message, says how its body is to be read or kept, or who asks, comes too late as a trailer (RFC 9110
 * section 6.5.1).
 */
const NO_TRAILERS = new Set(
  [
    'host max-forwards range expect pragma vary age date expires',
    'cache-control retry-after warning refresh link content-location',
    'content-encoding content-type content-range content-disposition',
    'authorization www-authenticate proxy-authorization cookie',
    'content-security-policy content-security-policy-report-only x-frame-options',
  ].flatMap((line) => line.split(' ')),
);

/** Of a Trailer header as much is looked at: it announces, and decides nothing. */
const LONGEST_TRAILER_BYTES = 1_024;

/** Whether a field of a task's may pass after the body: none that is cut from the head or changed in it. */
export function mayBeTrailer(name: string): boolean {
  return responseHeaderKind(name) === 'end-to-end' && !NO_TRAILERS.has(name.toLowerCase());
}

/** How the body of the answer is delimited towards the client. */
interface ResponseFraming {
  /** The answer to HEAD, 204, 304: headers describe a body that does not follow. */
  readonly bodiless: boolean;
  /** The client understands chunked bodies, so that trailers can be passed on. */
  readonly chunks: boolean;
}

/** What the pass over a task's response headers needs to know besides them. */
export interface ResponseContext {
  readonly proxied: ProxiedRequest;
  readonly status: number;
  readonly framing: ResponseFraming;
  /** ROUTER_URL as an origin: where the browser knows the router. */
  readonly origin: string;
  /** Cookies that no task may set. */
  readonly ownCookies: readonly string[];
}

/** What the one pass yields. */
export interface ResponseHeaders {
  /** Name, value, name, value … for the client. */
  readonly headers: string[];
  /** Content-Length; -1 where there is none. */
  readonly length: number;
  /** Names that Connection keeps from the client, lower case. */
  readonly nominated: ReadonlySet<string> | undefined;
}

function nominatedIn(raw: readonly string[]): ReadonlySet<string> | undefined {
  let nominated: Set<string> | undefined;
  for (let index = 0; index < raw.length; index += 2) {
    if (responseHeaderKind(raw[index] ?? '') !== 'connection') continue;
    const value = raw[index + 1] ?? '';
    if (value === 'keep-alive' || value === 'close') continue;
    nominated ??= new Set();
    if (!nominate(value, nominated)) throw new BadAnswer('Connection names too many headers');
  }
  return nominated;
}

/** Redirections, and 201, whose Location names what was made (RFC 9110 section 10.2.2). */
function hasTarget(status: number): boolean {
  return status === 201 || (status >= 300 && status < 400);
}

/**
 * The headers of a task's answer as the client gets them: order and spelling kept, the length last, confined to the endpoint.
 *
 * @throws BadAnswer
 */
export function headersForClient(
  raw: readonly string[],
  context: ResponseContext,
): ResponseHeaders {
  if (raw.length > 2 * MOST_FIELDS) throw new BadAnswer('too many header lines');
  const { proxied, status, framing } = context;
  const nominated = nominatedIn(raw);
  const headers: string[] = [];
  let length = -1;
  let lengthName: string | undefined;
  let lengthValue = '';
  let trailer: string | undefined;
  let located = false;
  let scoped = false;
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? '';
    let value = raw[index + 1] ?? '';
    switch (responseHeaderKind(name)) {
      case 'end-to-end':
        break;
      case 'dropped':
      case 'connection':
        continue;
      case 'origin':
        if (proxied.prefix !== '') continue;
        break;
      case 'content-length':
        // RFC 9110 section 8.6: never with 1xx or 204.
        if (status < 200 || status === 204) continue;
        if (nominated?.has('content-length') === true) continue;
        length = Number(value);
        lengthName = name;
        lengthValue = value;
        continue;
      case 'trailer':
        trailer = value;
        continue;
      case 'set-cookie': {
        const confined = confineSetCookie(value, proxied, context.ownCookies);
        if (confined === undefined) continue;
        value = confined;
        break;
      }
      case 'location':
        if (located) throw new BadAnswer('more than one Location');
        located = true;
        if (hasTarget(status)) value = confineLocation(value, proxied, context.origin);
        break;
      case 'service-worker-allowed':
        // A worker with the whole origin would own the sign-in page. What an app knows as its root is its prefix here; what is neither
        // to the letter may be read as more, and so may two together.
        if (proxied.prefix === '') break;
        if (value !== '/' && value !== `${proxied.base}/` && value !== `${proxied.prefix}/`) {
          continue;
        }
        if (scoped) continue;
        scoped = true;
        value = `${proxied.prefix}/`;
        break;
    }
    if (nominated?.has(name.toLowerCase()) === true) continue;
    headers.push(name, value);
  }
  // Last: Node writes the bytes of a Content-Disposition behind it in another encoding, or refuses them (A74).
  if (lengthName !== undefined) headers.push(lengthName, lengthValue);
  // Without a chunked body there is no place for trailers, and Node refuses to announce them.
  if (trailer !== undefined && length === -1 && !framing.bodiless && framing.chunks) {
    const names = trailer
      .slice(0, LONGEST_TRAILER_BYTES)
      .split(',')
      .filter((name) => mayBeTrailer(name.trim()));
    if (names.length > 0) headers.push('Trailer', names.join(',').trim());
  }
  return { headers, length, nominated };
}
