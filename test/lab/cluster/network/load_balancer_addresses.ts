import ipaddr from 'ipaddr.js';

/** The addresses of an IPv4 network that hosts may have, in order. */
export function* hostAddresses(network: string): Generator<string> {
  const [, prefix] = ipaddr.IPv4.parseCIDR(network);
  const first = toNumber(ipaddr.IPv4.networkAddressFromCIDR(network));
  for (let offset = 1; offset < 2 ** (32 - prefix) - 1; offset += 1) {
    const value = first + offset;
    yield [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join('.');
  }
}

function toNumber(address: ipaddr.IPv4): number {
  return address.octets.reduce((value, octet) => value * 256 + octet, 0);
}

/**
 * The address of a Service: the one that it has, the one that it asks for where nobody has it, or the first that is free.
 *
 * @param claims address → owner; the new claim is added
 * @returns undefined where all are taken
 */
export function claimAddress(
  claims: Map<string, string>,
  network: string,
  owner: string,
  preferred: string | undefined,
): string | undefined {
  for (const [address, holder] of claims) {
    if (holder === owner) return address;
  }
  const inNetwork = preferred !== undefined && contains(network, preferred);
  const candidates = inNetwork ? [preferred, ...hostAddresses(network)] : hostAddresses(network);
  for (const address of candidates) {
    if (claims.has(address)) continue;
    claims.set(address, owner);
    return address;
  }
  return undefined;
}

function contains(network: string, address: string): boolean {
  if (!ipaddr.IPv4.isValidFourPartDecimal(address)) return false;
  return ipaddr.IPv4.parse(address).match(ipaddr.IPv4.parseCIDR(network));
}
