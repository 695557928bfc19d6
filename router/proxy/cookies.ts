/**
 * A Cookie header without the named cookies, all their duplicates included; the rest verbatim. Undefined when nothing is left.
 * Names are compared as browsers compare them: case-sensitive, white space around them dropped.
 */
export function withoutCookies(header: string, names: readonly string[]): string | undefined {
  if (!names.some((name) => header.includes(name))) return header;
  const kept = header.split(';').filter((pair) => !names.includes(nameOf(pair)));
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

/** The default of RFC 6265 section 5.1.4: the directory of the path that the task saw. */
function defaultPath(path: string): string {
  const query = path.indexOf('?');
  const end = path.lastIndexOf('/', query === -1 ? path.length : query);
  const directory = end <= 0 ? '/' : path.slice(0, end);
  return directory.includes(';') ? '/' : directory;
}

/**
 * A task's Set-Cookie confined to its endpoint: no Domain, and under a prefix a Path that lies under it. Undefined when the
 * cookie must not be set at all: one that carries a credential of this router (its value would be the task's), or one without
 * a name, which browsers send back as bare text that reads as any cookie (CVE-2024-28233 is of this family).
 * `path` is the raw path that the task saw.
 */
export function confineSetCookie(
  value: string,
  prefix: string,
  path: string,
  ownNames: readonly string[],
): string | undefined {
  const attributes = value.split(';');
  const pair = attributes[0] ?? '';
  const equals = pair.indexOf('=');
  const name = equals === -1 ? '' : pair.slice(0, equals).trim();
  if (name === '' || ownNames.includes(name)) return undefined;
  if (prefix === '' && attributes.length === 1) return value;
  let confined = pair;
  let cookiePath: string | undefined;
  for (let index = 1; index < attributes.length; index++) {
    const attribute = attributes[index] ?? '';
    const mark = attribute.indexOf('=');
    const key = (mark === -1 ? attribute : attribute.slice(0, mark)).trim().toLowerCase();
    if (key === 'domain') continue;
    if (key === 'path' && prefix !== '') {
      cookiePath = mark === -1 ? '' : attribute.slice(mark + 1).trim();
      continue;
    }
    confined += `;${attribute}`;
  }
  if (prefix === '') return confined;
  if (cookiePath === undefined || !cookiePath.startsWith('/')) cookiePath = defaultPath(path);
  const inside = cookiePath === prefix || cookiePath.startsWith(`${prefix}/`);
  return `${confined}; Path=${inside ? cookiePath : prefix + cookiePath}`;
}
