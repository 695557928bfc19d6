/**
 * What the proxy does with a request header, by name. Everything that is not named here goes through untouched.
 * `hop`: RFC 9110 section 7.6.1, and what belongs to this connection by its nature. `claim`: says who the client is or where it
 * came from, which only the router may say. The others are read by the router.
 */
export type RequestHeaderKind =
  | 'end-to-end'
  | 'hop'
  | 'claim'
  | 'x-forwarded-for'
  | 'x-forwarded-proto'
  | 'x-forwarded-host'
  | 'host'
  | 'connection'
  | 'content-length'
  | 'transfer-encoding'
  | 'upgrade'
  | 'cookie'
  | 'authorization'
  | 'accept'
  | 'user-agent'
  | 'sec-websocket-key'
  | 'sec-websocket-version';

const NAMED = new Map<string, RequestHeaderKind>([
  ['keep-alive', 'hop'],
  ['proxy-connection', 'hop'],
  ['proxy-authenticate', 'hop'],
  ['proxy-authorization', 'hop'],
  ['te', 'hop'],
  ['trailer', 'hop'],
  ['http2-settings', 'hop'],
  // The router answers 100 itself, once the gate has let the request in.
  ['expect', 'hop'],
  // CGI programs read it as HTTP_PROXY (CVE-2016-5385).
  ['proxy', 'hop'],
  ['forwarded', 'claim'],
  ['x-real-ip', 'claim'],
  ['x-forwarded-for', 'x-forwarded-for'],
  ['x-forwarded-proto', 'x-forwarded-proto'],
  ['x-forwarded-host', 'x-forwarded-host'],
  ['host', 'host'],
  ['connection', 'connection'],
  ['content-length', 'content-length'],
  ['transfer-encoding', 'transfer-encoding'],
  ['upgrade', 'upgrade'],
  ['cookie', 'cookie'],
  ['authorization', 'authorization'],
  ['accept', 'accept'],
  ['user-agent', 'user-agent'],
  ['sec-websocket-key', 'sec-websocket-key'],
  ['sec-websocket-version', 'sec-websocket-version'],
]);

function classify(name: string): RequestHeaderKind {
  const lower = name.toLowerCase();
  const named = NAMED.get(lower);
  if (named !== undefined) return named;
  // WSGI, CGI and PHP read `X_Forwarded_For` as `X-Forwarded-For` (CVE-2025-64484).
  const dashed = lower.replaceAll('_', '-');
  return dashed === 'x-real-ip' ||
    dashed.startsWith('x-forwarded') ||
    dashed.startsWith('x-clearml-')
    ? 'claim'
    : 'end-to-end';
}

/** Spellings seen so far. Bounded, since clients choose them: beyond the bound a name is classified each time. */
const seen = new Map<string, RequestHeaderKind>();
const MOST_SEEN = 1024;

/** Kind of the request header with this name, in any case. */
export function requestHeaderKind(name: string): RequestHeaderKind {
  const known = seen.get(name);
  if (known !== undefined) return known;
  const kind = classify(name);
  if (seen.size < MOST_SEEN) seen.set(name, kind);
  return kind;
}
