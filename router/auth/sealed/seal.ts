import { hash } from 'node:crypto';
import { EncryptJWT, jwtDecrypt } from 'jose';
import { LRUCache } from 'lru-cache';
import * as z from 'zod';

/** What a sealed token is for; one of a purpose is nothing to any other. */
export type SealPurpose =
  | 'session'
  | 'handover'
  | 'endpoint-token'
  | 'device-token'
  /** What a computer holds while its user is asked, and what the user's yes waits in until that computer fetches it. */
  | 'device-code'
  | 'device-approval'
  /** A guest's session; the page of a link's word for it, on the way to another host; and the code that brings it there. */
  | 'guest'
  | 'guest-visit'
  | 'guest-handover';

/** A ClearML token, or what stands in its place, in an envelope of the router's own. */
export interface Sealed {
  readonly id: string;
  /** The user's ClearML token. Of `device-code` it is what is known of the computer, of `guest` the name of the guest, and of the other two of a guest the session that it is sealed in. */
  readonly token: string;
  /** Where it counts: see audience.ts. */
  readonly audience: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

const CONTENT = z.object({
  jti: z.string(),
  aud: z.string(),
  exp: z.number(),
  token: z.string(),
});

/** JWE in compact form, direct encryption: five segments, the second of them empty. */
const GRAMMAR = /^[A-Za-z0-9_-]+\.\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const LONGEST = 12_288;
const OPENED_KEPT = 10_000;
/** Characters of the tokens in what is kept opened, and what else each takes. */
const OPENED_LENGTH_KEPT = 16 * 1024 * 1024;
const OPENED_OVERHEAD = 512;

/** Short, so that a flood of garbage is cheap and new keys count soon. */
const UNOPENED_KEPT_MS = 5_000;

/**
 * Seals and opens: JWE, `dir`, A256GCM. The first key seals, all of them open. What was opened is kept by a hash; the
 * right to what is inside is asked anew each time, so an envelope dies with the token in it.
 */
export class Sealer {
  readonly #keys: () => readonly Uint8Array[];
  readonly #now: () => number;
  readonly #opened: LRUCache<string, Sealed>;
  readonly #unopened: LRUCache<string, true>;

  /** @param kept how many texts are kept opened at the most; fewer where whoever comes can have some sealed. */
  constructor(keys: () => readonly Uint8Array[], now: () => number, kept = OPENED_KEPT) {
    this.#keys = keys;
    this.#now = now;
    this.#opened = new LRUCache({
      max: kept,
      maxSize: OPENED_LENGTH_KEPT,
      sizeCalculation: ({ token }) => token.length + OPENED_OVERHEAD,
    });
    this.#unopened = new LRUCache({ max: kept, ttl: UNOPENED_KEPT_MS });
  }

  /** Undefined while there is no key: before the signing key is settled. */
  async seal(purpose: SealPurpose, sealed: Sealed): Promise<string | undefined> {
    const [key] = this.#keys();
    if (key === undefined) return undefined;
    return new EncryptJWT({ token: sealed.token })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', typ: purpose })
      .setJti(sealed.id)
      .setAudience(sealed.audience)
      .setExpirationTime(Math.floor(sealed.expiresAt / 1000))
      .encrypt(key);
  }

  /** Without a promise when it was opened before; undefined where it was not sealed here, is of another purpose, or has expired. */
  open(purpose: SealPurpose, text: string): Sealed | undefined | Promise<Sealed | undefined> {
    if (text.length > LONGEST || !GRAMMAR.test(text)) return undefined;
    const key = purpose + hash('sha256', text, 'base64url');
    const opened = this.#opened.get(key);
    if (opened !== undefined) return opened.expiresAt > this.#now() ? opened : undefined;
    if (this.#unopened.has(key)) return undefined;
    return this.#decrypt(purpose, text, key);
  }

  /** Forgets what was opened; for when the keys have changed. */
  forget(): void {
    this.#opened.clear();
    this.#unopened.clear();
  }

  async #decrypt(
    purpose: SealPurpose,
    text: string,
    cacheKey: string,
  ): Promise<Sealed | undefined> {
    for (const key of this.#keys()) {
      try {
        const { payload } = await jwtDecrypt(text, key, {
          typ: purpose,
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
          currentDate: new Date(this.#now()),
        });
        const { jti: id, aud: audience, exp, token } = CONTENT.parse(payload);
        const sealed = { id, audience, token, expiresAt: exp * 1000 };
        this.#opened.set(cacheKey, sealed);
        return sealed;
      } catch {
        // Not sealed with this key, or not what it should be: the next key is tried.
      }
    }
    this.#unopened.set(cacheKey, true);
    return undefined;
  }
}
