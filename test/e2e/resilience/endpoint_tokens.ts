import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { CoreV1Api } from '@kubernetes/client-node';
import { request } from 'undici';
import { z } from 'zod';

import { ROUTER_NAME, ROUTER_NAMESPACE } from '../../lab/run/stack_config.ts';
import type { Replica } from './replicas.ts';
import type { World } from './world.ts';

const API = '/api/v1/endpoint-tokens';
/** The shortest life that a token may have. Seconds. */
const SHORTEST = 60;
/** Within this time a replica knows what another one revoked. Milliseconds. */
const KNOWN_WITHIN = 5_000;

const madeToken = z.object({ id: z.string(), token: z.string() });
type MadeToken = z.infer<typeof madeToken>;

/** Asks one replica, past the ingress. */
function askerOf({ session, headers }: World) {
  const { host, pathname } = new URL(session.answers.endpoint);
  const ask = async (
    { address }: Replica,
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    more: { readonly headers?: Record<string, string>; readonly body?: string } = {},
  ): Promise<{ status: number; text: string }> => {
    const answer = await request(`http://${address}:8080${path}`, {
      method,
      headers: { host, ...headers, ...more.headers },
      ...(more.body === undefined ? {} : { body: more.body }),
    });
    return { status: answer.statusCode, text: await answer.body.text() };
  };
  const make = async (replica: Replica, seconds: number): Promise<MadeToken> => {
    const endpoint = session.samples.web.taskId;
    const { status, text } = await ask(replica, 'POST', API, {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ endpoint, label: 'a program', expires_in: seconds }),
    });
    assert.equal(status, 201, text);
    return madeToken.parse(JSON.parse(text));
  };
  const open = async (replica: Replica, { token }: MadeToken, path = pathname): Promise<number> => {
    const authorization = `Bearer ${token}`;
    return (await ask(replica, 'GET', path, { headers: { authorization } })).status;
  };
  return { ask, make, open };
}

/** Two ready replicas. */
async function pair({ replicas }: World): Promise<readonly [Replica, Replica]> {
  const [a, b] = await replicas.settled();
  assert.ok(a !== undefined && b !== undefined);
  return [a, b];
}

/** Makes a token that will have expired when `endpointTokens` looks for it. */
export async function makeShortToken(world: World): Promise<{ id: string; expiresAt: number }> {
  const [a] = await pair(world);
  const { id } = await askerOf(world).make(a, SHORTEST);
  return { id, expiresAt: Date.now() + SHORTEST * 1_000 };
}

/** What is kept of the tokens, as it stands in the cluster. */
async function kept({ session }: World): Promise<string> {
  const { data } = await session.target.config.makeApiClient(CoreV1Api).readNamespacedConfigMap({
    namespace: ROUTER_NAMESPACE,
    name: `${ROUTER_NAME}-endpoint-tokens`,
  });
  return JSON.stringify(data);
}

/** Made through one replica, a token is known to the other; revoked there, it is refused here; and none is kept for ever. */
export async function endpointTokens(
  t: TestContext,
  world: World,
  short: { readonly id: string; readonly expiresAt: number },
): Promise<void> {
  const [a, b] = await pair(world);
  const { ask, make, open } = askerOf(world);
  const { samples } = world.session;
  await sleep(Math.max(short.expiresAt - Date.now() + 500, 0));
  assert.ok((await kept(world)).includes(short.id));
  const made = await make(a, 3_600);
  const now = await kept(world);
  assert.ok(now.includes(made.id));
  assert.ok(!now.includes(short.id), 'what has expired is not kept');
  assert.ok(!now.includes(made.token), 'no secret is kept');

  assert.equal(await open(b, made), 200, 'at the other replica, at once');
  assert.equal(await open(a, made), 200);
  assert.equal(await open(a, made, `/service/${samples.tcp.taskId}/`), 401, 'elsewhere');
  assert.equal(await open(a, made, API), 401, 'at the API');

  assert.equal((await ask(b, 'DELETE', `${API}/${made.id}`)).status, 204);
  const revokedAt = performance.now();
  assert.equal(await open(b, made), 401, 'where it was revoked, at once');
  while ((await open(a, made)) !== 401) {
    assert.ok(performance.now() - revokedAt < KNOWN_WITHIN, 'the other replica still lets it in');
    await sleep(50);
  }
  t.diagnostic(
    `refused everywhere ${Math.round(performance.now() - revokedAt)} ms after it was revoked`,
  );
  assert.ok(!(await kept(world)).includes(made.id));
}
