import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Addresses } from '../../../router/peers/addresses.ts';

test('finds each address once, and no more of them than one router has replicas', async () => {
  let answer = ['10.0.0.2', '10.0.0.1', '10.0.0.2'];
  const addresses = new Addresses('router-peers', async () => answer);
  assert.deepEqual(await addresses.find(), {
    addresses: ['10.0.0.1', '10.0.0.2'],
    problem: undefined,
  });
  answer = Array.from({ length: 65 }, (_, index) => `10.0.1.${index}`);
  const { addresses: found, problem } = await addresses.find();
  assert.equal(found.length, 64);
  assert.equal(problem, 'router-peers has more than 64 addresses');
});

test('where DNS fails or is slow, those found before are left, and it is asked once at a time', async () => {
  let asked = 0;
  const answers = [
    Promise.resolve(['10.0.0.1']),
    Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })),
    new Promise<never>(() => undefined),
  ];
  const resolve = (): Promise<readonly string[]> => {
    const answer = answers[asked];
    asked += 1;
    return answer ?? assert.fail('asked again while a question is under way');
  };
  const addresses = new Addresses('router-peers', resolve, 20);
  await addresses.find();
  const found = ['10.0.0.1'];
  assert.deepEqual(await addresses.find(), {
    addresses: found,
    problem: 'router-peers cannot be looked up: ENOTFOUND',
  });
  const late = {
    addresses: found,
    problem: 'router-peers cannot be looked up: no answer within 0.02 s',
  };
  assert.deepEqual(await addresses.find(), late);
  assert.deepEqual(await addresses.find(), late);
  assert.equal(asked, 3);
});

test('the resolver of the system knows the name of this machine’s own address', async () => {
  const { addresses } = await new Addresses('localhost').find();
  assert.ok(addresses.includes('127.0.0.1') || addresses.includes('::1'), addresses.join());
});
