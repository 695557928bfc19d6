import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Manifest } from '../manifest.ts';
import type { JsonObject } from '../property_values.ts';
import { endpointsJudge } from './endpoints.ts';
import { judgeOf } from './judge.ts';
import { parseWaitFor } from './wait_for.ts';

const ready: JsonObject = { subsets: [{ addresses: [{ ip: '10.0.0.1' }] }] };
const unready: JsonObject = { subsets: [{ notReadyAddresses: [{ ip: '10.0.0.1' }] }] };

describe('endpoints of a Service', () => {
  const states = (...looks: readonly [JsonObject | undefined, number][]): readonly string[] => {
    const judge = endpointsJudge();
    return looks.map(([live, now]) => judge(live, now).state);
  };

  test('count when they have stayed as they are for ten seconds', () => {
    const all = states([undefined, 0], [ready, 1000], [ready, 10_999], [ready, 11_000]);
    assert.deepEqual(all, ['waiting', 'waiting', 'waiting', 'ready']);
  });

  test('count anew with each change', () => {
    const other: JsonObject = { subsets: [{ addresses: [{ ip: '10.0.0.2' }] }] };
    const all = states([ready, 0], [other, 9000], [other, 18_999], [other, 19_000]);
    assert.deepEqual(all, ['waiting', 'waiting', 'waiting', 'ready']);
  });

  test('are waited for while a pod is not ready', () => {
    assert.deepEqual(states([unready, 0], [unready, 500_000]), ['waiting', 'waiting']);
  });

  test('that lead nowhere are enough', () => {
    assert.deepEqual(states([{}, 0], [{}, 10_000]), ['waiting', 'ready']);
  });
});

describe('what to wait for', () => {
  const withAddress: JsonObject = { status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } };

  const cases: readonly [string, JsonObject, boolean][] = [
    ['jsonpath={.status.loadBalancer.ingress}', withAddress, true],
    ['jsonpath={.status.loadBalancer.ingress}', { status: { loadBalancer: {} } }, false],
    ['jsonpath={.status.phase}=Active', { status: { phase: 'Active' } }, true],
    ['jsonpath={.status.phase}=Active', { status: { phase: 'Ending' } }, false],
    ['condition=Ready', { status: { conditions: [{ type: 'Ready', status: 'True' }] } }, true],
    [
      'condition=Ready=False',
      { status: { conditions: [{ type: 'Ready', status: 'True' }] } },
      false,
    ],
    ['["jsonpath={.a}", "jsonpath={.b}"]', { a: 1 }, false],
    ['["jsonpath={.a}", "jsonpath={.b}"]', { a: 1, b: 2 }, true],
  ];
  for (const [text, live, met] of cases) {
    test(`${text} is ${met ? '' : 'not '}met by ${JSON.stringify(live)}`, () => {
      assert.equal(parseWaitFor(text)(live), met);
    });
  }

  test('that cannot be read is refused', () => {
    assert.throws(() => parseWaitFor('{.status}'), /expected "jsonpath=\{\.path\}" or/);
  });
});

describe('a Service', () => {
  const service = (spec: JsonObject, annotations: Record<string, string> = {}): Manifest => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace: 'n', annotations },
    spec,
  });
  const balanced = { type: 'LoadBalancer', selector: { a: 'b' } };
  const address = { status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } };
  const live: JsonObject = { apiVersion: 'v1', kind: 'Service', spec: balanced, ...address };

  const judged = (object: Manifest, endpoints: JsonObject): Promise<string> =>
    judgeOf(object, () => Promise.resolve(endpoints))(live).then(({ state }) => state);

  test('with a selector waits for its pods, though it has its address', async () => {
    assert.equal(await judged(service(balanced), unready), 'waiting');
  });

  test('that says what to wait for waits for nothing else', async () => {
    const waitFor = { 'pulumi.com/waitFor': 'jsonpath={.status.loadBalancer.ingress}' };
    assert.equal(await judged(service(balanced, waitFor), unready), 'ready');
  });

  test('without a selector, or without an address of its own, waits for no pods', async () => {
    assert.equal(await judged(service({ type: 'LoadBalancer' }), unready), 'ready');
    assert.equal(
      await judged(service({ selector: { a: 'b' }, clusterIP: 'None' }), unready),
      'ready',
    );
  });
});
