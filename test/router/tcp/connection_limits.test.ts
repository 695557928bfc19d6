import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConnectionCounts } from '../../../router/tcp/connection_limits.ts';

test('each limit holds by itself, and what leaves makes room', () => {
  const counts = new ConnectionCounts<number>({ total: 4, perPlace: 3, perClient: 2 });
  assert.equal(counts.enter(1, 'a'), undefined);
  assert.equal(counts.enter(1, 'a'), undefined);
  assert.equal(counts.enter(2, 'a'), 'client');
  assert.equal(counts.enter(1, undefined), undefined);
  assert.equal(counts.enter(1, 'b'), 'place');
  assert.equal(counts.enter(2, 'b'), undefined);
  assert.equal(counts.enter(3, 'c'), 'total');
  counts.leave(1, 'a');
  assert.equal(counts.enter(2, 'a'), undefined);
  assert.equal(counts.total, 4);
});

test('a client of IPv6 is its /64', () => {
  const counts = new ConnectionCounts<number>({ total: 9, perPlace: 9, perClient: 1 });
  assert.equal(counts.enter(1, '2001:db8:0:1::1'), undefined);
  assert.equal(counts.enter(1, '2001:db8:0:1:ffff::2'), 'client');
  assert.equal(counts.enter(1, '2001:db8:0:2::1'), undefined);
});

test('the counts are those of a list, whatever comes and goes', () => {
  const limits = { total: 6, perPlace: 3, perClient: 2 };
  const step = fc.record({
    place: fc.integer({ min: 1, max: 3 }),
    client: fc.constantFrom('a', 'b', undefined),
    comes: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const counts = new ConnectionCounts<number>(limits);
      const open: { place: number; client: string | undefined }[] = [];
      for (const { place, client, comes } of steps) {
        if (comes) {
          const fits =
            open.length < limits.total &&
            open.filter((one) => one.place === place).length < limits.perPlace &&
            (client === undefined ||
              open.filter((one) => one.client === client).length < limits.perClient);
          assert.equal(counts.enter(place, client) === undefined, fits);
          if (fits) open.push({ place, client });
        } else {
          const gone = open.shift();
          if (gone !== undefined) counts.leave(gone.place, gone.client);
        }
        assert.equal(counts.total, open.length);
      }
    }),
  );
});
