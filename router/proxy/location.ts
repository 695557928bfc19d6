import type { Upstream } from '../routes/endpoint.ts';

const SCHEMES = ['http://', 'https://', '//'] as const;

function authorityOf(upstream: Upstream): string {
  return `${upstream.family === 6 ? `[${upstream.address}]` : upstream.address}:${upstream.port}`;
}

/** Index at which the authority begins; -1 when the reference names none. */
function authorityStart(location: string): number {
  const lower = location.slice(0, 8).toLowerCase();
  for (const scheme of SCHEMES) if (lower.startsWith(scheme)) return scheme.length;
  return -1;
}

function authorityEnd(location: string, start: number): number {
  for (let index = start; index < location.length; index++) {
    const code = location.charCodeAt(index);
    if (code === 0x2f || code === 0x3f || code === 0x23 || code === 0x5c) return index;
  }
  return location.length;
}

function isUnder(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  const next = path.charCodeAt(prefix.length);
  return Number.isNaN(next) || next === 0x2f || next === 0x3f || next === 0x23;
}

function confinePath(path: string, prefix: string): string {
  if (prefix === '') return path.startsWith('/') ? path : `/${path}`;
  if (isUnder(path, prefix)) return path;
  return path.startsWith('/') ? prefix + path : `${prefix}/${path}`;
}

/**
 * A task's Location as the browser must see it: the task's own address and the root of its host become the endpoint's prefix;
 * what is there already, relative references and other sites stay as they are. `hosts` are the names (with port) under which
 * the browser knows the router: an app that builds absolute URLs from Host means itself by them.
 */
export function confineLocation(
  location: string,
  prefix: string,
  upstream: Upstream,
  hosts: readonly string[],
): string {
  const start = authorityStart(location);
  if (start === -1) {
    return location.startsWith('/') ? confinePath(location, prefix) : location;
  }
  const end = authorityEnd(location, start);
  const authority = location.slice(start, end).toLowerCase();
  const own = authorityOf(upstream);
  if (authority === own || (upstream.port === 80 && `${authority}:80` === own)) {
    return confinePath(location.slice(end), prefix);
  }
  if (prefix !== '' && hosts.includes(authority)) {
    return location.slice(0, end) + confinePath(location.slice(end), prefix);
  }
  return location;
}
