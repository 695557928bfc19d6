import { deriveKey } from '../identity/derive_key.ts';
import type { KeyRing } from '../identity/key_ring.ts';

/** What keys are for: those of one use are nothing to any other. */
export const KEY_USES = {
  sealedTokens: 'task-traffic-router sealed tokens, A256GCM, v1',
  grants: 'task-traffic-router grants, HMAC-SHA256, v1',
} as const;

type Secret = string | Uint8Array;

/**
 * The keys of one use, such as those that seal and open: derived from ROUTER_SECRET, or from the signing key where there is none. Every replica derives
 * the same ones, so that none of them has to be kept or sent.
 */
export class SealKeys {
  readonly #ring: Pick<KeyRing, 'keys'>;
  readonly #use: string;
  #routerSecret: readonly string[] | undefined;
  #derivedFrom: readonly unknown[] | undefined;
  #keys: readonly Uint8Array[] = [];

  constructor(
    ring: Pick<KeyRing, 'keys'>,
    routerSecret: readonly string[] | undefined,
    use: (typeof KEY_USES)[keyof typeof KEY_USES] = KEY_USES.sealedTokens,
  ) {
    this.#ring = ring;
    this.#use = use;
    this.#routerSecret = routerSecret;
  }

  /** The first seals. Empty until the signing key is settled, where that is what they are derived from. */
  readonly current = (): readonly Uint8Array[] => {
    const source = this.#routerSecret ?? this.#ring.keys;
    if (source !== this.#derivedFrom) {
      const secrets: readonly Secret[] =
        this.#routerSecret ?? this.#ring.keys.map(({ secret }) => secret);
      this.#keys = secrets.map((secret) => deriveKey(secret, this.#use));
      this.#derivedFrom = source;
    }
    return this.#keys;
  };

  /** New values of ROUTER_SECRET, read from a file that changed. */
  replace(routerSecret: readonly string[]): void {
    this.#routerSecret = routerSecret;
  }
}
