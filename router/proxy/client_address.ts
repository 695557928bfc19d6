import { isIP } from 'node:net';
import { isHostHeader } from './request_head.ts';
import type { RequestHead } from './request_head.ts';

/** Who asked, as the task is told: X-Forwarded-For, -Proto and -Host. */
export interface Origin {
  /** The client's own address: the peer's, or what trusted proxies said. */
  readonly address: string;
  /** Value of X-Forwarded-For. */
  readonly forwardedFor: string;
  /** The same; undefined where it is a trusted proxy's, which many clients share. */
  readonly known: string | undefined;
  readonly scheme: 'http' | 'https';
  /** With its port, if it came with one. */
  readonly host: string;
}

/** How many entries of X-Forwarded-For are looked at, from the right: nobody has more proxies, but anybody can send more. */
const MOST_HOPS = 32;

/** IPv4 in IPv6 clothes, as a dual-stack socket reports it, without them. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** Entries may carry a port, and IPv6 ones brackets. */
function addressOf(entry: string): string | undefined {
  const text = entry.trim();
  if (isIP(text) !== 0) return plainAddress(text);
  const bracket = text.startsWith('[') ? text.indexOf(']') : -1;
  const address = bracket > 0 ? text.slice(1, bracket) : text.slice(0, text.lastIndexOf(':'));
  return isIP(address) === 0 ? undefined : plainAddress(address);
}

/**
 * Reads who asked. Only what a trusted peer says is believed, and of its X-Forwarded-For only the part from the rightmost
 * untrusted address on: everything to the left of it is that client's own claim.
 */
export function readOrigin(
  head: RequestHead,
  peer: string,
  peerTrusted: boolean,
  isTrusted: ((address: string) => boolean) | undefined,
  ownScheme: 'http' | 'https',
): Origin {
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
    const entries = head.forwardedFor.split(',').slice(-MOST_HOPS);
    for (let index = entries.length - 1; index >= 0; index--) {
      const entry = addressOf(entries[index] ?? '');
      if (entry === undefined) break;
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
      head.forwardedHost !== undefined && isHostHeader(head.forwardedHost)
        ? head.forwardedHost
        : head.host,
  };
}
