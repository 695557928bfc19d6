import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Registry } from 'prom-client';
import { observePeers } from '../../../router/peers/metrics.ts';
import { isComplete, type Peers } from '../../../router/peers/peers.ts';
import { MOST_TOLD } from '../../../router/peers/told.ts';
import { createMetrics } from '../../../router/telemetry/metrics.ts';
import { endpointId, KEYS, startReplica, until, type ReplicaParts } from './replica.ts';

const skip = process.platform !== 'linux' && 'needs all of 127.0.0.0/8';
const [FIRST, SECOND] = [endpointId(1), endpointId(2)];

/** Replicas at 127.0.0.1, 127.0.0.2 and so on, all of the same port, which find those whose addresses are listed. */
async function startReplicas(t: TestContext, ...all: readonly ReplicaParts[]) {
  const listed = new Set(all.map((_, index) => `127.0.0.${index + 1}`));
  const common = { resolve: async () => [...listed] };
  const first = await startReplica(t, { ...common, name: 'router-1', ...all[0] });
  const others = await Promise.all(
    all.slice(1).map((parts, index) => {
      const number = index + 2;
      const place = { address: `127.0.0.${number}`, port: first.port, name: `router-${number}` };
      return startReplica(t, { ...common, ...place, ...parts });
    }),
  );
  return { listed, replicas: [first, ...others] };
}

const complete = (peers: Peers): boolean => isComplete(peers.state());

const silent = (peers: Peers): readonly (readonly [string, string])[] =>
  peers
    .state()
    .others.flatMap(({ address, silence }) =>
      silence ? [[address, silence.reason] as const] : [],
    );

test('the newest use wins, whoever saw it, and each replica is named once', { skip }, async (t) => {
  const { replicas } = await startReplicas(
    t,
    { used: new Map([[FIRST, 10]]) },
    { used: new Map([[FIRST, 30]]), open: { websocket: 1, tcp: 2, tunnel: 3 } },
    { used: new Map([[SECOND, 20]]), open: { websocket: 10, tcp: 20, tunnel: 30 } },
  );
  const [one, two] = replicas;
  assert.ok(one !== undefined && two !== undefined);
  assert.equal(complete(one.peers), false, 'nobody was asked yet');
  one.peers.start();
  await until(() => complete(one.peers));
  assert.deepEqual([one.peers.seen(FIRST).usedAt, one.peers.seen(SECOND).usedAt], [30, 20]);
  assert.deepEqual(
    one.peers.state().others.map(({ replica }) => [replica?.name, replica?.version]),
    [
      ['router-2', '1.2.3'],
      ['router-3', '1.2.3'],
    ],
  );
  assert.deepEqual(await one.peers.open(), { websocket: 11, tcp: 22, tunnel: 33, atLeast: false });
  two.used.set(SECOND, 40);
  await until(() => one.peers.seen(SECOND).usedAt === 40);
  two.used.delete(SECOND);
  await until(() => one.peers.seen(SECOND).usedAt === 20);
  const before = String(one.peers.usesOf(SECOND));
  // By a clock that is behind: no newer use, and yet another one.
  two.used.set(SECOND, 10);
  await until(() => String(one.peers.usesOf(SECOND)) !== before);
  assert.equal(one.peers.seen(SECOND).usedAt, 20);
});

test(
  'whether a task answers is told by those that answer, and by nobody else',
  { skip },
  async (t) => {
    const sick = { answeredAt: 1, failedAt: 20, failingSince: 10, failure: 'refused' } as const;
    const { replicas } = await startReplicas(
      t,
      { used: new Map([[FIRST, 0]]) },
      { used: new Map([[FIRST, 30]]), health: new Map([[FIRST, sick]]) },
    );
    const [one, two] = replicas;
    assert.ok(one !== undefined && two !== undefined);
    assert.deepEqual(one.peers.healthOf(FIRST, 'http'), []);
    one.peers.start();
    await until(() => complete(one.peers));
    assert.deepEqual(one.peers.healthOf(FIRST, 'http'), [sick]);
    assert.deepEqual(one.peers.healthOf(FIRST, 'tcp'), []);
    assert.deepEqual(one.peers.seen(FIRST), { usedAt: 30 });
    await two.kill();
    await until(() => !complete(one.peers));
    assert.deepEqual(one.peers.healthOf(FIRST, 'http'), [], 'what a silent one said is unknown');
    assert.deepEqual(one.peers.seen(FIRST), { usedAt: 30 }, 'and its past stays true');
  },
);

