import { randomUUID } from 'node:crypto';
import { RouterError } from '../../errors.ts';
import type { Audience } from '../sealed/audience.ts';
import type { ClearmlAuthority } from '../../clearml/clearml.ts';
import type { OwnCookies } from '../identity/cookie_names.ts';
import { findCookie } from '../identity/cookie_header.ts';
import { COOKIES_TRIED, readCredentials, type CookieNames } from '../identity/credentials.ts';
import type { Identify } from '../access/identifier.ts';
import type { Identity } from '../identity/identity.ts';
import type { Sealer } from '../sealed/seal.ts';
import { splitSession } from '../identity/session_pieces.ts';
import type { SignInLimits } from './sign_in_limits.ts';
import type { SignOuts } from '../access/sign_outs.ts';
import { LONGEST_TOKEN } from '../identity/token_grammar.ts';
import type { TokenVerifier } from '../identity/token_verifier.ts';

/** What came of a sign-in. */
export type SignIn =
  | {
      readonly outcome: 'ok';
      readonly identity: Identity;
      readonly setCookie: readonly string[];
    }
  /**
   * ClearML does not know these keys; or ClearML is away; or its token does not hold here (another tenant, or the router's key
   * is wrong); or it is longer than cookies can carry.
   */
  | { readonly outcome: 'refused' | 'unavailable' | 'not-accepted' | 'too-long' }
  | Limited;

/** What a person types, and from where. */
export interface Keys {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly clientAddress: string;
}

export interface SignInForm extends Keys {
  readonly rawHeaders: readonly string[];
}

type Limited = { readonly outcome: 'limited'; readonly retryAfter: number };

/** What came of asking somebody who is signed in for the keys again. */
export type Confirmation =
  | { readonly outcome: 'ok' | 'refused' | 'unavailable' | 'not-accepted' | 'other-account' }
  | Limited;

type Login =
  | { readonly outcome: 'ok'; readonly token: string }
  | { readonly outcome: 'refused' | 'unavailable' }
  | Limited;

/** What came of a sign-out. */
export interface SignedOut {
  /** Removes the session. */
  readonly setCookie: readonly string[];
  /** Whose tokens were ended: none, one, or several where cookies of several users came together. */
  readonly userIds: readonly string[];
  /** Whether every cookie was tried; where it was not, a token of theirs may hold on. */
  readonly complete: boolean;
}

export interface SessionParts {
  readonly clearml: Pick<ClearmlAuthority, 'loginWith' | 'logout'>;
  readonly verifier: TokenVerifier;
  readonly sealer: Sealer;
  readonly signOuts: Pick<SignOuts, 'add' | 'has'>;
  readonly identify: Identify;
  readonly limits: SignInLimits;
  readonly cookieNames: () => CookieNames;
  readonly cookies: OwnCookies;
  /** What a session counts for that is made by signing in. */
  readonly pagesAudience: Audience;
  readonly now: () => number;
}

/**
 * The router's own sessions: a cookie that seals the ClearML token of a login made here, or several cookies where it is too long for
 * one. Nothing is stored; a session ends with its token, when ClearML refuses it, or at sign-out.
 */
