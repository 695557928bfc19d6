import { randomUUID } from 'node:crypto';
import { RouterError } from '../errors.ts';
import type { AccessDecisions } from './access.ts';
import type { Audience } from './audience.ts';
import { ROUTER_AUDIENCE } from './audience.ts';
import type { ClearmlAuthority } from './clearml_authority.ts';
import { findCookie } from './cookies.ts';
import type { CookieNames } from './credentials.ts';
import { readCredentials } from './credentials.ts';
import type { Identify } from './identifier.ts';
import type { Identity } from './identity.ts';
import type { Sealer } from './seal.ts';
import type { CookieFrame } from './set_cookie.ts';
import { setCookie } from './set_cookie.ts';
import type { SignInLimits } from './sign_in_limits.ts';
import type { TokenVerifier } from './token_verifier.ts';

/** What came of a sign-in. */
export type SignIn =
  | {
      readonly outcome: 'ok';
      readonly identity: Identity;
      readonly setCookie: readonly string[];
    }
  /** ClearML does not know these keys; or ClearML is away; or its token does not hold here (another tenant, or the router's key is wrong). */
  | { readonly outcome: 'refused' | 'unavailable' | 'not-accepted' }
  | { readonly outcome: 'limited'; readonly retryAfter: number };

/** What a person types, and from where. */
export interface SignInForm {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly clientAddress: string;
}

/** What came of a sign-out. */
export interface SignedOut {
  /** Removes the session. */
  readonly setCookie: readonly string[];
  /** Whose tokens were ended: none, one, or several where cookies of several users came together. */
  readonly userIds: readonly string[];
}

export interface SessionParts {
  readonly clearml: Pick<ClearmlAuthority, 'loginWith' | 'logout'>;
  readonly verifier: TokenVerifier;
  readonly sealer: Sealer;
  readonly access: AccessDecisions;
  readonly identify: Identify;
  readonly limits: SignInLimits;
  readonly cookieNames: () => CookieNames;
  readonly secureCookies: boolean;
  readonly now: () => number;
}

/**
 * The router's own sessions: a cookie that seals the ClearML token of a login made here. Nothing is stored; a session ends
 * with its token, when ClearML refuses it, or at sign-out.
 */
export class Sessions {
  readonly #parts: SessionParts;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  async signIn({ accessKey, secretKey, clientAddress }: SignInForm): Promise<SignIn> {
    const { clearml, limits, verifier } = this.#parts;
    const attempt = limits.attempt(clientAddress, accessKey);
    if (!attempt.allowed) return { outcome: 'limited', retryAfter: attempt.retryAfter };
    try {
      const { token } = await clearml.loginWith(accessKey, secretKey);
      attempt.succeeded();
      const check = await verifier.check(token);
      const session = await this.cookieFor(token, ROUTER_AUDIENCE);
      if (check.outcome !== 'valid' || session === undefined) return { outcome: 'not-accepted' };
      return { outcome: 'ok', identity: check.identity, setCookie: [session] };
    } catch (error) {
      if (!(error instanceof RouterError)) throw error;
      const refused = error.code === 'CLEARML_UNAUTHORIZED' || error.code === 'CLEARML_REFUSED';
      if (!refused) attempt.succeeded();
      return { outcome: refused ? 'refused' : 'unavailable' };
    } finally {
      attempt.end();
    }
  }

  /** The Set-Cookie of a session that counts for `audience`; undefined where the token does not hold. */
  async cookieFor(token: string, audience: Audience): Promise<string | undefined> {
    const { verifier, sealer, now } = this.#parts;
    const check = await verifier.check(token);
    if (check.outcome !== 'valid' || check.identity.expiresAt === undefined) return undefined;
    const { expiresAt } = check.identity;
    const sealed = await sealer.seal('session', { id: randomUUID(), token, audience, expiresAt });
    if (sealed === undefined) return undefined;
    return setCookie(this.#frame(), sealed, (expiresAt - now()) / 1000);
  }

  /**
   * Ends the tokens behind every cookie of a request, here at once and at ClearML (`auth.logout`), which ends them in other
   * replicas and on other hosts.
   */
  async signOut(rawHeaders: readonly string[]): Promise<SignedOut> {
    const { clearml, access, identify, cookieNames } = this.#parts;
    const { cookies, tooManyCookies } = readCredentials(rawHeaders, cookieNames());
    const userIds = new Set<string>();
    for (const credential of tooManyCookies ? [] : cookies) {
      const check = await identify(credential, 'own-page');
      if (check.outcome !== 'valid') continue;
      userIds.add(check.identity.userId);
      access.revoke(check.identity.tokenKey);
      try {
        await clearml.logout(check.identity.token);
      } catch (error) {
        // Gone already, or ClearML is away: here it is over all the same.
        if (!(error instanceof RouterError)) throw error;
      }
    }
    return { setCookie: [setCookie(this.#frame(), '', 0)], userIds: [...userIds] };
  }

  /** For a visitor whose session does not hold: the Set-Cookie that removes it, if there is one (GHSA-f24x-5g9q-753f). */
  clear(rawHeaders: readonly string[]): readonly string[] {
    const { name } = this.#frame();
    return findCookie(rawHeaders, name) === undefined ? [] : [setCookie(this.#frame(), '', 0)];
  }

  #frame(): CookieFrame {
    return { name: this.#parts.cookieNames().session, secure: this.#parts.secureCookies };
  }
}
