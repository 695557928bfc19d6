import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { EndpointTokens } from '../../router/auth/endpoint_tokens/endpoint_tokens.ts';
import type { Identity } from '../../router/auth/identity/identity.ts';
import { SealKeys } from '../../router/auth/sealed/seal_keys.ts';
import type { SealPurpose } from '../../router/auth/sealed/seal.ts';
import { Sealer } from '../../router/auth/sealed/seal.ts';
import { CLEARML_COOKIE, COMPANY, SECRET, claims, sign } from '../support/auth_fixture.ts';
import type { Guarded } from '../support/guarded_router.ts';
import type { Kind, State } from './cells.ts';

export const ROUTER_SECRET = 'the-secret-of-the-router-itself';

const HOUR = 3_600_000;
const OTHER_COMPANY = 'd'.repeat(32);
const NEVER = 'router-of-nowhere';

/** Makes every credential of the matrix, the good ones as the router and ClearML would, the bad ones as an attacker. */
export class Forger {
  readonly #endpointTokens: EndpointTokens;
  readonly #sealer = sealerOf(ROUTER_SECRET);
  readonly #now: () => number;
  #made = 0;

  /** @param world whose records of endpoint tokens it adds to: of a STATE_FILE there is one writer. */
  constructor({ auth, now }: Pick<Guarded, 'auth' | 'now'>) {
    this.#now = now;
    assert.ok(auth.endpointTokens);
    this.#endpointTokens = auth.endpointTokens;
  }

  /** A token of ClearML's in this state. `revoked` is a good one that the caller has ClearML refuse. */
  async token(user: string, state: State): Promise<string> {
    const company = user === 'outsider' ? OTHER_COMPANY : COMPANY;
    const role = user === 'administrator' ? 'admin' : 'user';
    const base = claims(user, this.#now());
    // Apart from each other, so that what is known of one says nothing of the next.
    const mine = {
      ...base,
      identity: { user, company, role },
      session_id: `${user} ${state}`,
    };
    const seconds = Math.floor(this.#now() / 1000);
    const good = await sign(mine);
    const [head = '', payload = '', signature = ''] = good.split('.');
    switch (state) {
      case 'expired':
        return sign({ ...mine, exp: seconds - 1 });
      case 'alg none':
        return `${part({ alg: 'none' })}.${payload}.${signature}`;
      case 'HS512':
        return new SignJWT(mine)
          .setProtectedHeader({ alg: 'HS512' })
          .sign(Buffer.from(SECRET.repeat(2)));
      case 'another secret':
        return sign(mine, 'a-secret-of-somebody-else-012345');
      case 'foreign key in the header':
        return sign(mine, SECRET, { jku: 'https://evil.example/keys' });
      case 'no exp': {
        const { exp: _exp, ...endless } = mine as Record<string, unknown>;
        return sign(endless);
      }
      case 'not valid yet':
        return sign({ ...mine, nbf: seconds + 600 });
      case 'another tenant':
        return sign({ ...mine, identity: { user, company: 'e'.repeat(32) } });
      case 'another auth_type':
        return sign({ ...mine, auth_type: 'Basic' });
      case 'padded':
        return `${good}=`;
      case 'quoted':
        return `"${good}"`;
      case 'changed claims':
        return `${head}.${part({ ...mine, identity: { user: 'administrator', company } })}.${signature}`;
      default:
        return good;
    }
  }

  /** A request's header that presents the credential at a place of this audience. */
  async header(
    kind: Kind,
    state: State,
    token: string,
    audience: string,
    user: string,
  ): Promise<string> {
    switch (kind) {
      case 'cookie':
        return `Cookie: ${CLEARML_COOKIE}=${token}`;
      case 'bearer':
        return `Authorization: Bearer ${token}`;
      case 'session':
        return `Cookie: __Host-router_session=${await this.#session(state, token, audience)}`;
      case 'endpoint-token':
        return `Authorization: Bearer ttr_${await this.#endpointToken(state, token, audience, user)}`;
    }
  }

  async #session(state: State, token: string, audience: string): Promise<string> {
    return this.#seal('session', state, { id: 'session', token, audience });
  }

  /** Recorded like one that was made by the API; `revoked` is one whose record is gone. */
  async #endpointToken(
    state: State,
    token: string,
    audience: string,
    user: string,
  ): Promise<string> {
    // Never recorded: the router reads its store every few seconds, and takes a record for standing until it reads again.
    if (state === 'revoked') {
      return this.#seal('endpoint-token', 'good', { id: randomUUID(), token, audience });
    }
    // Of another user each time: a user may have so many, and no more.
    const userId = `${user} ${(this.#made += 1)}`;
    const expiresAt = this.#now() + HOUR;
    const identity = { userId, userName: userId, companyId: COMPANY, token, expiresAt };
    const wish = { audience, label: `${user} ${state}`, lifetime: HOUR };
    const issued = await this.#endpointTokens.issue(identity as Identity, wish);
    if (typeof issued === 'string') throw new Error(issued);
    if (state === 'good') return issued.text.slice('ttr_'.length);
    return this.#seal('endpoint-token', state, { id: issued.record.id, token, audience });
  }

  async #seal(
    purpose: SealPurpose,
    state: State,
    content: { readonly id: string; readonly token: string; readonly audience: string },
  ): Promise<string> {
    const sealer =
      state === 'sealed by another' ? sealerOf('the-secret-of-another-router') : this.#sealer;
    const expiresAt = this.#now() + (state === 'expired' ? -1000 : HOUR);
    const audience = state === 'of another place' ? NEVER : content.audience;
    const kind = state === 'of another purpose' ? 'handover' : purpose;
    return (await sealer.seal(kind, { ...content, audience, expiresAt })) ?? '';
  }
}

function sealerOf(secret: string): Sealer {
  return new Sealer(new SealKeys({ keys: [] }, [secret]).current, Date.now);
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
