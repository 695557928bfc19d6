import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Cidr } from '../settings/values.ts';
import type { Upstream } from './endpoint.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Where the router would harm itself or the cluster if a task could send it there. */
export interface AddressRules {
  /** TASK_NETWORKS; undefined allows all but what is never allowed. */
  readonly networks: readonly Cidr[] | undefined;
  /** Addresses that are refused on every port (KUBERNETES_SERVICE_HOST), in the form of `normalize`. */
  readonly forbiddenAddresses: ReadonlySet<string>;
  /** `address port` of single services that are refused: the ClearML API, the router's own ports. */
  readonly forbiddenServices: ReadonlySet<string>;
}

export type CheckedAddress =
  | { readonly ok: true; readonly upstream: Upstream }
  | { readonly ok: false; readonly reason: string };

/** Served by no setting: what the clouds keep at these addresses hands out credentials of the node. */
const METADATA = ['169.254.0.0/16', '100.100.100.200/32', '168.63.129.16/32', 'fd00:ec2::254/128'];
const NEVER = [
  ...METADATA,
  '0.0.0.0/8',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  'fe80::/10',
  'ff00::/8',
].map((cidr) => ipaddr.parseCIDR(cidr));
const LOOPBACK = ['127.0.0.0/8', '::1/128'].map((cidr) => ipaddr.parseCIDR(cidr));
/** IPv6 ranges whose last or middle 32 bits are an IPv4 address that a gateway would deliver to (RFC 6052, RFC 3056). */
const NAT64 = ipaddr.parseCIDR('64:ff9b::/96');
const SIX_TO_FOUR = ipaddr.parseCIDR('2002::/16');
const IPV4_COMPATIBLE = ipaddr.parseCIDR('::/96');

function within(address: Address, [network, length]: Cidr): boolean {
  return address.kind() === network.kind() && address.match([network, length] as [Address, number]);
}

function withinAny(address: Address, networks: readonly Cidr[]): boolean {
  return networks.some((network) => within(address, network));
}

/** The address in its one spelling: IPv4-mapped IPv6 as IPv4, IPv6 compressed. Undefined for all but a literal IP without zone. */
function parseLiteral(text: string): Address | undefined {
  if (isIP(text) === 0 || text.includes('%')) return undefined;
  const address = ipaddr.process(text);
  return address;
}

/** The one spelling of a literal IP, for sets; undefined for anything else. */
export function normalizeAddress(text: string): string | undefined {
  return parseLiteral(text)?.toString();
}

/** The key of one service in `forbiddenServices`, and of one upstream among clashing asks. */
export function serviceKey(address: string, port: number): string {
  return `${address} ${port}`;
}

function embeddedIpv4(address: Address): ipaddr.IPv4 | undefined {
  if (address.kind() !== 'ipv6' || withinAny(address, LOOPBACK)) return undefined;
  const bytes = address.toByteArray();
  if (within(address, NAT64) || within(address, IPV4_COMPATIBLE)) {
    return new ipaddr.IPv4(bytes.slice(12));
  }
  return within(address, SIX_TO_FOUR) ? new ipaddr.IPv4(bytes.slice(2, 6)) : undefined;
}

/** Loopback is allowed by a block of TASK_NETWORKS that lies inside it; a wide block such as 0.0.0.0/0 does not name it. */
function namesLoopback(address: Address, networks: readonly Cidr[]): boolean {
  return networks.some(
    ([network, length]) => withinAny(network, LOOPBACK) && within(address, [network, length]),
  );
}

function refusal(address: Address, rules: AddressRules): string | undefined {
  if (withinAny(address, NEVER)) {
    return 'link-local, metadata, multicast and unspecified addresses are never served';
  }
  if (rules.forbiddenAddresses.has(address.toString())) return 'it is the Kubernetes API';
  if (withinAny(address, LOOPBACK)) {
    return namesLoopback(address, rules.networks ?? [])
      ? undefined
      : 'loopback is served only where TASK_NETWORKS names it';
  }
  if (rules.networks !== undefined && !withinAny(address, rules.networks)) {
    return 'it lies outside TASK_NETWORKS';
  }
  return undefined;
}

function parsePort(text: string): number | undefined {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/** A task's own text in a reason, which people read: short, and without anything but plain characters. */
function quote(text: string): string {
  return `"${text.replace(/[^\u0020-\u007e]/g, '?').slice(0, 64)}"`;
}

/**
 * Turns the address and port that a task names into an upstream, or says why not. Only literal IPs pass: nothing is resolved, so
 * the address that was checked is the one that is connected to (A41). `2130706433`, `0x7f000001` and `127.1`, which the C library
 * takes for 127.0.0.1, are no literals.
 */
export function checkAddress(address: string, port: string, rules: AddressRules): CheckedAddress {
  const refuse = (why: string): CheckedAddress => ({ ok: false, reason: why });
  const parsed = parseLiteral(address);
  if (parsed === undefined) return refuse(`the address ${quote(address)} is not a literal IP`);
  const number = parsePort(port);
  if (number === undefined) return refuse(`the port ${quote(port)} is not one from 1 to 65535`);

  const embedded = embeddedIpv4(parsed);
  const why =
    refusal(parsed, rules) ??
    (embedded === undefined ? undefined : refusal(embedded, { ...rules, networks: undefined }));
  if (why !== undefined) return refuse(`the address ${parsed.toString()} is refused: ${why}`);

  const literal = parsed.toString();
  if (rules.forbiddenServices.has(serviceKey(literal, number))) {
    return refuse(
      `${literal} port ${number} belongs to the router or to the ClearML API, not to a task`,
    );
  }
  const family = parsed.kind() === 'ipv4' ? 4 : 6;
  return { ok: true, upstream: { address: literal, family, port: number } };
}
