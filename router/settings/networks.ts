import { BlockList, isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** A network: its first address as ipaddr.js reads it, and the length of its prefix. */
export type Cidr = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

export type NetworkReading =
  | { readonly ok: true; readonly network: Cidr; readonly text: string }
  | { readonly ok: false; readonly problem: string };

const EXPECTED = 'expected a network in CIDR form, such as 10.244.0.0/16';

/** 0 to 128 in decimal, without a zero in front. */
const LENGTH = /^(0|[1-9]\d{0,2})$/;

/**
 * Reads a network as everybody reads it. `010.0.0.0/8` is 8.0.0.0/8 to the C library and 10.0.0.0/8 to old Kubernetes, `10.1/16` is
 * 10.0.0.1/16 and 10.1.0.0/16, and what lies behind the prefix of `10.1.2.3/8` is dropped by some and refused by others
 * (CVE-2021-29923, Kubernetes' KEP-4858): a rule that two programs read differently protects nothing. All of these are refused, with the
 * spelling that has one meaning. An address alone stands for itself.
 */
export function readNetwork(text: string): NetworkReading {
  const refuse = (problem: string): NetworkReading => ({ ok: false, problem });
  const slash = text.indexOf('/');
  const host = slash === -1 ? text : text.slice(0, slash);
  const suffix = slash === -1 ? undefined : text.slice(slash + 1);
  if (isIP(host) === 0) return refuse(otherSpelling(host, suffix));
  if (host.includes('%')) return refuse(`${EXPECTED}; a network has no zone (%)`);
  const address = ipaddr.parse(host);
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress()) {
    const rest = suffix !== undefined && Number(suffix) >= 96 ? `/${Number(suffix) - 96}` : '';
    return refuse(`expected the IPv4 form of it, ${address.toIPv4Address().toString()}${rest}`);
  }
  const longest = address instanceof ipaddr.IPv4 ? 32 : 128;
  if (suffix !== undefined && (!LENGTH.test(suffix) || Number(suffix) > longest)) {
    return refuse(`${EXPECTED}; a prefix length is a decimal number from 0 to ${longest}`);
  }
  const length = suffix === undefined ? longest : Number(suffix);
  const kind = address instanceof ipaddr.IPv4 ? ipaddr.IPv4 : ipaddr.IPv6;
  const first = kind.networkAddressFromCIDR(`${host}/${length}`);
  if (first.toString() !== address.toString()) {
    return refuse(
      `expected ${first.toString()}/${length} for the network, or ${address.toString()}/${longest} for the address`,
    );
  }
  return { ok: true, network: [address, length], text: `${address.toString()}/${length}` };
}

/** Names the decimal form of an IPv4 network in octal, hexadecimal or with parts left out, in each of its readings. */
function otherSpelling(host: string, suffix: string | undefined): string {
  if (!/^[0-9a-fx]+(\.[0-9a-fx]+){0,3}$/i.test(host) || !ipaddr.IPv4.isValid(host)) return EXPECTED;
  const parts = host.split('.');
  const read = ipaddr.IPv4.parse(host).toString();
  const decimal = /^[\d.]+$/.test(host) ? parts.map(Number).concat(0, 0, 0).slice(0, 4) : [];
  const other = ipaddr.IPv4.isValidFourPartDecimal(decimal.join('.')) ? decimal.join('.') : read;
  const written = [...new Set([other, read])]
    .map((form) => `${form}${suffix === undefined ? '' : `/${suffix}`}`)
    .join(' or ');
  return `expected four decimal numbers, ${written}: others read octal, hexadecimal and short forms differently`;
}

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
