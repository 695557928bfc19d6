import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createConfigMapStore } from '../../../router/auth/config_map_store.ts';
import type { EndpointTokenRecord } from '../../../router/auth/endpoint_token_store.ts';
import { EndpointTokens } from '../../../router/auth/endpoint_tokens.ts';
import type { Identity } from '../../../router/auth/identity.ts';
import { Sealer } from '../../../router/auth/seal.ts';
import type { KubernetesAnswer, KubernetesCall } from '../../../router/kubernetes/api.ts';

/** One ConfigMap as the Kubernetes API keeps it: each write makes a new version, and one that names an older is refused. */
class ConfigMapApi {
  readonly calls: KubernetesCall[] = [];
  version = 1;
  data: Record<string, string> | undefined;
  exists = true;
  /** Somebody else writes between a read and the write that follows, so many times. */
  rivals = 0;

  readonly call = async (call: KubernetesCall): Promise<KubernetesAnswer> => {
    this.calls.push(call);
    if (!this.exists) return { status: 404, object: undefined };
    if (call.method === 'PATCH') {
      if (this.rivals > 0) {
        this.rivals -= 1;
        this.version += 1;
      }
      const body = call.body as {
        metadata: { resourceVersion: string };
        data: Record<string, string>;
      };
      if (body.metadata.resourceVersion !== String(this.version)) {
        return { status: 409, object: undefined };
      }
      this.version += 1;
      this.data = { ...this.data, ...body.data };
    }
    const metadata = { name: 'r-endpoint-tokens', resourceVersion: String(this.version) };
    return { status: 200, object: { metadata, data: this.data } };
  };
}

const RECORD: EndpointTokenRecord = {
  id: 'one',
  userId: 'owner',
  companyId: 'c',
  audience: 'endpoint:x',
  label: 'ci',
  createdAt: 1,
  expiresAt: Date.now() + 60_000,
};

describe('the ConfigMap of endpoint tokens', () => {
  it('is read and patched under its one path, and keeps what others keep in it', async () => {
    const api = new ConfigMapApi();
    api.data = { else: 'x' };
    const store = createConfigMapStore(api, 'ns', 'r-endpoint-tokens');
    const before = await store.read();
    assert.deepEqual(before.records, []);
    assert.equal(await store.write(before, [RECORD]), true);
    assert.deepEqual((await store.read()).records, [RECORD]);
    assert.equal(api.data['else'], 'x');
    const paths = new Set(api.calls.map(({ path }) => path));
    assert.deepEqual([...paths], ['/api/v1/namespaces/ns/configmaps/r-endpoint-tokens']);
  });

  it('refuses a write over what another replica wrote', async () => {
    const api = new ConfigMapApi();
    const store = createConfigMapStore(api, 'ns', 'r');
    const before = await store.read();
    assert.equal(await store.write(before, [RECORD]), true);
    assert.equal(await store.write(before, []), false);
    assert.deepEqual((await store.read()).records, [RECORD]);
  });

  it('that is not there is an error that names it', async () => {
    const api = new ConfigMapApi();
    api.exists = false;
    const store = createConfigMapStore(api, 'ns', 'r-endpoint-tokens');
    await assert.rejects(store.read(), /no ConfigMap r-endpoint-tokens in the namespace ns/);
  });

  it('loses no token to rivals, and prunes what has expired', async (t) => {
    const api = new ConfigMapApi();
    let now = Date.now();
    const sealer = new Sealer(
      () => [new Uint8Array(32)],
      () => now,
    );
    const tokens = new EndpointTokens(createConfigMapStore(api, 'ns', 'r'), sealer, () => now);
    t.after(() => tokens.close());
    const owner = {
      userId: 'owner',
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
    const tokens = new EndpointTokens(createConfigMapStore(api, 'ns', 'r'), sealer, Date.now);
    t.after(() => tokens.close());
    const owner = {
      userId: 'o',
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
