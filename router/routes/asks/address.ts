import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Cidr } from '../../settings/networks.ts';
import type { Upstream } from '../model/endpoint.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Where the router would harm itself or the cluster if a task could send it there. */
export interface AddressRules {
  /** TASK_NETWORKS; undefined allows all but what is never allowed. */
  readonly networks: readonly Cidr[] | undefined;
  /** Addresses that are refused on every port (KUBERNETES_SERVICE_HOST), in the form of `normalize`. */
  readonly forbiddenAddresses: ReadonlySet<string>;
  /** Single services that are refused, by `forbiddenKey`: the ClearML API, the router's own ports. */
  readonly forbiddenServices: ReadonlySet<string>;
}

export type CheckedAddress =
  | { readonly ok: true; readonly upstream: Upstream }
  | { readonly ok: false; readonly reason: string };

/**
 * Served by no setting: what the clouds keep at these addresses hands out credentials of the node. That of all others is
 * link-local.
 */
const METADATA = [
  '169.254.0.0/16',
  // Azure; Alibaba, twice; Oracle's classic cloud.
  '168.63.129.16/32',
  '100.100.100.200/32',
  'fd00:100::100:200/128',
  '192.0.0.192/32',
  // AWS: all of its own services in a VPC, the agent for the identities of pods among them.
  'fd00:ec2::/32',
  // Google; Oracle; Scaleway; Akamai.
  'fd20:ce::254/128',
  'fd00:c1::a9fe:a9fe/128',
  'fd00:42::42/128',
  'fd00:a9fe:a9fe::1/128',
];
/** Prefixes of translators between IPv6 and IPv4 (RFC 8215) hold an IPv4 address at a place that only the translator knows. */
const TRANSLATORS = '64:ff9b:1::/48';
const NEVER = [
  ...METADATA,
  TRANSLATORS,
  '0.0.0.0/8',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  'fe80::/10',
  'ff00::/8',
].map((cidr) => ipaddr.parseCIDR(cidr));
const LOOPBACK = ['127.0.0.0/8', '::1/128'].map((cidr) => ipaddr.parseCIDR(cidr));

/** IPv6 forms of IPv4 addresses, to which a gateway or the host itself would deliver: at which bytes the IPv4 address stands. */
const EMBEDDINGS: readonly (readonly [prefix: Cidr, start: number])[] = [
  // RFC 4291, 2.5.5.1; RFC 2765, 2.1 (IPv4-translated); RFC 6052.
  [ipaddr.parseCIDR('::/96'), 12],
  [ipaddr.parseCIDR('::ffff:0:0:0/96'), 12],
  [ipaddr.parseCIDR('64:ff9b::/96'), 12],
  // RFC 3056 (6to4).
  [ipaddr.parseCIDR('2002::/16'), 2],
];
/** RFC 4380: the server's address, and the client's with all of its bits turned over. */
const TEREDO = ipaddr.parseCIDR('2001::/32');

function within(address: Address, [network, length]: Cidr): boolean {
  return address.kind() === network.kind() && address.match([network, length] as [Address, number]);
}

function withinAny(address: Address, networks: readonly Cidr[]): boolean {
  return networks.some((network) => within(address, network));
}

/** The address in its one spelling: IPv4-mapped IPv6 as IPv4, IPv6 compressed. Undefined for all but a literal IP without zone. */
function parseLiteral(text: string): Address | undefined {
  if (isIP(text) === 0 || text.includes('%')) return undefined;
  return ipaddr.process(text);
}

/** The one spelling of a literal IP, for sets; undefined for anything else. */
export function normalizeAddress(text: string): string | undefined {
  return parseLiteral(text)?.toString();
}

/** The key of one upstream among clashing asks. */
export function serviceKey(address: string, port: number): string {
  return `${address} ${port}`;
}

/**
 * The key of one service in `forbiddenServices`. All loopback addresses are one machine, and what listens on every address answers
 * at each of them.
 */
export function forbiddenKey(address: string, port: number): string {
  const parsed = parseLiteral(address);
  const local = parsed !== undefined && withinAny(parsed, LOOPBACK);
  return serviceKey(local ? 'loopback' : address, port);
}

/** Every IPv4 address that an IPv6 address may stand for. IPv4-mapped ones are IPv4 addresses since they were parsed. */
function embeddedIpv4(address: Address): readonly ipaddr.IPv4[] {
  if (address.kind() === 'ipv4' || withinAny(address, LOOPBACK)) return [];
  const bytes = address.toByteArray();
  const at = (start: number): number[] => bytes.slice(start, start + 4);
  const found = EMBEDDINGS.filter(([prefix]) => within(address, prefix)).map(([, start]) =>
    at(start),
  );
  if (within(address, TEREDO)) {
    const client = at(12).map((byte) => byte ^ 0xff);
    found.push(at(4), client);
  }
  // RFC 5214 (ISATAP): the interface identifier is [02]00:5efe and the address, below any prefix.
  const [u, zero, five, fe] = at(8);
  if ((u === 0 || u === 2) && zero === 0 && five === 0x5e && fe === 0xfe) found.push(at(12));
  return found.map((four) => new ipaddr.IPv4(four));
}

/** Loopback is allowed by a block of TASK_NETWORKS that lies inside it; a wide block such as 0.0.0.0/0 does not name it. */
function namesLoopback(address: Address, networks: readonly Cidr[]): boolean {
  return networks.some(
    ([network, length]) => withinAny(network, LOOPBACK) && within(address, [network, length]),
  );
}

function refusal(address: Address, rules: AddressRules): string | undefined {
  if (withinAny(address, NEVER)) {
    return 'link-local, metadata, multicast, translated and unspecified addresses are never served';
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

function isForbidden(literal: string, port: number, rules: AddressRules): boolean {
  return rules.forbiddenServices.has(forbiddenKey(literal, port));
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
  const literal = parsed.toString();
  const why =
    refusal(parsed, rules) ??
    embedded
      .map((four) => refusal(four, { ...rules, networks: undefined }))
      .find((reason) => reason !== undefined);
  if (why !== undefined) return refuse(`the address ${literal} is refused: ${why}`);
  if ([parsed, ...embedded].some((one) => isForbidden(one.toString(), number, rules))) {
    return refuse(
      `${literal} port ${number} belongs to the router or to the ClearML API, not to a task`,
    );
  }
  const family = parsed.kind() === 'ipv4' ? 4 : 6;
  return { ok: true, upstream: { address: literal, family, port: number } };
}
