import { isIPv6 } from 'node:net';

/** The network that holds an IP address alone, in CIDR form. */
export function hostNetwork(address: string): string {
  return `${address}/${isIPv6(address) ? 128 : 32}`;
}
