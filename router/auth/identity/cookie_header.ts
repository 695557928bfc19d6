const TAB = 9;
const SPACE = 32;

function isWhiteSpace(code: number): boolean {
  return code === SPACE || code === TAB;
}

/**
 * Calls `found` with each cookie of a Cookie header whose name is one of `names`, in the order of the header (RFC 6265,
 * section 5.4: longer paths first, which is why a task's cookie can stand before ours). Names compare exactly and values
 * come as they are, quotes included; nothing is decoded.
 */
export function eachCookie(
  header: string,
  names: readonly string[],
  found: (name: string, value: string) => void,
): void {
  const present = names.filter((name) => header.includes(name));
  let start = present.length === 0 ? header.length : 0;
  while (start < header.length) {
    let end = header.indexOf(';', start);
    if (end === -1) end = header.length;
    while (start < end && isWhiteSpace(header.charCodeAt(start))) start += 1;
    for (const name of present) {
      if (header.charCodeAt(start + name.length) === 61 && header.startsWith(name, start)) {
        let valueEnd = end;
        while (isWhiteSpace(header.charCodeAt(valueEnd - 1))) valueEnd -= 1;
        found(name, header.slice(start + name.length + 1, valueEnd));
      }
    }
    start = end + 1;
  }
}

/** The first cookie of this name in a request's headers; undefined where there is none. */
export function findCookie(rawHeaders: readonly string[], name: string): string | undefined {
  let first: string | undefined;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== 'cookie') continue;
    eachCookie(rawHeaders[i + 1] ?? '', [name], (_name, value) => {
      first ??= value;
    });
  }
  return first;
}
