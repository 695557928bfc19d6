import ipaddr from 'ipaddr.js';

/** Whether two networks in CIDR form have an address in common. */
export function overlap(one: string, other: string): boolean {
  const [a, aLength] = ipaddr.parseCIDR(one);
  const [b, bLength] = ipaddr.parseCIDR(other);
  const length = Math.min(aLength, bLength);
  if (a instanceof ipaddr.IPv4) return b instanceof ipaddr.IPv4 && a.match(b, length);
  return b instanceof ipaddr.IPv6 && a.match(b, length);
}
