import type { Audience } from './audience.ts';
import { ROUTER_AUDIENCE, sessionAudience } from './audience.ts';
import type { Credential } from './credentials.ts';
import type { GateRequest } from './decision.ts';
import type { Sealer } from './seal.ts';
import type { Steps } from './steps.ts';
import { run, settle } from './steps.ts';
import type { TokenCheck, TokenVerifier } from './token_verifier.ts';

/** Where a credential was presented: at an endpoint or a static route, or at a page of the router's own. */
export type Place = GateRequest['target'] | 'own-page';

/** Whom a credential names where it was presented. */
export type Identify = (credential: Credential, place: Place) => TokenCheck | Promise<TokenCheck>;

const UNSEALED: TokenCheck = { outcome: 'invalid', reason: 'token-invalid', ours: false };

/** Tokens of ClearML's are verified as they are; sessions of the router's own are opened first. */
export function createIdentify(verifier: TokenVerifier, sealer: Sealer): Identify {
  function* identifySession(text: string, here: Audience): Steps<TokenCheck> {
    const sealed = yield* settle(sealer.open('session', text));
    if (sealed === undefined || sealed.audience !== here) return UNSEALED;
    return yield* settle(verifier.check(sealed.token));
  }
  return ({ kind, text }, place) => {
    if (kind !== 'session') return verifier.check(text);
    return run(
      identifySession(text, place === 'own-page' ? ROUTER_AUDIENCE : sessionAudience(place)),
    );
  };
}
