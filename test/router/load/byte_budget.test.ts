import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteBudget } from '../../../router/load/byte_budget.ts';

test('A56: one may hold half, all together the whole, and who holds next to nothing still gets in', () => {
  const budget = new ByteBudget(6_400);
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((who) => budget.account(who));
  assert.ok(alice !== undefined && bob !== undefined && carol !== undefined);
  assert.equal(budget.take(alice, 3_200), undefined);
  assert.equal(budget.take(alice, 1), 'memory-per-user');
  assert.equal(budget.take(bob, 3_200), undefined);
  assert.equal(budget.held, 6_400);
  assert.equal(budget.take(carol, 101), 'memory');
  assert.equal(budget.take(carol, 100), undefined);
  assert.equal(budget.take(carol, 1), 'memory');
  // Beyond the overdraft nobody gets in.
  for (let other = 0; other < 8; other++) budget.take(budget.account(`other ${other}`), 100);
  assert.equal(budget.held, 7_300);
  assert.equal(budget.take(budget.account('last'), 100), 'memory');
  budget.give(alice, 3_200);
  assert.equal(budget.take(carol, 1_000), undefined);
  assert.equal(budget.account('carol'), carol);
});

test('A56: large buffers leave room for what cannot do without, and nobody is remembered who holds nothing', () => {
  const budget = new ByteBudget(1_000);
  const alice = budget.account('alice');
  assert.equal(budget.grow(alice, 250), true);
  assert.equal(budget.grow(alice, 1), false);
  assert.equal(budget.take(alice, 250), undefined);
  budget.give(alice, 500);
  budget.sweep();
  assert.notEqual(budget.account('alice'), alice);
});
