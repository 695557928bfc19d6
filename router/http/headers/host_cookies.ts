import { createHmac } from 'node:crypto';

/**
 * What the renamed cookies of tasks begin with. `__Secure-` keeps them to https, as `__Host-` did; the rest of that promise, that nobody
 * else can have set the cookie, is kept by the tag that follows.
 */
const MARK = '__Secure-task-';
/** 64 bits, in base64url. */
const TAG_BYTES = 8;
const TAG_LENGTH = 11;

/** Browsers hold a name against the prefix without regard to its case (RFC 6265bis, section 4.1.3). */
function isHostName(name: string): boolean {
  return name.slice(0, 7).toLowerCase() === '__host-';
}

function nameIn(pair: string): string {
  const equals = pair.indexOf('=');
  return (equals === -1 ? pair : pair.slice(0, equals)).trim();
}

/**
 * Renames the `__Host-` cookies of tasks below a path, where browsers refuse them: they want `Path=/`, which would give them to all tasks of
 * the host. The name that a browser keeps holds a keyed tag of the path: a page of another task of the same host, which can set any
 * cookie for any path, cannot make one that this task takes for its own.
 */
export class HostCookies {
  readonly #keys: () => readonly Uint8Array[];

  /** @param keys the first makes tags, all of them are known again: two while a secret is rotated. */
  constructor(keys: () => readonly Uint8Array[]) {
    this.#keys = keys;
  }

  /** The name for the browser of a cookie that a task sets below the prefix; undefined where it may set none of that name. */
  out(name: string, prefix: string): string | undefined {
    if (!name.startsWith('__')) return name;
    if (name.startsWith(MARK)) return undefined;
    if (!isHostName(name)) return name;
    const [tag] = this.#tags(prefix);
    return tag === undefined ? undefined : `${MARK}${tag}-${name}`;
  }

  /**
   * A Cookie header as the task below the prefix gets it: its own renamed cookies under their own names, and none that another set
   * under such a name. Undefined where nothing is left.
   *
   * @param ownNames cookies that no task gets.
   */
  back(header: string, prefix: string, ownNames: readonly string[]): string | undefined {
    if (!header.includes('__')) return header;
    let tags: readonly string[] | undefined;
    const kept: string[] = [];
    for (const pair of header.split(';')) {
      const name = nameIn(pair);
      if (isHostName(name)) continue;
      if (!name.startsWith(MARK)) {
        kept.push(pair);
        continue;
      }
      tags ??= this.#tags(prefix);
      const end = MARK.length + TAG_LENGTH;
      const own = name.slice(end + 1);
      const isOurs = name[end] === '-' && tags.includes(name.slice(MARK.length, end));
      if (!isOurs || !isHostName(own) || ownNames.includes(own)) continue;
      kept.push(pair.replace(name, () => own));
    }
    const text = kept.join(';').trim();
    return text === '' ? undefined : text;
  }

  #tags(prefix: string): readonly string[] {
    return this.#keys().map((key) =>
      createHmac('sha256', key)
        .update(prefix)
        .digest()
        .subarray(0, TAG_BYTES)
        .toString('base64url'),
    );
  }
}
