import ipaddr from 'ipaddr.js';
import { isIPv4, isIPv6 } from 'node:net';

/** One side of a TCP connection. */
interface ConnectionEnd {
  /** A literal IP address; an IPv4 address is never in IPv6 clothes. */
  readonly address: string;
  readonly port: number;
}

/** Both sides of a client's connection, as a PROXY header tells them. */
export interface ConnectionEnds {
  readonly client: ConnectionEnd;
  /** What the client connected to. */
  readonly server: ConnectionEnd;
}

/** What the first bytes of a connection are, read as a PROXY header. */
export type ProxyHeader =
  | { readonly state: 'incomplete' }
  | { readonly state: 'malformed'; readonly reason: string }
  | {
      readonly state: 'complete';
      /** Bytes of the header; what follows is the client's. */
      readonly length: number;
      /** Undefined where the proxy does not know (UNKNOWN, AF_UNSPEC). */
      readonly ends: ConnectionEnds | undefined;
    }
  /** The proxy's own connection (LOCAL), which it made to ask for health: no client is behind it. */
  | { readonly state: 'local'; readonly length: number };

/** Bytes that a header may have. Proxies that add certificates and endpoint ids stay far below it. */
export const LONGEST_HEADER_BYTES = 4_096;

const TEXT_START = 'PROXY ';
/** With its CRLF (proxy-protocol.txt, section 2.1). */
const LONGEST_TEXT_BYTES = 107;
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** Signature, version and command, family, length (section 2.2). */
const BINARY_START = 16;
/** Version 2 and its two commands. */
const LOCAL = 0x20;
const PROXY = 0x21;
const TCP4 = 0x11;
const TCP6 = 0x21;
const PORT = /^(?:0|[1-9][0-9]{0,4})$/;

const INCOMPLETE: ProxyHeader = { state: 'incomplete' };

function malformed(reason: string): ProxyHeader {
  return { state: 'malformed', reason };
}

/**
 * Reads a PROXY header, version 1 or 2, off the first bytes of a connection
 * (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt). Says "malformed" as early as it can be known.
 */
export function parseProxyHeader(bytes: Buffer): ProxyHeader {
  if (bytes.length === 0) return INCOMPLETE;
  return bytes[0] === TEXT_START.charCodeAt(0) ? parseText(bytes) : parseBinary(bytes);
}

function parseText(bytes: Buffer): ProxyHeader {
  const head = bytes.toString('latin1', 0, LONGEST_TEXT_BYTES);
  if (!head.startsWith(TEXT_START.slice(0, head.length))) return malformed('no PROXY header');
  // It ends in CRLF and in nothing else (section 2.1): what a proxy that ends it otherwise means is not waited for.
  const end = head.search(/[\r\n]/);
  if (end === -1 || head.slice(end) === '\r') {
    return head.length < LONGEST_TEXT_BYTES ? INCOMPLETE : malformed('the PROXY line does not end');
  }
  if (!head.startsWith('\r\n', end)) return malformed('a PROXY line that does not end in CRLF');
  const length = end + 2;
  const [, family, client, server, clientPort, serverPort, ...more] = head.slice(0, end).split(' ');
  if (family === 'UNKNOWN') return { state: 'complete', length, ends: undefined };
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : () => false;
  const ends = textEnds(isAddress, [client, clientPort], [server, serverPort]);
  if (ends === undefined || more.length > 0) return malformed('a PROXY line that says nothing');
  return { state: 'complete', length, ends };
}

type TextEnd = readonly [address: string | undefined, port: string | undefined];

function textEnds(
  isAddress: (text: string) => boolean,
  client: TextEnd,
  server: TextEnd,
): ConnectionEnds | undefined {
  const read = ([address = '', port = '']: TextEnd): ConnectionEnd | undefined =>
    isAddress(address) && !address.includes('%') && PORT.test(port) && Number(port) <= 0xff_ff
      ? { address: ipaddr.process(address).toString(), port: Number(port) }
      : undefined;
  const ends = { client: read(client), server: read(server) };
  return ends.client !== undefined && ends.server !== undefined
    ? { client: ends.client, server: ends.server }
    : undefined;
}

function parseBinary(bytes: Buffer): ProxyHeader {
  const start = bytes.subarray(0, SIGNATURE.length);
  if (!start.equals(SIGNATURE.subarray(0, start.length))) return malformed('no PROXY header');
  const command = bytes[SIGNATURE.length];
  if (command === undefined) return INCOMPLETE;
  if (command !== LOCAL && command !== PROXY) return malformed('unknown PROXY version or command');
  if (bytes.length < BINARY_START) return INCOMPLETE;
  const rest = bytes.readUInt16BE(14);
  const length = BINARY_START + rest;
  if (length > LONGEST_HEADER_BYTES) return malformed(`a PROXY header of ${length} bytes`);
  if (bytes.length < length) return INCOMPLETE;
  const family = bytes.readUInt8(13);
  if (command === LOCAL) return { state: 'local', length };
  if (family === 0x00) return { state: 'complete', length, ends: undefined };
  const size = family === TCP4 ? 4 : family === TCP6 ? 16 : undefined;
  if (size === undefined) return malformed('a PROXY header that is not of TCP');
  if (rest < 2 * size + 4) return malformed('a PROXY header without its addresses');
  return { state: 'complete', length, ends: binaryEnds(bytes, size) };
}

/** @param size bytes of one address. */
function binaryEnds(bytes: Buffer, size: number): ConnectionEnds {
  const ports = BINARY_START + 2 * size;
  const end = (index: number): ConnectionEnd => {
    const at = BINARY_START + index * size;
    const address = ipaddr.fromByteArray([...bytes.subarray(at, at + size)]);
    return {
      address: ipaddr.process(address.toString()).toString(),
      port: bytes.readUInt16BE(ports + 2 * index),
    };
  };
  return { client: end(0), server: end(1) };
}

/** A PROXY header of version 2. Where the two sides are of different families, both are written as IPv6. */
export function writeProxyHeader({ client, server }: ConnectionEnds): Buffer {
  const sides = [client, server].map(({ address }) => ipaddr.process(address));
  const allIPv4 = sides.every((side) => side instanceof ipaddr.IPv4);
  const addresses = sides.flatMap((side) =>
    side instanceof ipaddr.IPv4 && !allIPv4
      ? side.toIPv4MappedAddress().toByteArray()
      : side.toByteArray(),
  );
  const header = Buffer.alloc(BINARY_START + addresses.length + 4);
  SIGNATURE.copy(header);
  header.writeUInt8(PROXY, SIGNATURE.length);
  header.writeUInt8(allIPv4 ? TCP4 : TCP6, 13);
  header.writeUInt16BE(addresses.length + 4, 14);
  header.set(addresses, BINARY_START);
  header.writeUInt16BE(client.port, header.length - 4);
  header.writeUInt16BE(server.port, header.length - 2);
  return header;
}
