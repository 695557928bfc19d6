import { liesBelow, putBelow, withoutBase } from '../../grammar/path.ts';
import type { ProxiedRequest } from './proxied_request.ts';

function isWhiteSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Whether the cookie from `start` to `end` of a Cookie header has one of these names. */
function isNamed(header: string, start: number, end: number, names: readonly string[]): boolean {
  let from = start;
  while (from < end && isWhiteSpace(header.charCodeAt(from))) from++;
  return names.some((name) => {
    if (!header.startsWith(name, from)) return false;
    let after = from + name.length;
    while (after < end && isWhiteSpace(header.charCodeAt(after))) after++;
    return after === end || header.charCodeAt(after) === 0x3d;
  });
}

/**
 * A Cookie header without the named cookies, all their duplicates included; the rest verbatim. Undefined when nothing is left.
 * Names are compared as browsers compare them: case-sensitive, white space around them dropped.
 */
export function withoutCookies(header: string, names: readonly string[]): string | undefined {
  if (!names.some((name) => header.includes(name))) return header;
  const kept: string[] = [];
  /** Where that begins which is kept and not yet among it; -1 where the last cookie was cut. */
  let keptFrom = -1;
  for (let start = 0; start <= header.length;) {
    const semicolon = header.indexOf(';', start);
    const end = semicolon === -1 ? header.length : semicolon;
    if (!isNamed(header, start, end, names)) {
      if (keptFrom === -1) keptFrom = start;
    } else if (keptFrom !== -1) {
      kept.push(header.slice(keptFrom, start - 1));
      keptFrom = -1;
    }
    start = end + 1;
  }
  if (keptFrom !== -1) kept.push(header.slice(keptFrom));
  const text = kept.join(';').trim();
  return text === '' ? undefined : text;
}

function nameOf(pair: string): string {
  const equals = pair.indexOf('=');
  return (equals === -1 ? pair : pair.slice(0, equals)).trim();
}

/** The value of the first cookie of that name in the Cookie headers; undefined where there is none. */
export function cookieValue(rawHeaders: readonly string[], name: string): string | undefined {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() !== 'cookie') continue;
    for (const pair of (rawHeaders[index + 1] ?? '').split(';')) {
      if (nameOf(pair) === name) return pair.slice(pair.indexOf('=') + 1).trim();
    }
  }
  return undefined;
}

/** Attributes of a cookie that are looked at: there are fewer than ten. */
const MOST_ATTRIBUTES = 32;

/** The default of RFC 6265 section 5.1.4: the directory of the path that the task saw. */
function defaultPath(path: string): string {
  const query = path.indexOf('?');
  const end = path.lastIndexOf('/', query === -1 ? path.length : query);
  const directory = end <= 0 ? '/' : path.slice(0, end);
  return directory.includes(';') ? '/' : directory;
}

/** Whole apps are at the root of their host, whatever they keep. */
function onOwnHost(path: string, base: string): string {
  return liesBelow(base, path.replace(/\/$/, '')) ? '/' : path;
}

/**
 * A task's Set-Cookie confined to its endpoint: no Domain, and under a prefix a Path that lies under it. Undefined when the
 * cookie must not be set at all: one that carries a credential of this router (its value would be the task's), or one without
 * a name, which browsers send back as bare text that reads as any cookie (CVE-2024-28233 is of this family).
 * On a host of the endpoint's own a cookie for all of an app that keeps its prefix is for the root as well, which leads there, too.
 */
export function confineSetCookie(
  value: string,
  { prefix, base, path, hostCookies }: Omit<ProxiedRequest, 'endpoint' | 'upstream'>,
  ownNames: readonly string[],
): string | undefined {
  // What is beyond any cookie's attributes goes no further, nor does a Path or Domain in it.
  const attributes = value.split(';', MOST_ATTRIBUTES);
  let pair = attributes[0] ?? '';
  const equals = pair.indexOf('=');
  const name = equals === -1 ? '' : pair.slice(0, equals).trim();
  if (name === '' || ownNames.includes(name)) return undefined;
  if (prefix === '' && attributes.length === 1) return value;
  if (prefix !== '') {
    const kept = hostCookies.out(name, prefix);
    if (kept === undefined) return undefined;
    if (kept !== name) pair = kept + pair.slice(equals);
  }
  let confined = pair;
  let cookiePath: string | undefined;
  for (let index = 1; index < attributes.length; index++) {
    const attribute = attributes[index] ?? '';
    const mark = attribute.indexOf('=');
    const key = (mark === -1 ? attribute : attribute.slice(0, mark)).trim().toLowerCase();
    if (key === 'domain') continue;
    if (key === 'path' && (prefix !== '' || base !== '')) {
      cookiePath = mark === -1 ? '' : attribute.slice(mark + 1).trim();
      continue;
    }
    confined += `;${attribute}`;
  }
  if (prefix === '') {
    return cookiePath === undefined ? confined : `${confined}; Path=${onOwnHost(cookiePath, base)}`;
  }
  if (cookiePath === undefined || !cookiePath.startsWith('/')) cookiePath = defaultPath(path);
  return `${confined}; Path=${putBelow(withoutBase(cookiePath, base), prefix)}`;
}
