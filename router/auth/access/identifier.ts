import {
  DEVICE_AUDIENCE,
  sessionAudience,
  targetAudience,
  type Audience,
} from '../sealed/audience.ts';
import type { Credential } from '../identity/credentials.ts';
import type { GateRequest } from '../identity/request.ts';
import type { EndpointTokens } from '../endpoint_tokens/endpoint_tokens.ts';
import type { Sealer } from '../sealed/seal.ts';
import { run, settle, type Steps } from '../identity/steps.ts';
import type { TokenCheck, TokenVerifier } from '../identity/token_verifier.ts';

/** Where a credential was presented: at an endpoint or a static route, or at a page of the router's own. */
type Place = GateRequest['target'] | 'own-page';

/** Whom a credential names where it was presented. */
export type Identify = (credential: Credential, place: Place) => TokenCheck | Promise<TokenCheck>;

/** What tells who somebody is. */
export interface Identifiers {
  readonly verifier: TokenVerifier;
  readonly sealer: Sealer;
  /** What a session must be made for to count at the router's own pages. */
  readonly pagesAudience: Audience;
  /** Undefined where endpoint tokens are off. */
  readonly endpointTokens: EndpointTokens | undefined;
}

const UNSEALED: TokenCheck = { outcome: 'invalid', reason: 'token-invalid', ours: false };
/** By its prefix it is one of the router's own: whether it holds or not, it stays here. */
const NO_OWN_TOKEN: TokenCheck = { outcome: 'invalid', reason: 'token-invalid', ours: true };

/** ClearML's tokens are verified as they are; what the router sealed is opened first, and counts only where it was made for. */
export function createIdentify({
  verifier,
  sealer,
  pagesAudience,
  endpointTokens,
}: Identifiers): Identify {
  function* bySession(text: string, here: Audience): Steps<TokenCheck> {
    const sealed = yield* settle(sealer.open('session', text));
    if (sealed === undefined || sealed.audience !== here) return UNSEALED;
    return yield* settle(verifier.check(sealed.token));
  }

  /** @param audience what the token must be made for; undefined where it counts nowhere. */
  function* byOwnToken(
    kind: 'endpoint-token' | 'device-token',
    text: string,
    audience: Audience | undefined,
  ): Steps<TokenCheck> {
    if (endpointTokens === undefined || audience === undefined) return NO_OWN_TOKEN;
    const sealed = yield* settle(sealer.open(kind, text));
    if (sealed?.audience !== audience) return NO_OWN_TOKEN;
    if (!(yield* settle(endpointTokens.stands(sealed.id)))) {
      return { outcome: 'invalid', reason: 'token-revoked', ours: true };
    }
    const check = yield* settle(verifier.check(sealed.token));
    if (check.outcome === 'invalid') return check;
    const { id: recordId, expiresAt } = sealed;
    return { outcome: 'valid', identity: { ...check.identity, expiresAt, recordId } };
  }

  return ({ kind, text }, place) => {
    switch (kind) {
      case 'session':
        return run(bySession(text, place === 'own-page' ? pagesAudience : sessionAudience(place)));
      case 'endpoint-token':
        return run(
          byOwnToken(kind, text, place === 'own-page' ? undefined : targetAudience(place)),
        );
      // One computer's token: it counts at every endpoint and at the router's own pages and API, as the user's ClearML token does.
      case 'device-token':
        return run(byOwnToken(kind, text, DEVICE_AUDIENCE));
      default:
        return verifier.check(text);
    }
  };
}
