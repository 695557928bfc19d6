import { POLL_HEADER } from '../../pages/waiting_page.ts';
import { rememberKinds } from './name_kinds.ts';

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
  | 'sec-fetch-mode'
  | 'sec-websocket-key'
  | 'sec-websocket-version'
  | 'service-worker'
  | 'poll';

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
  ['sec-fetch-mode', 'sec-fetch-mode'],
  ['sec-websocket-key', 'sec-websocket-key'],
  ['sec-websocket-version', 'sec-websocket-version'],
  ['service-worker', 'service-worker'],
  [POLL_HEADER, 'poll'],
]);

/**
 * Letters and digits of a name, which is all that some readers tell names apart by: WSGI, CGI and PHP read `X_Forwarded_For` and
 * `X.Forwarded.For` as `X-Forwarded-For` (CVE-2025-64484), others leave out what they do not know.
 */
function folded(lower: string): string {
  const undashed = lower.replaceAll('-', '');
  for (let index = 0; index < undashed.length; index++) {
    const code = undashed.charCodeAt(index);
    const plain = (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39);
    if (!plain) return undashed.replaceAll(/[^a-z0-9]/g, '');
  }
  return undashed;
}

/** Families of claims, by the letters that they begin with. */
const CLAIM_FAMILIES = ['xforwarded', 'xclearml', 'xauthrequest'] as const;

/** Where proxies and their apps say who a client is, where it came from, or what it asked for. */
const CLAIMS = [
  'x-real-ip true-client-ip client-ip x-client-ip x-cluster-client-ip',
  'cf-connecting-ip cf-connecting-ipv6 cf-pseudo-ipv4 fastly-client-ip',
  'x-azure-clientip x-envoy-external-address x-original-forwarded-for',
  'x-originating-ip x-remote-ip x-remote-addr remote-addr',
  'remote-user remote-name remote-email remote-groups x-remote-user',
  'x-remote-group x-webauth-user x-proxyuser-ip',
  'x-original-url x-original-uri x-original-host x-original-method x-rewrite-url',
].flatMap((line) => line.split(' '));

/** Claims, and what the router reads or writes itself: in another spelling it ends here. */
const FOLDED = new Set([...CLAIMS, ...NAMED.keys()].map(folded));

function classify(lower: string): RequestHeaderKind {
  const named = NAMED.get(lower);
  if (named !== undefined) return named;
  const letters = folded(lower);
  return FOLDED.has(letters) || CLAIM_FAMILIES.some((family) => letters.startsWith(family))
    ? 'claim'
    : 'end-to-end';
}

/** Kind of the request header with this name, in any case. */
export const requestHeaderKind: (name: string) => RequestHeaderKind = rememberKinds(classify);
