import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import * as z from 'zod';
import type { SectionShape, SharedState } from '../../../router/state/shared_state.ts';
import { createSharedState, LOOK_EVERY_MS } from '../../../router/state/shared_state.ts';
import { createStateFile } from '../../../router/state/state_file.ts';
import { createLog } from '../../../router/telemetry/log.ts';
import { ConfigMapApi, replicaOf } from './config_map_api.ts';

const NUMBERS: SectionShape<readonly number[]> = {
  name: 'numbers',
  schema: z.array(z.number()),
  empty: [],
  mostBytes: 50,
};
const WORD: SectionShape<string> = {
  name: 'word',
  schema: z.string(),
  empty: '',
  mostBytes: 50,
};

/** Two replicas on one ConfigMap, whose looks the test makes. */
function two(t: TestContext): {
  api: ConfigMapApi;
  replicas: [SharedState, SharedState];
  lines: string[];
} {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const api = new ConfigMapApi();
  const lines: string[] = [];
  const replicas: [SharedState, SharedState] = [replicaOf(api, lines), replicaOf(api)];
  t.after(() => {
    for (const one of replicas) one.close();
  });
  return { api, replicas, lines };
}

async function look(t: TestContext): Promise<void> {
  t.mock.timers.tick(LOOK_EVERY_MS);
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
}

describe('the state that replicas share', () => {
  it('is one ConfigMap: a section in each key, and what others keep in it stays', async (t) => {
    const { api, replicas } = two(t);
    api.data = { else: 'x' };
    const [one, other] = replicas;
    assert.deepEqual(await one.section(NUMBERS).read(), []);
    assert.deepEqual(await one.section(NUMBERS).update((now) => [...now, 1]), [1]);
    assert.deepEqual(await other.section(NUMBERS).update((now) => [...now, 2]), [1, 2]);
    assert.equal(await other.section(WORD).update(() => 'w'), 'w');
    assert.deepEqual(await one.section(NUMBERS).read(), [1, 2]);
    assert.deepEqual(api.data, { else: 'x', 'numbers.json': '[1,2]', 'word.json': '"w"' });
    const paths = new Set(api.calls.map(({ path }) => path));
    assert.deepEqual([...paths], ['/api/v1/namespaces/ns/configmaps/r-endpoint-tokens']);
  });

  it('loses nothing to a rival: the change is made again on what the other wrote', async (t) => {
    const { api, replicas } = two(t);
    const sections = replicas.map((one) => one.section(NUMBERS));
    api.rivals = 3;
    await Promise.all(sections.map((section, index) => section.update((now) => [...now, index])));
    assert.deepEqual((await sections[0]?.read())?.toSorted(), [0, 1]);
  });

  it('tells who follows: own changes at once, those of others with the next look, and each once', async (t) => {
    const { replicas } = two(t);
    const [one, other] = replicas;
    const heard: string[] = [];
    one.section(WORD).follow((word) => void heard.push(`one ${word}`));
    other.section(WORD).follow((word) => void heard.push(`other ${word}`));
    await Promise.all([one.looked, other.looked]);
    await one.section(WORD).update(() => 'x');
    assert.deepEqual(heard, ['one ', 'other ', 'one x']);
    await look(t);
    await look(t);
    assert.deepEqual(heard, ['one ', 'other ', 'one x', 'other x']);
  });

  // A87
  it('carries what comes at a time in one write, so that many changes of one user keep nobody out', async (t) => {
    const { api, replicas } = two(t);
    const [one] = replicas;
    await one.looked;
    api.calls.length = 0;
    const numbers = one.section({ ...NUMBERS, mostBytes: 10_000 });
    const changes = Array.from({ length: 200 }, (_, index) =>
      numbers.update((now) => [...now, index]),
    );
    const word = one.section(WORD).update(() => 'w');
    await Promise.all([...changes, word]);
    assert.equal((await numbers.read()).length, 200);
    assert.deepEqual(await changes[1], [0, 1]);
    assert.equal(api.data?.['word.json'], '"w"');
    // Sixteen by one write, and the word has not waited for all of them.
    const written = api.calls.filter(({ method }) => method === 'PATCH').map(({ body }) => body);
    assert.equal(written.length, Math.ceil(200 / 16) + 1);
    assert.deepEqual((written[1] as { data: object }).data, { 'word.json': '"w"' });
  });

  it('refuses of what comes at a time that alone which has no room, or which breaks', async (t) => {
    const { replicas } = two(t);
    const section = replicas[0].section(NUMBERS);
    const [fits, full, broken, unchanged] = await Promise.allSettled([
      section.update(() => [1]),
      section.update(() => Array.from({ length: 26 }, () => 1)),
      section.update(() => {
        throw new Error('a change that breaks');
      }),
      section.update(() => undefined),
    ]);
    assert.deepEqual(fits, { status: 'fulfilled', value: [1] });
    assert.equal(
      full.status === 'rejected' && (full.reason as { code: string }).code,
      'STATE_FULL',
    );
    assert.equal(
      broken.status === 'rejected' && (broken.reason as Error).message,
      'a change that breaks',
    );
    assert.deepEqual(unchanged, { status: 'fulfilled', value: [1] });
    assert.deepEqual(await section.read(), [1]);
  });

  it('reads once for all who ask at a time, and gives nobody what was there before they asked', async (t) => {
    const { api, replicas } = two(t);
    const [one, other] = replicas;
    await Promise.all([one.looked, other.looked]);
    const section = one.section(WORD);
    const held = Promise.withResolvers<void>();
    api.waits = held.promise;
    api.calls.length = 0;
    const early = section.read();
    await new Promise(setImmediate);
    const late = Array.from({ length: 500 }, () => section.read());
    await new Promise(setImmediate);
    assert.equal(api.calls.length, 1);
    api.data = { 'word.json': '"new"' };
    held.resolve();
    await early;
    assert.deepEqual(new Set(await Promise.all(late)), new Set(['new']));
    assert.equal(api.calls.length, 2);
  });

  it('is read out of its text once for all who ask while it stays the same', async (t) => {
    const { replicas } = two(t);
    let read = 0;
    const counted = z.string().transform((word) => {
      read += 1;
      return word;
    });
    const section = replicas[0].section({ ...WORD, schema: counted });
    await section.update(() => 'w');
    await Promise.all(Array.from({ length: 100 }, () => section.read()));
    assert.equal(read, 1);
    await section.update(() => 'x');
    assert.equal(await section.read(), 'x');
    assert.equal(read, 2);
  });

  it('refuses what has no room, and leaves what was there', async (t) => {
    const { api, replicas } = two(t);
    const section = replicas[0].section(NUMBERS);
    await section.update(() => [1]);
    await assert.rejects(
      section.update(() => Array.from({ length: 26 }, () => 1)),
      { code: 'STATE_FULL' },
    );
    assert.equal(api.data?.['numbers.json'], '[1]');
  });

  it('lets become less what is more than there is room for', async (t) => {
    const { api, replicas } = two(t);
    const section = replicas[0].section(NUMBERS);
    const many = Array.from({ length: 40 }, () => 1);
    api.data = { 'numbers.json': JSON.stringify(many) };
    await assert.rejects(
      section.update((now) => now.with(0, 2)),
      { code: 'STATE_FULL' },
    );
    assert.equal((await section.update((now) => now.slice(1))).length, 39);
  });

  it('says once that it cannot be read, keeps what was known, and one broken section hides no other', async (t) => {
    const { api, replicas, lines } = two(t);
    const [one] = replicas;
    const heard: string[] = [];
    one.section(NUMBERS).follow((numbers) => void heard.push(JSON.stringify(numbers)));
    one.section(WORD).follow((word) => void heard.push(word));
    await one.looked;
    api.exists = false;
    await look(t);
    await look(t);
    assert.match(one.problem() ?? '', /no ConfigMap r-endpoint-tokens in the namespace ns/);
    await assert.rejects(one.section(WORD).read(), { code: 'STATE_UNAVAILABLE' });
    assert.equal(lines.filter((line) => line.includes('state_unavailable')).length, 1);
    api.exists = true;
    api.data = { 'numbers.json': '{', 'word.json': '"w"' };
    await look(t);
    assert.deepEqual(heard, ['[]', '', 'w']);
    assert.match(one.problem() ?? '', /section numbers/);
    api.data = { 'numbers.json': '[7]', 'word.json': '"w"' };
    await look(t);
    assert.deepEqual(heard, ['[]', '', 'w', '[7]']);
    assert.equal(one.problem(), undefined);
  });
});

