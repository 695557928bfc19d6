import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EndpointTokenRecord } from '../../../../router/auth/endpoint_tokens/store.ts';
import { ENDPOINT_TOKENS } from '../../../../router/auth/endpoint_tokens/store.ts';
import { EndpointTokens } from '../../../../router/auth/endpoint_tokens/endpoint_tokens.ts';
import type { Identity } from '../../../../router/auth/identity/identity.ts';
import { Sealer } from '../../../../router/auth/sealed/seal.ts';
import { ConfigMapApi, replicaOf } from '../../state/config_map_api.ts';

describe('the records of endpoint tokens', () => {
  it('loses no token to rivals, and prunes what has expired', async (t) => {
    const api = new ConfigMapApi();
    let now = Date.now();
    const sealer = new Sealer(
      () => [new Uint8Array(32)],
      () => now,
    );
    const state = replicaOf(api);
    t.after(() => state.close());
    const tokens = new EndpointTokens(state.section(ENDPOINT_TOKENS), sealer, () => now);
    const owner = {
      userId: 'owner',
      userName: 'Owner',
      companyId: 'c',
      token: 'a.b.c',
      expiresAt: now + 3_600_000,
    } as Identity;
    const wish = { audience: 'endpoint:x', label: 'ci', lifetime: 60_000 };
    api.rivals = 3;
    const first = await tokens.issue(owner, wish);
    assert.ok(typeof first !== 'string');
    now += 61_000;
    const second = await tokens.issue(owner, { ...wish, label: 'next' });
    assert.ok(typeof second !== 'string');
    const kept = JSON.parse(api.data?.['endpoint-tokens.json'] ?? '[]') as EndpointTokenRecord[];
    assert.deepEqual(kept, [second.record]);
    assert.equal(await tokens.stands(first.record.id), false);
    assert.equal(await tokens.stands(second.record.id), true);
  });

  it('holds fifty tokens of one user, and no more', async (t) => {
    const api = new ConfigMapApi();
    const sealer = new Sealer(() => [new Uint8Array(32)], Date.now);
    const state = replicaOf(api);
    t.after(() => state.close());
    const tokens = new EndpointTokens(state.section(ENDPOINT_TOKENS), sealer, Date.now);
    const owner = {
      userId: 'o',
      userName: 'O',
      companyId: 'c',
      token: 'a.b.c',
      expiresAt: Date.now() + 3_600_000,
    };
    const wish = { audience: 'endpoint:x', label: 'ci', lifetime: 600_000 };
    for (let i = 0; i < 50; i += 1) {
      assert.ok(typeof (await tokens.issue(owner as Identity, wish)) !== 'string');
    }
    assert.equal(await tokens.issue(owner as Identity, wish), 'too-many');
    const other = { ...owner, userId: 'p' } as Identity;
    assert.ok(typeof (await tokens.issue(other, wish)) !== 'string');
  });
});