test(
  'a replica that does not answer is unknown, what it told stays, and it comes back',
  { skip },
  async (t) => {
    const { replicas } = await startReplicas(
      t,
      { used: new Map([[FIRST, 0]]) },
      { used: new Map([[FIRST, 30]]), open: { websocket: 1, tcp: 2, tunnel: 3 } },
    );
    const [one, two] = replicas;
    assert.ok(one !== undefined && two !== undefined);
    one.peers.start();
    await until(() => complete(one.peers));
    await two.kill();
    await until(() => !complete(one.peers));
    assert.deepEqual(silent(one.peers), [['127.0.0.2', 'it cannot be reached: ECONNREFUSED']]);
    assert.equal(one.peers.seen(FIRST).usedAt, 30);
    assert.deepEqual(await one.peers.open(), { websocket: 0, tcp: 0, tunnel: 0, atLeast: true });
    const metrics = createMetrics(new Registry());
    const gauges = async () => {
      observePeers(one.peers.state(), metrics);
      const { values } = await metrics.replicas.get();
      const [unknown] = (await metrics.peersUnknown.get()).values;
      return [...values.map(({ labels, value }) => [labels.state, value]), unknown?.value];
    };
    assert.deepEqual(await gauges(), [['answering', 1], ['silent', 1], 1]);
    const again = { address: '127.0.0.2', port: one.port, used: new Map([[FIRST, 5]]) };
    await startReplica(t, again);
    await until(() => complete(one.peers));
    assert.deepEqual(await gauges(), [['answering', 2], ['silent', 0], 0]);
    assert.equal(one.peers.seen(FIRST).usedAt, 30, 'what the process before it saw stays true');
    const events = one.lines.map((line) => (JSON.parse(line) as { event: string }).event);
    assert.deepEqual(events, ['peer_answers', 'peer_silent', 'peer_answers']);
  },
);

test('what a replica saw that is gone is told on, until its endpoint ends', { skip }, async (t) => {
  const table = () => new Map([[FIRST, 0]]);
  const { listed, replicas } = await startReplicas(
    t,
    { used: table() },
    { used: new Map([[FIRST, 30]]) },
    { used: table() },
  );
  const [one, two, three] = replicas;
  assert.ok(one !== undefined && two !== undefined && three !== undefined);
  one.peers.start();
  await until(() => complete(one.peers));
  await two.kill();
  listed.delete('127.0.0.2');
  await until(() => one.peers.state().others.length === 1);
  assert.ok(complete(one.peers), 'a replica that is gone knows nothing more');
  assert.equal(one.peers.seen(FIRST).usedAt, 30);
  three.peers.start();
  await until(() => three.peers.seen(FIRST).usedAt === 30);
  one.used.delete(FIRST);
  await until(() => one.peers.seen(FIRST).usedAt === 0);
});

test(
  'a replica of another secret is unknown, and one whose clock is ahead uses nothing to come',
  { skip },
  async (t) => {
    const { replicas } = await startReplicas(
      t,
      {},
      { keys: () => [KEYS[1]] },
      { used: new Map([[FIRST, Date.now() + 3_600_000]]) },
    );
    const [one] = replicas;
    assert.ok(one !== undefined);
    one.peers.start();
    await until(() => one.peers.seen(FIRST).usedAt > 0);
    assert.ok(one.peers.seen(FIRST).usedAt <= Date.now());
    assert.deepEqual(silent(one.peers), [
      [
        '127.0.0.2',
        'it refuses the question: its ROUTER_SECRET is another, or its clock differs by more than 30 s',
      ],
    ]);
  },
);

