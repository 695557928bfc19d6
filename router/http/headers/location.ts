import type { Upstream } from '../../routes/model/endpoint.ts';
import { climbs, liesBelow, putBelow, withoutBase } from '../../grammar/path.ts';
import type { ProxiedRequest } from './proxied_request.ts';

const SLASH = 0x2f;

/** Whether a reference is a path and nothing else, for every reader: one slash first, and no backslash or tab that browsers turn around. */
function isPath(location: string): boolean {
  return (
    location.charCodeAt(0) === SLASH &&
    location.charCodeAt(1) !== SLASH &&
    !location.includes('\\') &&
    !location.includes('\t')
  );
}

/** The part that is a path, without query and fragment. */
function pathOf(location: string): string {
  const end = location.search(/[?#]/);
  return end === -1 ? location : location.slice(0, end);
}

/** As browsers read it (WHATWG URL), from the page at `base`. Bytes of 0x80 and more are UTF-8 to them. */
function parse(location: string, base: string): URL | undefined {
  return URL.parse(Buffer.from(location, 'latin1').toString('utf8'), base) ?? undefined;
}

function isTask({ hostname, port }: URL, { address, family, port: own }: Upstream): boolean {
  if (hostname !== (family === 6 ? `[${address}]` : address)) return false;
  return port === '' ? own === 80 || own === 443 : Number(port) === own;
}

function tailOf({ search, hash }: URL): string {
  return search + hash;
}

/** What is no plain path, or would leave the prefix as one: read as browsers read it, and put below the prefix where it means the task. */
function confineReference(location: string, proxied: ProxiedRequest, origin: string): string {
  const { prefix, base, path, upstream } = proxied;
  const own = new URL(origin);
  const seen = parse(location, `${origin}${prefix}${withoutBase(path, base)}`);
  // Nobody can follow it.
  if (seen === undefined) return location;
  const isOwn = seen.host.replace(/\.(?=:|$)/, '') === own.host;
  if (isOwn && liesBelow(seen.pathname, prefix)) return location;
  // To the task, whose address is all of its host, a reference without a host is its own as well.
  const host = upstream.family === 6 ? `[${upstream.address}]` : upstream.address;
  const meant = parse(location, `${own.protocol}//${host}:${upstream.port}${path}`);
  if (meant !== undefined && isTask(meant, upstream)) {
    return prefix === ''
      ? meant.pathname + tailOf(meant)
      : putBelow(withoutBase(meant.pathname, base), prefix) + tailOf(meant);
  }
  if (!isOwn || prefix === '') return location;
  return `${seen.protocol}//${seen.host}${putBelow(withoutBase(seen.pathname, base), prefix)}${tailOf(seen)}`;
}

/**
 * A task's Location as the browser must see it: the task's own address and the root of its host become the endpoint's prefix;
 * what is there already, relative references and other sites stay as they are. `origin` is that of ROUTER_URL, under which
 * the browser knows tasks: an app that builds absolute URLs from Host means itself by it.
 */
export function confineLocation(location: string, proxied: ProxiedRequest, origin: string): string {
  if (isPath(location)) {
    const { prefix, base } = proxied;
    const path = pathOf(location);
    if (prefix === '' || liesBelow(path, prefix)) return location;
    if (!climbs(path, 0)) {
      return prefix + withoutBase(path, base) + location.slice(path.length);
    }
  }
  return confineReference(location, proxied, origin);
}
