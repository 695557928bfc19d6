import type { Verdict } from '../access/access.ts';
import type { Credential, Credentials } from '../identity/credentials.ts';
import type { CrossSite } from './cross_site.ts';
import type { DenialReason } from './decision.ts';
import type { CredentialKind, Identity } from '../identity/identity.ts';
import { settle, type Steps } from '../identity/steps.ts';
import type { TokenCheck } from '../identity/token_verifier.ts';

/** Somebody whom a request's credentials name. */
export interface Named {
  readonly identity: Identity;
  readonly credential: CredentialKind;
  readonly stripAuthorization: boolean;
}

/** What came of a request's credentials, where it is not a yes. */
export type Refused =
  /** ClearML or the cross-site rules do not let this user in. */
  | (Named & { readonly verdict: Exclude<Verdict, 'yes' | 'revoked'> | NonNullable<CrossSite> })
  /** Nothing that was presented holds. */
  | {
      readonly verdict: 'unknown';
      readonly reason: DenialReason;
      readonly stripAuthorization: boolean;
    };

/** What came of a request's credentials. */
export type Authorization = (Named & { readonly verdict: 'yes' }) | Refused;

/** Whom a credential names, and whether that user may: the gate and the router's own pages ask differently. */
export interface Judges {
  readonly identify: (credential: Credential) => TokenCheck | Promise<TokenCheck>;
  /** Asked with the first credential that names somebody whose token ClearML still takes. */
  readonly may: (
    identity: Identity,
    kind: CredentialKind,
  ) => Verdict | NonNullable<CrossSite> | Promise<Verdict>;
}

/** Whether a task must not get the Authorization that this was found in. */
export function isOurs(check: TokenCheck): boolean {
  return check.outcome === 'valid' || check.ours;
}

/**
 * Tries a request's credentials in their order, a program's token first, until one names a user whose token ClearML takes: a stale
 * cookie must neither hide a good one behind it (A24) nor turn into a redirect loop.
 */
export function* authorize(credentials: Credentials, judges: Judges): Steps<Authorization> {
  const { bearer, inAuthorization, cookies } = credentials;
  let reason: DenialReason = 'no-token';
  let stripAuthorization = false;
  if (inAuthorization !== undefined && inAuthorization !== bearer) {
    stripAuthorization = isOurs(yield* settle(judges.identify(inAuthorization)));
  }
  // From -1 on: the program's token, then the cookies, without a new list for each request.
  for (let i = bearer === undefined ? 0 : -1; i < cookies.length; i += 1) {
    const credential = i === -1 ? bearer : cookies[i];
    if (credential === undefined) continue;
    const check = yield* settle(judges.identify(credential));
    if (credential === inAuthorization) stripAuthorization = isOurs(check);
    if (check.outcome === 'invalid') {
      reason = check.reason;
      continue;
    }
    const verdict = yield* settle(judges.may(check.identity, credential.kind));
    if (verdict !== 'revoked') {
      return { verdict, identity: check.identity, credential: credential.kind, stripAuthorization };
    }
    reason = 'token-revoked';
  }
  return { verdict: 'unknown', reason, stripAuthorization };
}