test(
  'while a secret is rotated, replicas that have it and that do not have it yet understand each other',
  { skip },
  async (t) => {
    const [old, next] = KEYS;
    const { replicas } = await startReplicas(
      t,
      { keys: () => [next, old], used: new Map([[FIRST, 1]]) },
      { keys: () => [old], used: new Map([[SECOND, 2]]) },
    );
    const [one, two] = replicas;
    assert.ok(one !== undefined && two !== undefined);
    for (const { peers } of replicas) peers.start();
    await until(() => replicas.every(({ peers }) => complete(peers)));
    assert.deepEqual([one.peers.seen(SECOND).usedAt, two.peers.seen(FIRST).usedAt], [2, 1]);
  },
);

test('a name that cannot be looked up leaves unknown who is there', { skip }, async (t) => {
  let fails = true;
  const resolve = async () => {
    if (fails) throw Object.assign(new Error('no'), { code: 'EAI_AGAIN' });
    return ['127.0.0.1'];
  };
  const one = await startReplica(t, { resolve });
  one.peers.start();
  const problem = 'router-peers cannot be looked up: EAI_AGAIN';
  await until(() => one.peers.state().problem === problem);
  assert.equal(complete(one.peers), false);
  fails = false;
  await until(() => complete(one.peers));
  assert.deepEqual(one.peers.state(), { problem: undefined, others: [] }, 'it met itself alone');
});

test('asks seldom, and every few seconds while somebody looks', { skip }, async (t) => {
  let looked = 0;
  const resolve = async () => {
    looked += 1;
    return ['127.0.0.1'];
  };
  const times = { wanted: 1, unwanted: 3_600_000, wantedFor: 50 };
  const { peers } = await startReplica(t, { resolve, times });
  peers.start();
  await until(() => complete(peers));
  await new Promise((turned) => setTimeout(turned, 20));
  assert.equal(looked, 1);
  peers.want();
  await until(() => looked > 3);
  const began = performance.now();
  let last = looked;
  // Nobody looks any more: it comes to rest.
  for (;;) {
    await new Promise((turned) => setTimeout(turned, 20));
    if (looked === last) break;
    last = looked;
  }
  assert.ok(performance.now() - began < 5_000);
});

test(
  'ten thousand endpoints are told in parts, and then what changed alone',
  { skip },
  async (t) => {
    const count = 5 * MOST_TOLD;
    const used = new Map(
      Array.from({ length: count }, (_, index) => [endpointId(index), index + 1]),
    );
    const { replicas } = await startReplicas(t, { used: new Map() }, { used });
    const [one] = replicas;
    assert.ok(one !== undefined);
    const began = performance.now();
    one.peers.start();
    await until(() => complete(one.peers));
    t.diagnostic(`all of ${count} in ${Math.round(performance.now() - began)} ms`);
    for (const index of [0, MOST_TOLD, count - 1]) {
      assert.equal(one.peers.seen(endpointId(index)).usedAt, index + 1);
    }
    used.set(FIRST, 1_000_000);
    await until(() => one.peers.seen(FIRST).usedAt === 1_000_000);
  },
);

test(
  'each replica tells what it alone served, again with each change, and nothing of others or of itself',
  { skip },
  async (t) => {
    const heard: string[] = [];
    const served = new Map([[FIRST, { requests: 2, latencyMs: 30 }]]);
    const { replicas } = await startReplicas(
      t,
      {
        used: new Map([[FIRST, 0]]),
        served: new Map([[FIRST, { requests: 7, latencyMs: 7 }]]),
        heardServed: (replica, id, { requests, latencyMs }) =>
          heard.push(JSON.stringify([replica, id, requests, latencyMs])),
      },
      { used: new Map([[FIRST, 0]]), served },
    );
    const [one, two] = replicas;
    assert.ok(one !== undefined && two !== undefined);
    one.peers.start();
    two.peers.start();
    await until(() => heard.length === 1);
    const told = one.peers.state().others[0]?.replica?.id;
    assert.deepEqual(heard, [JSON.stringify([told, FIRST, 2, 30])]);
    served.set(FIRST, { requests: 3, latencyMs: 31 });
    await until(() => heard.length === 2);
    assert.equal(heard[1], JSON.stringify([told, FIRST, 3, 31]));
  },
);
