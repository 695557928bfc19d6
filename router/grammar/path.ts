/**
 * What lies below a prefix, in one grammar for all that asks: the request line, Location, the Path of cookies, the scope of service
 * workers, and ways back after sign-in.
 */

const TAB = 0x09;
const HASH = 0x23;
const PERCENT = 0x25;
const DOT = 0x2e;
const SLASH = 0x2f;
const SEMICOLON = 0x3b;
const QUESTION = 0x3f;
const BACKSLASH = 0x5c;

/** Readers differ in what parts the segments of a path. Browsers take `\` for `/`, some servers unescape before they split. */
interface Reading {
  readonly backslash: boolean;
  readonly escaped: boolean;
}

const READINGS: readonly Reading[] = [
  { backslash: false, escaped: false },
  { backslash: true, escaped: false },
  { backslash: false, escaped: true },
  { backslash: true, escaped: true },
];

/** The byte that an escape at `index` stands for, of those that matter in a path; -1 for all others. */
function unescaped(path: string, index: number): number {
  const high = path.charCodeAt(index + 1);
  const low = path.charCodeAt(index + 2) | 0x20;
  if (high === 0x32) return low === 0x65 ? DOT : low === 0x66 ? SLASH : -1;
  return high === 0x35 && low === 0x63 ? BACKSLASH : -1;
}

function climbsAs(path: string, start: number, { backslash, escaped }: Reading): boolean {
  let depth = 0;
  /** Of the segment so far: its dots, whether it holds anything else, and whether what follows no longer counts as its name. */
  let dots = 0;
  let named = false;
  let over = false;
  for (let index = start; ; index++) {
    let code = index < path.length ? path.charCodeAt(index) : QUESTION;
    let parts = code === SLASH || (backslash && code === BACKSLASH);
    if (code === PERCENT) {
      const byte = unescaped(path, index);
      if (byte !== -1) index += 2;
      if (byte === DOT) code = DOT;
      parts = escaped && (byte === SLASH || (backslash && byte === BACKSLASH));
    }
    if (parts || code === QUESTION) {
      if (named || dots > 2) depth++;
      else if (dots === 2) depth--;
      if (depth < 0) return true;
      if (code === QUESTION) return false;
      dots = 0;
      named = false;
      over = false;
    } else if (over || code === TAB) {
      // Browsers drop tabs wherever they stand.
    } else if (code === DOT) dots++;
    else if (code === SEMICOLON || code === HASH) {
      // Some Java servers drop a `;parameter` first, and some readers end a path at `#`.
      over = true;
    } else named = true;
  }
}

/**
 * Whether the path from `start` on, up to its query, has dot segments that lead above it for any of its readers. An empty segment
 * is no step down: servers that merge slashes would count it differently.
 */
export function climbs(path: string, start: number): boolean {
  // Two dots in a row in any spelling hold a dot or its escape twice; most paths hold neither, and are never read twice.
  const suspect =
    path.includes('..', start) || path.includes('%2', start) || path.includes('\t', start);
  if (!suspect) return false;
  const backslashes = /\\|%5c/i.test(path);
  const escapes = /%2f|%5c/i.test(path);
  return READINGS.some(
    (reading) =>
      (backslashes || !reading.backslash) &&
      (escapes || !reading.escaped) &&
      climbsAs(path, start, reading),
  );
}

/** Whether a path is the prefix or leads below it, whoever reads it. The prefix has no slash at its end; empty, it is a host's root. */
export function liesBelow(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  const next = path.charCodeAt(prefix.length);
  const ends = Number.isNaN(next) || next === SLASH || next === QUESTION;
  return ends && !climbs(path, prefix.length);
}

/** A task's path as it stands below its prefix: what is there already stays, and what would not stay there is the prefix itself. */
export function putBelow(path: string, prefix: string): string {
  if (liesBelow(path, prefix)) return path;
  const put = prefix + (path.startsWith('/') ? path : `/${path}`);
  return liesBelow(put, prefix) ? put : `${prefix}/`;
}

/** A path of an app whose own paths begin with `base`, which has no slash at its end; undefined or empty: at the root. */
export function underBase(path: string, base: string | undefined): string {
  return base === undefined || base === '' || liesBelow(path, base) ? path : base + path;
}

/** The same the other way round: what follows the base, or the path as it is where it lies elsewhere. */
export function withoutBase(path: string, base: string): string {
  if (base === '' || !liesBelow(path, base)) return path;
  const rest = path.slice(base.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** Most characters of a health path. */
export const LONGEST_HEALTH_PATH = 256;
/** RFC 3986: a path that begins with one slash, and perhaps a query. */
const HEALTH_PATH = /^\/(?!\/)(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*$/;

/** Whether a text that a task says may be asked for as it stands: a path, perhaps with a query, that leads nowhere above itself. */
export function isHealthPath(text: string): boolean {
  return text.length <= LONGEST_HEALTH_PATH && HEALTH_PATH.test(text) && !climbs(text, 0);
}
