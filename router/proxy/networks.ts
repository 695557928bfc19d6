import { BlockList, isIP } from 'node:net';
import type { Cidr } from '../settings/values.ts';

/**
 * Whether an address lies in one of the networks; undefined when none is named. An IPv4 address that a dual-stack socket reports
 * in IPv6 form is matched as the IPv4 address that it is.
 */
export function inNetworks(networks: readonly Cidr[]): ((address: string) => boolean) | undefined {
  if (networks.length === 0) return undefined;
  const list = new BlockList();
  for (const [address, length] of networks) {
    list.addSubnet(address.toString(), length, address.kind());
  }
  return (address) => {
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
  };
}
