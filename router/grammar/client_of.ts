import { isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * What one client is counted by: its IPv4 address, or the /64 network of its IPv6 address. Whoever has such a network can send from
 * any of its addresses.
 */
export function clientOf(address: string): string {
  if (!isIPv6(address)) return address;
  const read = ipaddr.process(address);
  return read instanceof ipaddr.IPv6 ? `${read.parts.slice(0, 4).join(':')}::/64` : read.toString();
}
