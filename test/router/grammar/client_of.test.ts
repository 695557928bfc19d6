import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SignInLimits } from '../../../router/auth/sessions/sign_in_limits.ts';
import { clientOf } from '../../../router/grammar/client_of.ts';
import { ByteBudget } from '../../../router/load/byte_budget.ts';
import { Limits, uncountedRequest } from '../../../router/load/limits.ts';

const HERE = (host: number) => `2001:db8:0:1:${host.toString(16)}::${host.toString(16)}`;
const ELSEWHERE = '2001:db8:0:2::1';

test('a client of IPv6 is its /64, one of IPv4 its address, in whichever spelling', () => {
  assert.equal(clientOf(HERE(1)), clientOf(HERE(2)));
  assert.equal(clientOf('2001:DB8::1:0:0:0:1'), clientOf(HERE(2)));
  assert.notEqual(clientOf(HERE(1)), clientOf(ELSEWHERE));
  assert.equal(clientOf('192.0.2.1'), '192.0.2.1');
  assert.equal(clientOf('::ffff:c000:201'), '192.0.2.1');
  assert.equal(clientOf('no address'), 'no address');
});

test('requests by address are those of a /64', () => {
  const values = { total: 0, perUser: 0, perTask: 0, perAddress: 2 };
  const limits = new Limits('requests', values, new ByteBudget(Infinity));
  const arrive = (address: string) => limits.arrive(uncountedRequest(), address);
  assert.deepEqual([arrive(HERE(1)), arrive(HERE(2))], [undefined, undefined]);
  assert.equal(arrive(HERE(3)), 'requests-per-address');
  assert.equal(arrive(ELSEWHERE), undefined);
});

test('who fails to sign in does so from a /64, whatever account each try names', () => {
  const limits = new SignInLimits(true, () => 0);
  const attempt = (address: string, account: number): boolean => {
    const { allowed, end } = limits.attempt(address, `account ${account}`);
    end();
    return allowed;
  };
  for (let guess = 0; guess < 20; guess += 1) assert.ok(attempt(HERE(guess), guess));
  assert.equal(attempt(HERE(20), 20), false);
  assert.equal(attempt(ELSEWHERE, 21), true);
});