describe('STATE_FILE', () => {
  const log = createLog('error', { write: () => undefined });

  function file(t: TestContext, text?: string): { path: string; state: SharedState } {
    const folder = mkdtempSync(join(tmpdir(), 'state-'));
    const path = join(folder, 'state.json');
    if (text !== undefined) writeFileSync(path, text);
    const state = createSharedState(createStateFile(path), log);
    t.after(() => {
      state.close();
      rmSync(folder, { recursive: true });
    });
    return { path, state };
  }

  it('holds all sections in one object, and loses none of many changes at once', async (t) => {
    const { path, state } = file(t);
    const section = state.section(NUMBERS);
    const changes = Array.from({ length: 10 }, (_, index) =>
      section.update((now) => [...now, index]),
    );
    await Promise.all([...changes, state.section(WORD).update(() => 'w')]);
    const kept = JSON.parse(readFileSync(path, 'utf8')) as Record<string, number[]>;
    assert.deepEqual(Object.keys(kept).toSorted(), ['numbers', 'word']);
    assert.deepEqual(kept['numbers']?.toSorted(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('of version 0.2, a list of endpoint tokens, is read, and carried over by the next write', async (t) => {
    const { path, state } = file(t, '[{"id":"one"}]');
    const schema: z.ZodType<readonly unknown[]> = z.array(z.unknown());
    const tokens = { ...NUMBERS, name: 'endpoint-tokens', schema };
    assert.deepEqual(await state.section(tokens).read(), [{ id: 'one' }]);
    await state.section(WORD).update(() => 'w');
    assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), {
      'endpoint-tokens': [{ id: 'one' }],
      word: 'w',
    });
  });

  it('that is no such file is an error that changes nothing', async (t) => {
    const { path, state } = file(t, 'not JSON');
    await assert.rejects(
      state.section(WORD).update(() => 'w'),
      { code: 'STATE_UNAVAILABLE' },
    );
    assert.equal(readFileSync(path, 'utf8'), 'not JSON');
  });
});
