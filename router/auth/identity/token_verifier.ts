import { hash } from 'node:crypto';
import { errors, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { ownCopy } from '../../own_copy.ts';
import { readClaims } from './claims.ts';
import type { Identity } from './identity.ts';
import type { KeyRing } from './key_ring.ts';
import { isTokenShaped } from './token_grammar.ts';
import { isClearmlId } from '../../grammar/endpoint_id.ts';

/** What a text that was presented as a token turned out to be. */
export type TokenCheck =
  | { readonly outcome: 'valid'; readonly identity: Identity }
  | {
      readonly outcome: 'invalid';
      readonly reason: 'token-invalid' | 'token-expired' | 'token-revoked';
      /** The signature holds: the text is a token of this ClearML server, and must not reach a task even though it opens nothing. */
      readonly ours: boolean;
    };

const NOT_A_TOKEN: TokenCheck = { outcome: 'invalid', reason: 'token-invalid', ours: false };
const OURS_INVALID: TokenCheck = { outcome: 'invalid', reason: 'token-invalid', ours: true };
const OURS_EXPIRED: TokenCheck = { outcome: 'invalid', reason: 'token-expired', ours: true };

/** Header parameters that ClearML's tokens have. A token that brings its own key (`jwk`, `jku`, `x5c`) is refused as a whole. */
const HEADER_PARAMETERS: ReadonlySet<string> = new Set(['alg', 'typ', 'kid']);

const VALID_KEPT = 10_000;
/** Characters of the tokens that are kept, and what else a kept check takes. */
const VALID_LENGTH_KEPT = 16 * 1024 * 1024;
const VALID_OVERHEAD = 512;
const INVALID_KEPT = 1_000;
/** Short, since a token whose `nbf` lies ahead becomes valid, and since the keys may change. */
const INVALID_KEPT_MS = 5_000;
/** Tokens whose hashes are kept at hand; all are let go of when there are more. */
const KEYS_KEPT = 1_000;
const LONGEST_KEPT = 4 * 1024;

/**
 * Verifies users' tokens: HS256 alone, `exp` required, the router's own tenant. Checks are kept by a hash of the token's
 * verified parts; the grammar leaves each token one spelling, so the hash of its text is that.
 */
export class TokenVerifier {
  readonly #ring: KeyRing;
  readonly #now: () => number;
  readonly #administrators: ReadonlySet<string>;
  readonly #valid = new LRUCache<string, TokenCheck & { readonly outcome: 'valid' }>({
    max: VALID_KEPT,
    maxSize: VALID_LENGTH_KEPT,
    sizeCalculation: ({ identity }) => identity.token.length + VALID_OVERHEAD,
  });
  readonly #invalid = new LRUCache<string, TokenCheck>({
    max: INVALID_KEPT,
    ttl: INVALID_KEPT_MS,
  });

  /** Hashes of valid tokens by their text: grammar and hash cost a request more than all else here. */
  readonly #keys = new Map<string, string>();

  /** @param administrators ids or names of users who are administrators whatever ClearML calls them: ROUTER_ADMINISTRATORS. */
  constructor(ring: KeyRing, now: () => number, administrators: readonly string[]) {
    this.#administrators = new Set(administrators);
    this.#ring = ring;
    this.#now = now;
  }

  /** The kept answer; undefined when the token has to be verified. */
  known(token: string): TokenCheck | undefined {
    const kept = this.#keys.get(token);
    if (kept === undefined && !isTokenShaped(token)) return NOT_A_TOKEN;
    const key = kept ?? hash('sha256', token, 'base64url');
    const valid = this.#valid.get(key);
    if (valid === undefined) return this.#invalid.get(key);
    if (kept === undefined && token.length <= LONGEST_KEPT) {
      if (this.#keys.size >= KEYS_KEPT) this.#keys.clear();
      this.#keys.set(ownCopy(token), key);
    }
    return valid.identity.expiresAt <= this.#now() ? OURS_EXPIRED : valid;
  }

  /** Without a promise when the answer is kept. */
  check(token: string): TokenCheck | Promise<TokenCheck> {
    return this.known(token) ?? this.#verify(token);
  }

  async #verify(token: string): Promise<TokenCheck> {
    const key = hash('sha256', token, 'base64url');
    const check = await this.#check(token, key);
    if (check.outcome === 'valid') this.#valid.set(key, check);
    else this.#invalid.set(key, check);
    return check;
  }

  /** Forgets every check; for when the keys have changed. */
  forget(): void {
    this.#valid.clear();
    this.#invalid.clear();
    this.#keys.clear();
  }

  async #check(token: string, tokenKey: string): Promise<TokenCheck> {
    for (const key of this.#ring.keys) {
      try {
        const { payload, protectedHeader } = await jwtVerify(token, key.verifier, {
          algorithms: ['HS256'],
          requiredClaims: ['exp'],
          currentDate: new Date(this.#now()),
        });
        if (!Object.keys(protectedHeader).every((name) => HEADER_PARAMETERS.has(name))) {
          return OURS_INVALID;
        }
        return this.#identify(token, tokenKey, payload);
      } catch (error) {
        if (error instanceof errors.JWSSignatureVerificationFailed) continue;
        if (error instanceof errors.JWTExpired) return OURS_EXPIRED;
        if (error instanceof errors.JWTClaimValidationFailed) return OURS_INVALID;
        if (error instanceof errors.JWTInvalid) return OURS_INVALID;
        return NOT_A_TOKEN;
      }
    }
    return NOT_A_TOKEN;
  }

  #identify(token: string, tokenKey: string, payload: unknown): TokenCheck {
    const claims = readClaims(payload);
    if (claims === undefined || claims.exp === undefined) return OURS_INVALID;
    if (!this.#sameTenant(claims.identity.company)) return OURS_INVALID;
    const { user, company, user_name: name } = claims.identity;
    const named = this.#administrators.has(user) || this.#names(name);
    const role = claims.identity.role ?? '';
    return {
      outcome: 'valid',
      identity: {
        userId: user,
        userName: name ?? user,
        companyId: company,
        // A company's administrator; what ClearML says counts where it says more.
        role: named && (role === '' || role === 'user' || role === 'guest') ? 'admin' : role,
        tokenKey,
        expiresAt: claims.exp * 1000,
        issuedAt: claims.iat === undefined ? undefined : claims.iat * 1000,
        token: ownCopy(token),
      },
    };
  }

  /** Whether the setting names somebody called so. A name in the form of an id does not count: anybody could take another's id as a name. */
  #names(name: string | null | undefined): boolean {
    return typeof name === 'string' && !isClearmlId(name) && this.#administrators.has(name);
  }

  /** A router whose account belongs to a company serves that company alone (A21); the system account belongs to none. */
  #sameTenant(company: string): boolean {
    const owner = this.#ring.owner;
    if (owner === undefined) return false;
    return owner.company === '' || owner.role === 'system' || owner.company === company;
  }
}
