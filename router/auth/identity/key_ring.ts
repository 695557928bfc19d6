import { jwtVerify, type CryptoKey } from 'jose';
import { RouterError } from '../../errors.ts';
import { readClaims, type Claims } from './claims.ts';
import { importHs256, secretBytes, type KeyEncoding } from './key_encoding.ts';

/** A signing key whose encoding is known. */
export interface SigningKey {
  readonly secret: Uint8Array<ArrayBuffer>;
  readonly verifier: CryptoKey;
}

/**
 * `settled` once a key verified the router's own login token; `mismatch` when none did and none ever had; `outdated` when one did
 * before, and none verifies the latest: whoever signed in before the server's key was changed is let in, and nobody after.
 */
export type KeyState = 'unsettled' | 'settled' | 'outdated' | 'mismatch';

const ENCODINGS: readonly KeyEncoding[] = ['base64url', 'raw'];

/**
 * The keys that verify users' tokens. Nobody can tell from a key's text whether it is the secret itself or its base64url
 * spelling; the server can: the right reading is the one that verifies the token of the router's own login. With two
 * values (while the server's secret is rotated) the one that verifies tells the encoding of both.
 */
export class KeyRing {
  #values: readonly string[];
  #keys: readonly SigningKey[] = [];
  #owner: Claims['identity'] | undefined;
  #ownToken: string | undefined;
  #mismatch = false;

  constructor(values: readonly string[]) {
    this.#values = values;
  }

  get keys(): readonly SigningKey[] {
    return this.#keys;
  }

  get state(): KeyState {
    if (this.#keys.length > 0) return this.#mismatch ? 'outdated' : 'settled';
    return this.#mismatch ? 'mismatch' : 'unsettled';
  }

  /** Whose account the router itself uses; undefined until the keys are settled. */
  get owner(): Claims['identity'] | undefined {
    return this.#owner;
  }

  /**
   * Takes the router's own login token and keeps the keys that fit it.
   *
   * @throws RouterError SIGNING_KEY_MISMATCH when none does. Keys that fitted before stay in use: one that was replaced too
   * early, or a server that was rotated too early, must not lock out the users whose tokens still hold.
   */
  async settle(ownToken: string): Promise<void> {
    this.#ownToken = ownToken;
    for (const encoding of ENCODINGS) {
      const keys = await readKeys(this.#values, encoding);
      for (const key of keys) {
        const claims = await verifyOwn(ownToken, key);
        if (claims === undefined) continue;
        this.#keys = keys;
        this.#owner = claims.identity;
        this.#mismatch = false;
        return;
      }
    }
    this.#mismatch = true;
    throw new RouterError(
      'SIGNING_KEY_MISMATCH',
      "AUTH_BASE64_JWKS_KEY does not verify the token of the router's own login, neither as raw text nor as base64url. " +
        "Set it to the ClearML server's secure.auth.token_secret, or to `k` of its jwks.json" +
        (this.#keys.length > 0
          ? '; until then the keys that fitted before stay in use, and nobody gets in who signs in from now on.'
          : '.'),
    );
  }

  /** New values, read from a file that changed; they count once one of them verifies the router's own token. */
  async replace(values: readonly string[]): Promise<void> {
    this.#values = values;
    if (this.#ownToken !== undefined) await this.settle(this.#ownToken);
  }
}

/** Values that cannot be read in this encoding are taken as raw text: two values may have been copied from different places. */
async function readKeys(
  values: readonly string[],
  encoding: KeyEncoding,
): Promise<readonly SigningKey[]> {
  return Promise.all(
    values.map(async (value) => {
      const secret = secretBytes(value, encoding) ?? new Uint8Array(Buffer.from(value, 'utf8'));
      return { secret, verifier: await importHs256(secret) };
    }),
  );
}

/** The router's own token is exempt from the rule that `exp` is required: a system role's token may lack it. */
async function verifyOwn(token: string, key: SigningKey): Promise<Claims | undefined> {
  try {
    const { payload } = await jwtVerify(token, key.verifier, { algorithms: ['HS256'] });
    return readClaims(payload);
  } catch {
    return undefined;
  }
}
