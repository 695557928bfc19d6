import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createPortPool, type PortPool } from '../../../../router/routes/ports/port_pool.ts';
import { binder } from '../../../support/installation.ts';

const REST = 1_000;

function pool(size: number, taken: ReadonlySet<number> = new Set()) {
  const clock = { time: 0 };
  const ports = binder(taken);
  const made = createPortPool({
    start: 100,
    end: 100 + size - 1,
    binder: ports,
    rest: REST,
    now: () => clock.time,
  });
  return { pool: made, clock, ports };
}

/** What the router does at the end of each pass. */
function keep(made: PortPool, ...ids: readonly string[]): void {
  made.retain(new Set(ids));
  made.releaseFreed();
}

test('a freed port is reused as late as possible', async () => {
  const { pool: made, clock } = pool(3);
  assert.equal(await made.allocate('a'), 100);
  keep(made);
  clock.time = REST * 10;
  assert.equal(await made.allocate('b'), 101);
  assert.equal(await made.allocate('c'), 102);
  assert.equal(await made.allocate('d'), 100);
});

test('after a restart ports above those in use go first: the ones below were likely used before', async () => {
  const { pool: made } = pool(4);
  await made.restore('b', 101);
  assert.equal(await made.allocate('c'), 102);
  assert.equal(await made.allocate('d'), 103);
  assert.equal(await made.allocate('e'), 100);
});

test('A42: a freed port rests, even where the range is exhausted, and then heals it', async () => {
  const { pool: made, clock } = pool(1);
  assert.equal(await made.allocate('a'), 100);
  assert.equal(await made.allocate('b'), undefined);
  keep(made);
  assert.equal(made.left(), 1);
  assert.equal(await made.allocate('b'), undefined);
  clock.time = REST;
  assert.equal(await made.allocate('b'), 100);
  assert.equal(made.left(), 0);
});

test('who comes back gets its port again, resting or not', async () => {
  const { pool: made } = pool(3);
  await made.allocate('a');
  await made.allocate('b');
  keep(made, 'b');
  assert.equal(await made.allocate('a'), 100);
});

test('a port in use is never taken over, and a port that others may still connect to is not restored', async () => {
  const { pool: made, clock } = pool(3);
  await made.allocate('a');
  assert.equal(await made.restore('b', 100), false);
  assert.equal(await made.follow('b', 100), false);
  keep(made);
  clock.time = REST * 10;
  assert.equal(await made.restore('b', 100), false);
  assert.equal(await made.restore('a', 100), true);
  assert.equal(await made.restore('c', 99), false);
  assert.equal(await made.restore('c', 103), false);
});

test('a follower goes where the leader’s answer says, once the port has rested', async () => {
  const { pool: made, clock, ports } = pool(3);
  await made.restore('a', 100);
  assert.equal(await made.follow('a', 102), true);
  made.releaseFreed();
  assert.equal(made.held('a'), 102);
  assert.deepEqual([...ports.bound], [102]);
  assert.equal(await made.follow('b', 100), false);
  clock.time = REST;
  assert.equal(await made.follow('b', 100), true);
});

test('A61: a follower believes the newest stamp of a port, rested or not, and no older one ever again', async () => {
  const { pool: made } = pool(3);
  assert.equal(await made.follow('a', 100, 1_000), true);
  keep(made);
  assert.equal(await made.follow('b', 100, 2_000), true);
  assert.equal(await made.follow('a', 100, 1_000), false);
  keep(made);
  assert.equal(await made.follow('a', 100, 1_000), false, 'though nobody holds it now');
  assert.equal(await made.follow('b', 100, 2_000), true);
});

test('a port that cannot be bound is skipped, told, and tried again later', async () => {
  const taken = new Set([100]);
  const { pool: made, clock } = pool(2, taken);
  assert.equal(await made.allocate('a'), 101);
  assert.deepEqual(made.unusable(), [100]);
  assert.equal(await made.allocate('b'), undefined);
  taken.clear();
  assert.equal(await made.allocate('b'), undefined);
  clock.time = 60_000;
  assert.equal(await made.allocate('b'), 100);
  assert.deepEqual(made.unusable(), []);
});

test('whatever happens, no port has two holders and what is bound is what is held', async () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const port = fc.integer({ min: 99, max: 104 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('allocate' as const), id }),
    fc.record({ kind: fc.constant('restore' as const), id, port }),
    fc.record({ kind: fc.constant('follow' as const), id, port }),
    fc.record({ kind: fc.constant('keep' as const), ids: fc.subarray(['a', 'b', 'c', 'd', 'e']) }),
    fc.record({ kind: fc.constant('wait' as const), time: fc.integer({ min: 1, max: 2 * REST }) }),
    fc.record({ kind: fc.constant('toggle' as const), port }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const taken = new Set<number>();
      const { pool: made, clock, ports } = pool(4, taken);
      const holders = new Map<number, string>();
      for (const next of steps) {
        const held = new Map(
          ['a', 'b', 'c', 'd', 'e'].map((name) => [name, made.held(name)] as const),
        );
        if (next.kind === 'allocate' && held.get(next.id) === undefined) {
          await made.allocate(next.id);
        } else if (next.kind === 'restore' && held.get(next.id) === undefined) {
          await made.restore(next.id, next.port);
        } else if (next.kind === 'follow') await made.follow(next.id, next.port);
        else if (next.kind === 'keep') made.retain(new Set(next.ids));
        else if (next.kind === 'wait') clock.time += next.time;
        else if (next.kind === 'toggle' && !taken.delete(next.port)) taken.add(next.port);
        made.releaseFreed();
        holders.clear();
        for (const name of held.keys()) {
          const now = made.held(name);
          if (now === undefined) continue;
          assert.ok(made.inRange(now));
          assert.equal(holders.has(now), false, `port ${now} has two holders`);
          holders.set(now, name);
        }
        assert.deepEqual(new Set(holders.keys()), ports.bound);
        assert.equal(made.left(), 4 - holders.size);
      }
    }),
    { numRuns: 300 },
  );
});
