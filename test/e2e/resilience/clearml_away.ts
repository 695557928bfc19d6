import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { request } from 'undici';
import { z } from 'zod';

import { ids } from '../../lab/clearml/seed.ts';
import type { ClearMl } from '../../lab/clearml/server.ts';
import { waitFor } from '../../lab/run/kubernetes/wait.ts';
import { troublesOf } from '../load/load.ts';
import type { World } from './world.ts';

/** One way in which ClearML is away. */
export interface Absence {
  readonly title: string;
  readonly seconds: number;
  /** Takes it away; what is returned brings it back. */
  readonly begin: (clearml: ClearMl) => Promise<() => Promise<void>>;
  /** The longest that a request of a known user may take. Milliseconds. */
  readonly patience: number;
}

export const REFUSED: Absence = {
  title: 'refuses connections',
  seconds: 120,
  begin: async (clearml) => {
    await clearml.down();
    return () => clearml.up();
  },
  patience: 1_000,
};

export const HANGING: Absence = {
  title: 'takes requests and answers none',
  seconds: 45,
  begin: async (clearml) => {
    const fault = clearml.faults.add({ kind: 'hang' });
    return async () => fault.clear();
  },
  patience: 4_000,
};

const readyz = z.object({ checks: z.array(z.object({ name: z.string(), ok: z.boolean() })) });

/** Status of /readyz of each replica, and whether it says that ClearML answers. */
async function states({ replicas }: World): Promise<readonly string[]> {
  const answers = (await replicas.all()).map(async ({ address }) => {
    const { statusCode, body } = await request(`http://${address}:8082/readyz`);
    const { checks } = readyz.parse(await body.json());
    const answers = checks.some(({ name, ok }) => name === 'clearml' && ok);
    return `${statusCode} ${answers ? 'ClearML answers' : 'ClearML is away'}`;
  });
  return Promise.all(answers);
}

async function untilStates(world: World, seconds: number, wanted: string): Promise<void> {
  await waitFor(
    seconds,
    async () => ((await states(world)).every((state) => state === wanted) ? true : undefined),
    async () => `the replicas are ${(await states(world)).join(', ')}`,
  );
}

/** ClearML is away for a while: whom it let in before goes on, nobody new gets in, and all is well as soon as it is back. */
export async function clearmlAway(t: TestContext, world: World, absence: Absence): Promise<void> {
  const { clearml, answers } = world.session;
  const before = world.port();
  const load = await world.startLoad();
  await sleep(1_000);
  // The owner, with a token that the router has not seen yet: on this server nobody else may use the endpoint.
  const withNewToken = async (age: number): Promise<{ status: number; retryAfter: unknown }> => {
    const claims = { iat: Math.floor(Date.now() / 1_000) - age };
    const authorization = `Bearer ${await clearml.token(ids.alice, { claims })}`;
    const { statusCode, headers, body } = await request(answers.endpoint, {
      headers: { authorization },
    });
    await body.dump();
    return { status: statusCode, retryAfter: headers['retry-after'] };
  };
  const began = performance.now();
  const end = await absence.begin(clearml);
  try {
    await untilStates(world, 20, '200 ClearML is away');
    const { status, retryAfter } = await withNewToken(1);
    assert.equal(status, 503);
    assert.ok(Number(retryAfter) > 0, `Retry-After: ${String(retryAfter)}`);
    await sleep(absence.seconds * 1_000 - (performance.now() - began));
    assert.equal((await withNewToken(2)).status, 503);
    await untilStates(world, 0, '200 ClearML is away');
  } finally {
    await end();
  }
  const backAt = performance.now();
  await untilStates(world, 10, '200 ClearML answers');
  assert.equal((await withNewToken(3)).status, 200);
  t.diagnostic(`healed ${Math.round(performance.now() - backAt)} ms after ClearML was back`);
  const report = await load.stop();
  t.diagnostic(`${report.http.done} requests, the slowest took ${report.http.slowest} ms`);
  assert.deepEqual(troublesOf(report), []);
  assert.ok(report.http.slowest < absence.patience, `a request took ${report.http.slowest} ms`);
  assert.equal(world.port(), before);
}
