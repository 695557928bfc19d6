import { isIPv6 } from 'node:net';

const COLON = 0x3a;
const DOT = 0x2e;
const LONGEST_PORT = 5;
const LAST_PORT = 65_535;

function isNameCharacter(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    code === 0x2d ||
    code === DOT ||
    code === 0x5f
  );
}

/** From `start` on nothing, or a colon and digits that are a port; none at all is one, too (RFC 3986 section 3.2.3). */
function isPort(text: string, start: number): boolean {
  if (start === text.length) return true;
  if (text.charCodeAt(start) !== COLON || text.length - start - 1 > LONGEST_PORT) return false;
  let port = 0;
  for (let index = start + 1; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) return false;
    port = port * 10 + digit;
  }
  return port <= LAST_PORT;
}

/**
 * Whether a text is `uri-host [":" port]` (RFC 9110 section 7.2, RFC 9112 section 3.2), as far as this router takes it: names, IPv4
 * and bracketed IPv6. Everything else (`a b/c@d`, `a:b`) would end up in links, logs and apps as something that it is not.
 */
export function isAuthority(text: string): boolean {
  if (text.startsWith('[')) {
    const end = text.indexOf(']');
    return end !== -1 && isIPv6(text.slice(1, end)) && !text.includes('%') && isPort(text, end + 1);
  }
  let end = 0;
  while (end < text.length && isNameCharacter(text.charCodeAt(end))) end++;
  return end > 0 && !(end === 1 && text.charCodeAt(0) === DOT) && isPort(text, end);
}

/** The port that a URL of http or https leads to. */
export function portOf({ port, protocol }: URL): number {
  return Number(port) || (protocol === 'https:' ? 443 : 80);
}

/**
 * The host of an authority in lower case, without the port; an IPv6 address keeps its brackets. A dot at the end names the root of
 * all names, and with it the same host (RFC 1034 section 3.1).
 */
export function hostnameOf(authority: string): string {
  const colon = authority.lastIndexOf(':');
  const end = colon > authority.lastIndexOf(']') ? colon : authority.length;
  const dotted = authority.charCodeAt(end - 1) === DOT;
  return authority.slice(0, dotted ? end - 1 : end).toLowerCase();
}
