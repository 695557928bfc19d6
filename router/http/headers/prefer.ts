const NAME = 'prefer';
const IS_WAIT = /^\s*wait\s*(?:[=;]|$)/i;
const WAIT = /^\s*wait\s*=\s*("?)(\d{1,9})\1\s*(?:;|$)/i;

/**
 * Preferences of one request that are read. A request that waits is sent again and again, and thousands of commas would be
 * split each time: what comes after these goes on as it came.
 */
const MOST_READ = 64;

/** The preferences of one Prefer header (RFC 7240) as they stand between its commas, and what is left once there are `most`. */
function preferencesOf(value: string, most: number): { found: string[]; rest: string | undefined } {
  const found: string[] = [];
  let quoted = false;
  let start = 0;
  for (let index = 0; index < value.length && found.length < most; index++) {
    const character = value[index];
    if (quoted && character === '\\') index++;
    else if (character === '"') quoted = !quoted;
    else if (character === ',' && !quoted) {
      found.push(value.slice(start, index));
      start = index + 1;
    }
  }
  const rest = value.slice(start);
  if (found.length >= most) return { found, rest };
  found.push(rest);
  return { found, rest: undefined };
}

function isWait(preference: string): boolean {
  return IS_WAIT.test(preference);
}

/** How many seconds the client is ready to wait: `wait` of RFC 7240, of which the first one counts. 0 where it does not say. */
export function waitSecondsOf(rawHeaders: readonly string[]): number {
  let left = MOST_READ;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() !== NAME) continue;
    const { found } = preferencesOf(rawHeaders[index + 1] ?? '', left);
    const preference = found.find(isWait);
    if (preference !== undefined) return Number(WAIT.exec(preference)?.[2] ?? 0);
    left -= found.length;
  }
  return 0;
}

/** The headers without `wait`: the seconds are used up, and the task would count them again. */
export function withoutWait(headers: readonly string[]): readonly string[] {
  const kept: string[] = [];
  let left = MOST_READ;
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? '';
    const value = headers[index + 1] ?? '';
    if (name.toLowerCase() !== NAME) {
      kept.push(name, value);
      continue;
    }
    const { found, rest } = preferencesOf(value, left);
    left -= found.length;
    const others = found.filter((preference) => !isWait(preference));
    if (rest !== undefined) others.push(rest);
    if (others.length > 0) kept.push(name, others.join(',').trim());
  }
  return kept;
}