export class Sessions {
  readonly #parts: SessionParts;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  async signIn(form: SignInForm): Promise<SignIn> {
    const { verifier, pagesAudience } = this.#parts;
    const login = await this.#logIn(form);
    if (login.outcome !== 'ok') return login;
    const { token } = login;
    if (token.length > LONGEST_TOKEN) return { outcome: 'too-long' };
    const check = await verifier.check(token);
    const setCookie = await this.cookiesFor(token, pagesAudience, form.rawHeaders);
    if (check.outcome !== 'valid' || setCookie === undefined) return { outcome: 'not-accepted' };
    return { outcome: 'ok', identity: check.identity, setCookie };
  }

  /**
   * Whether whoever sends a request that a page could have sent for them knows the keys of the account, too. Nothing is made of
   * it: the token of that login is given back.
   */
  async confirm(keys: Keys, { userId, companyId, token: own }: Identity): Promise<Confirmation> {
    const { verifier } = this.#parts;
    const login = await this.#logIn(keys);
    if (login.outcome !== 'ok') return login;
    const { token } = login;
    const check = await verifier.check(token);
    if (token !== own) await this.#endAtClearml(token);
    if (check.outcome !== 'valid') return { outcome: 'not-accepted' };
    const { identity } = check;
    const same = identity.userId === userId && identity.companyId === companyId;
    return { outcome: same ? 'ok' : 'other-account' };
  }

  async #logIn({ accessKey, secretKey, clientAddress }: Keys): Promise<Login> {
    const { clearml, limits } = this.#parts;
    const attempt = limits.attempt(clientAddress, accessKey);
    if (!attempt.allowed) return { outcome: 'limited', retryAfter: attempt.retryAfter };
    try {
      const { token } = await clearml.loginWith(accessKey, secretKey);
      attempt.succeeded();
      return { outcome: 'ok', token };
    } catch (error) {
      if (!(error instanceof RouterError)) throw error;
      const refused = error.code === 'CLEARML_UNAUTHORIZED' || error.code === 'CLEARML_REFUSED';
      if (!refused) attempt.succeeded();
      return { outcome: refused ? 'refused' : 'unavailable' };
    } finally {
      attempt.end();
    }
  }

  /**
   * The Set-Cookies of a session that counts for `audience`, those included that remove what the request brought of another;
   * undefined where the token does not hold.
   */
  async cookiesFor(
    token: string,
    audience: Audience,
    rawHeaders: readonly string[],
  ): Promise<readonly string[] | undefined> {
    const { verifier, sealer, now, cookies: own } = this.#parts;
    const check = await verifier.check(token);
    if (check.outcome !== 'valid') return undefined;
    const { expiresAt } = check.identity;
    const sealed = await sealer.seal('session', { id: randomUUID(), token, audience, expiresAt });
    if (sealed === undefined) return undefined;
    const cookies = splitSession(own.session, sealed);
    if (cookies === undefined) return undefined;
    const seconds = (expiresAt - now()) / 1000;
    const set = Array.from(cookies, ([name, value]) => own.set(name, value, seconds));
    return [...set, ...this.#removals(rawHeaders, (name) => !cookies.has(name))];
  }

  /**
   * Ends the tokens behind every cookie of a request: here at once, at the other replicas, and at ClearML (`auth.logout`), where
   * the server knows how. Of too many cookies the first are tried: what other hosts of the site add stands behind the session's own.
   */
  async signOut(rawHeaders: readonly string[]): Promise<SignedOut> {
    const { signOuts, identify, cookieNames } = this.#parts;
    const { cookies, tooManyCookies } = readCredentials(rawHeaders, cookieNames());
    const userIds = new Set<string>();
    for (const credential of cookies.slice(0, COOKIES_TRIED)) {
      const check = await identify(credential, 'own-page');
      if (check.outcome !== 'valid') continue;
      userIds.add(check.identity.userId);
      // Whoever asks again and again costs neither a write nor a call.
      if (signOuts.has(check.identity)) continue;
      await signOuts.add(check.identity);
      await this.#endAtClearml(check.identity.token);
    }
    const setCookie = this.clear(rawHeaders);
    return { setCookie, userIds: [...userIds], complete: !tooManyCookies };
  }

  /** A token that has ended already, or a server that is away, changes nothing: here it is over. */
  async #endAtClearml(token: string): Promise<void> {
    try {
      await this.#parts.clearml.logout(token);
    } catch (error) {
      if (!(error instanceof RouterError)) throw error;
    }
  }

  /** The Set-Cookies that remove what a request brought of a session, so that one that does not hold is over (GHSA-f24x-5g9q-753f). */
  clear(rawHeaders: readonly string[]): readonly string[] {
    return this.#removals(rawHeaders, () => true);
  }

  #removals(rawHeaders: readonly string[], concerns: (name: string) => boolean): readonly string[] {
    const { cookies } = this.#parts;
    return [cookies.session, ...cookies.pieces]
      .filter((name) => concerns(name) && findCookie(rawHeaders, name) !== undefined)
      .map((name) => cookies.set(name, '', 0));
  }
}
