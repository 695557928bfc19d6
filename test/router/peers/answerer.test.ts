import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAnswerTo, signQuestion } from '../../../router/peers/signature.ts';
import { SIGNATURE_HEADER, TOLD, TOLD_PATH } from '../../../router/peers/told.ts';
import { endpointId, KEYS, startReplica } from './replica.ts';

const [KEY, OTHER] = KEYS;
const TARGET = `${TOLD_PATH}?volume=&since=0`;

test('whoever signs with the key is told, and the answer is signed for this question', async (t) => {
  const used = new Map([[endpointId(1), 5]]);
  const { port, address } = await startReplica(t, { used, name: 'router-a' });
  const { nonce, authorization } = signQuestion(KEY, TARGET);
  const answer = await fetch(`http://${address}:${port}${TARGET}`, { headers: { authorization } });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  const body = Buffer.from(await answer.arrayBuffer());
  assert.ok(isAnswerTo({ nonce, key: KEY }, body, answer.headers.get(SIGNATURE_HEADER)));
  const told = TOLD.parse(JSON.parse(body.toString()));
  assert.equal(told.replica.name, 'router-a');
  assert.deepEqual(told.endpoints, [[endpointId(1), { usedAt: 5 }]]);
});

test('nobody else is told anything: forged, stale, replayed, of another key, for another path', async (t) => {
  const { port, address } = await startReplica(t, { used: new Map([[endpointId(1), 5]]) });
  const ask = async (authorization: string | undefined, target = TARGET, method = 'GET') => {
    const headers = authorization === undefined ? {} : { authorization };
    const answer = await fetch(`http://${address}:${port}${target}`, { headers, method });
    return [answer.status, await answer.text()] as const;
  };
  const refused = [401, '{"error":"not asked by a replica of this router"}\n'];
  const genuine = signQuestion(KEY, TARGET).authorization;
  assert.deepEqual(await ask(undefined), refused);
  assert.deepEqual(await ask('Bearer token'), refused);
  assert.deepEqual(await ask(`${genuine.slice(0, -2)}AA`), refused);
  assert.deepEqual(await ask(signQuestion(OTHER, TARGET).authorization), refused);
  assert.deepEqual(
    await ask(signQuestion(KEY, TARGET, Date.now() - 31_000).authorization),
    refused,
  );
  assert.deepEqual(
    await ask(signQuestion(KEY, TARGET, Date.now() + 31_000).authorization),
    refused,
  );
  assert.deepEqual(await ask(genuine, `${TARGET}1`), refused);
  assert.equal((await ask(genuine, TARGET, 'POST'))[0], 405);
  assert.equal((await ask(genuine, '/replicas'))[0], 404);
  assert.equal((await ask(genuine))[0], 200);
  assert.deepEqual(await ask(genuine), refused, 'asked again');
});

test('while a secret is rotated both keys count, and one that is out no more', async (t) => {
  let keys: readonly Uint8Array[] = [KEY];
  const { port, address } = await startReplica(t, { keys: () => keys });
  const status = async (key: Uint8Array): Promise<number> => {
    const { authorization } = signQuestion(key, TARGET);
    return (await fetch(`http://${address}:${port}${TARGET}`, { headers: { authorization } }))
      .status;
  };
  assert.deepEqual([await status(KEY), await status(OTHER)], [200, 401]);
  keys = [OTHER, KEY];
  assert.deepEqual([await status(KEY), await status(OTHER)], [200, 200]);
  keys = [OTHER];
  assert.deepEqual([await status(KEY), await status(OTHER)], [401, 200]);
});

test('a query that is none is that of somebody who knows nothing', async (t) => {
  const { port, address } = await startReplica(t, { used: new Map([[endpointId(1), 5]]) });
  for (const query of ['', '?since=-1', '?since=x', '?volume=%00&since=1e400', '?since=0.5']) {
    const target = TOLD_PATH + query;
    const { authorization } = signQuestion(KEY, target);
    const answer = await fetch(`http://${address}:${port}${target}`, {
      headers: { authorization },
    });
    const { since, endpoints } = TOLD.parse(await answer.json());
    assert.deepEqual([since, endpoints.length], [0, 1], query);
  }
});
