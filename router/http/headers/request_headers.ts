import type { Admitted } from '../../auth/gate/decision.ts';
import { markedName, type Guest } from '../../auth/guests/guest.ts';
import type { Identity } from '../../auth/identity/identity.ts';
import type { ClientInfo } from './client_address.ts';
import { withoutCookies } from './cookies.ts';
import { requestHeaderKind } from './header_names.ts';
import type { ProxiedRequest } from './proxied_request.ts';
import type { RequestHead } from './request_head.ts';

/** Percent-encoded UTF-8 for all that is not printable ASCII, and for the percent sign, so that decoding gives the name back. */
function headerText(text: string): string {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code > 0x7e || code === 0x25) return encodeOdd(text);
  }
  return text;
}

function encodeOdd(text: string): string {
  let encoded = '';
  // A lone surrogate has no UTF-8 form; encodeURIComponent would throw.
  for (const character of text.toWellFormed()) {
    encoded +=
      character >= ' ' && character <= '~' && character !== '%'
        ? character
        : encodeURIComponent(character);
  }
  return encoded;
}

/** Appends who the user is, as the task is told. */
function pushIdentity(headers: string[], identity: Identity): void {
  headers.push(
    'X-ClearML-User-Id',
    headerText(identity.userId),
    'X-ClearML-User-Name',
    headerText(identity.userName),
  );
}

/** The same of a guest: no user, so no id, and a name that says so. */
function pushGuest(headers: string[], { name }: Guest): void {
  headers.push('X-ClearML-User-Id', '', 'X-ClearML-User-Name', headerText(markedName(name)));
}

/**
 * The headers that a task gets: those of the client in their order and spelling, without hop-by-hop ones, without those that
 * the client's Connection nominated, without what only the router may say, and then the router's own. Nominated names are
 * dropped before ours are added, so that a client cannot nominate ours away (CVE-2025-48865). Host comes first; Connection,
 * Content-Length and the framing are for whoever writes the request to add.
 *
 * An app that keeps its prefix is told of none: one that adds what it is told would have it twice.
 */
export function headersForTask(
  head: RequestHead,
  client: ClientInfo,
  admitted: Admitted,
  { prefix, base, hostCookies }: Omit<ProxiedRequest, 'endpoint' | 'upstream'>,
  cookiesToCut: readonly string[],
): string[] {
  const { rawHeaders, nominated } = head;
  const headers: string[] = [];
  if (head.host !== '') headers.push('Host', head.host);
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    let value = rawHeaders[index + 1] ?? '';
    switch (requestHeaderKind(name)) {
      case 'end-to-end':
      case 'accept':
      case 'user-agent':
      case 'sec-fetch-mode':
      case 'sec-websocket-key':
      case 'sec-websocket-version':
      case 'service-worker':
        break;
      case 'authorization':
        if (admitted.stripAuthorization) continue;
        break;
      case 'cookie': {
        const kept = withoutCookies(value, cookiesToCut);
        const own =
          prefix === '' || kept === undefined ? kept : hostCookies.back(kept, prefix, cookiesToCut);
        if (own === undefined) continue;
        value = own;
        break;
      }
      default:
        continue;
    }
    if (nominated?.has(name.toLowerCase()) === true) continue;
    headers.push(name, value);
  }
  headers.push(
    'X-Forwarded-For',
    client.forwardedFor,
    'X-Forwarded-Proto',
    client.scheme,
    'X-Forwarded-Host',
    client.host,
  );
  if (prefix !== '' && base === '') headers.push('X-Forwarded-Prefix', prefix);
  if (admitted.identity !== undefined) pushIdentity(headers, admitted.identity);
  else if (admitted.guest !== undefined) pushGuest(headers, admitted.guest);
  return headers;
}
