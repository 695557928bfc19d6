import { isIP } from 'node:net';
import { isAuthority } from '../../grammar/authority.ts';
import type { RequestHead } from './request_head.ts';

/** Who asked, as the task is told: X-Forwarded-For, -Proto and -Host. */
export interface ClientInfo {
  /** The client's own address: the peer's, or what trusted proxies said. */
  readonly address: string;
  /** Value of X-Forwarded-For. */
  readonly forwardedFor: string;
  /** The client's address; undefined where it is that of a trusted proxy, which many clients share. */
  readonly known: string | undefined;
  readonly scheme: 'http' | 'https';
  /** With its port, if it came with one. */
  readonly host: string;
}

/** How many entries of X-Forwarded-For are looked at, from the right: nobody has more proxies, but anybody can send more. */
const MOST_HOPS = 32;

/**
 * The address of a socket's end as all else here reads it: IPv4 without the IPv6 clothes that a dual-stack socket gives it, and a
 * link-local one without its zone, the name of an interface of this machine (RFC 4007 section 11), which may hold characters
 * that no reader of addresses takes (`fe80::1%br-lan`). Empty where the kernel knows none.
 */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  const zone = address.indexOf('%');
  if (zone !== -1) return address.slice(0, zone);
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** Entries may carry a port, and IPv6 ones brackets. */
function addressOf(entry: string): string | undefined {
  const text = entry.trim();
  // The zone of an IPv6 address is of any length and means something to its own host alone.
  if (text.includes('%')) return undefined;
  if (isIP(text) !== 0) return plainAddress(text);
  const bracket = text.startsWith('[') ? text.indexOf(']') : -1;
  const address = bracket > 0 ? text.slice(1, bracket) : text.slice(0, text.lastIndexOf(':'));
  return isIP(address) === 0 ? undefined : plainAddress(address);
}

/**
 * Reads who asked. Only what a trusted peer says is believed, and of its X-Forwarded-For only the part from the rightmost
 * untrusted address on: everything to the left of it is that client's own claim.
 */
export function readClientInfo(
  head: RequestHead,
  peer: string,
  peerTrusted: boolean,
  isTrusted: ((address: string) => boolean) | undefined,
  ownScheme: 'http' | 'https',
): ClientInfo {
  if (!peerTrusted || isTrusted === undefined) {
    return {
      address: peer,
      forwardedFor: peer,
      known: peer,
      scheme: ownScheme,
      host: head.host,
    };
  }
  let address = peer;
  let forwardedFor = peer;
  let known: string | undefined;
  if (head.forwardedFor !== undefined) {
    const said = head.forwardedFor;
    let end = said.length;
    for (let hops = 0; hops < MOST_HOPS && end >= 0; hops++) {
      const comma = end === 0 ? -1 : said.lastIndexOf(',', end - 1);
      const entry = addressOf(said.slice(comma + 1, end));
      if (entry === undefined) break;
      end = comma;
      address = entry;
      forwardedFor = `${entry}, ${forwardedFor}`;
      if (!isTrusted(entry)) {
        known = entry;
        break;
      }
    }
  }
  const scheme = head.forwardedProto?.trim().toLowerCase();
  return {
    address,
    forwardedFor,
    known,
    scheme: scheme === 'http' || scheme === 'https' ? scheme : ownScheme,
    host:
      head.forwardedHost !== undefined && isAuthority(head.forwardedHost)
        ? head.forwardedHost
        : head.host,
  };
}
