import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Ejections, pauseAfter } from '../../../router/activity/ejections.ts';
import type { CheckOutcome } from '../../../router/activity/check.ts';
import { TASK_A, TASK_B, httpEndpoint } from '../../support/proxy_world.ts';
import { shownRoutes } from '../../support/shown_routes.ts';

const ENDPOINT = httpEndpoint(1, TASK_A);
const OTHER = httpEndpoint(2, TASK_B);

/** Ejections whose clock and probes the test moves. */
function world() {
  const routes = shownRoutes();
  routes.show([ENDPOINT, OTHER]);
  const probes: ((found: CheckOutcome) => void)[] = [];
  const clock = { now: 1_000 };
  const ejections = new Ejections({
    routes,
    ticks: () => clock.now,
    check: () => new Promise((resolve) => probes.push(resolve)),
  });
  routes.subscribe((table, previous) => ejections.forget(table, previous));
  /** A probe that is under way comes to its end. */
  const settle = async (found: CheckOutcome): Promise<void> => {
    probes.shift()?.(found);
    await Promise.resolve();
    await Promise.resolve();
  };
  return { routes, ejections, clock, probes, settle };
}

test('pauses grow from one second to a minute with each time that it is lost again', () => {
  const pauses = [1, 2, 3, 4, 5, 6, 7, 8, 2_000].map(pauseAfter);
  assert.deepEqual(
    pauses,
    [1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1_000),
  );
});

test('a lost task is left alone, probed once its pause is over and somebody looks, and trusted by its answer', async () => {
  const { ejections, clock, probes, settle } = world();
  assert.equal(ejections.has('http', ENDPOINT), false);
  ejections.failed('http', TASK_A, 'refused', clock.now);
  assert.equal(ejections.has('http', ENDPOINT), true);
  assert.equal(ejections.has('http', OTHER), false);
  assert.equal(ejections.has('tcp', ENDPOINT), false);
  clock.now += 999;
  assert.equal(ejections.has('http', ENDPOINT), true);
  assert.equal(probes.length, 0);
  clock.now += 1;
  assert.equal(ejections.has('http', ENDPOINT), true);
  assert.equal(ejections.has('http', ENDPOINT), true);
  assert.equal(probes.length, 1, 'one trial at a time');
  for (let check = 0; check < 10; check++) {
    await settle('refused');
    clock.now += 999;
    ejections.has('http', ENDPOINT);
    assert.equal(probes.length, 0);
    clock.now += 1;
    ejections.has('http', ENDPOINT);
    assert.equal(probes.length, 1, 'however long it is down: it may be back at any moment');
  }
  await settle('answers');
  assert.equal(ejections.has('http', ENDPOINT), false);

  // It takes connections and answers nothing: the next failure counts on.
  ejections.failed('http', TASK_A, 'reset', clock.now);
  clock.now += 1_999;
  ejections.has('http', ENDPOINT);
  assert.equal(probes.length, 0);
  clock.now += 1;
  ejections.has('http', ENDPOINT);
  await settle('answers');
  ejections.answered('http', TASK_A, clock.now);
  ejections.failed('http', TASK_A, 'reset', clock.now);
  clock.now += 1_000;
  ejections.has('http', ENDPOINT);
  assert.equal(probes.length, 1, 'its answer had wiped the slate');
});

test('what was asked before an ejection counts neither for nor against', async () => {
  const { ejections, clock, settle } = world();
  const before = clock.now;
  clock.now += 10;
  for (let turn = 0; turn < 50; turn++) ejections.failed('http', TASK_A, 'refused', before);
  ejections.answered('http', TASK_A, before);
  assert.equal(ejections.has('http', ENDPOINT), true);
  clock.now += 1_000;
  ejections.has('http', ENDPOINT);
  await settle('answers');
  ejections.failed('http', TASK_A, 'timeout', before);
  assert.equal(ejections.has('http', ENDPOINT), false);
});

test('where all were tried, an answer brings a task back before its pause is over', () => {
  const { ejections, clock } = world();
  ejections.failed('tcp', TASK_A, 'unreachable', clock.now);
  clock.now += 5;
  ejections.answered('tcp', TASK_A, clock.now);
  assert.equal(ejections.has('tcp', ENDPOINT), false);
});

test('wrong answers and clients that leave eject nobody, and what is not routed is not kept', () => {
  const { ejections, clock, routes } = world();
  ejections.failed('http', TASK_A, 'protocol', clock.now);
  ejections.failed('http', TASK_A, 'other', clock.now);
  assert.equal(ejections.has('http', ENDPOINT), false);
  ejections.failed('http', TASK_A, 'refused', clock.now);
  routes.show([ENDPOINT, httpEndpoint(3, TASK_B)]);
  assert.equal(ejections.has('http', ENDPOINT), true);
  const moved = httpEndpoint(9, TASK_A);
  routes.show([moved, OTHER]);
  assert.equal(ejections.has('http', moved), false, 'another address is another task');
  routes.show([OTHER]);
  ejections.failed('http', TASK_A, 'refused', clock.now);
  routes.show([ENDPOINT, OTHER]);
  assert.equal(ejections.has('http', ENDPOINT), false);
});

test('model: whatever happens, it is out only since a failure, for no longer than a minute, with one probe at a time', async () => {
  const event = fc.oneof(
    fc.record({ kind: fc.constant('pass'), by: fc.integer({ min: 0, max: 70_000 }) }),
    fc.record({ kind: fc.constant('failed'), ago: fc.integer({ min: 0, max: 5_000 }) }),
    fc.record({ kind: fc.constant('answered'), ago: fc.integer({ min: 0, max: 5_000 }) }),
    fc.record({ kind: fc.constant('look') }),
    fc.record({ kind: fc.constant('probed'), answers: fc.boolean() }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 60 }), async (events) => {
      const { ejections, clock, probes, settle } = world();
      let failuresInRow = 0;
      let changedAt = -Infinity;
      let pause = 0;
      let out = false;
      let probing = false;
      for (const step of events) {
        switch (step.kind) {
          case 'pass':
            clock.now += 'by' in step ? step.by : 0;
            break;
          case 'failed': {
            const askedAt = clock.now - ('ago' in step ? step.ago : 0);
            ejections.failed('http', TASK_A, 'refused', askedAt);
            if (out || askedAt < changedAt) break;
            failuresInRow += 1;
            [out, changedAt, pause] = [true, clock.now, pauseAfter(failuresInRow)];
            break;
          }
          case 'answered': {
            const askedAt = clock.now - ('ago' in step ? step.ago : 0);
            ejections.answered('http', TASK_A, askedAt);
            if (failuresInRow === 0 || askedAt < changedAt) break;
            [out, changedAt, failuresInRow] = [false, -Infinity, 0];
            // What a probe of before finds is nobody's any more.
            if (probing) await settle('refused');
            probing = false;
            break;
          }
          case 'look':
            ejections.has('http', ENDPOINT);
            probing ||= out && clock.now - changedAt >= pause;
            break;
          case 'probed':
            if (!probing) break;
            await settle('answers' in step && step.answers ? 'answers' : 'refused');
            probing = false;
            changedAt = clock.now;
            out = !('answers' in step && step.answers);
            pause = 1_000;
            break;
        }
        assert.equal(probes.length, probing ? 1 : 0);
        // Never later than a minute after it went out may it be probed.
        if (step.kind === 'look' && out && clock.now - changedAt >= 60_000) assert.ok(probing);
        const size = probes.length;
        const due = out && clock.now - changedAt >= pause;
        assert.equal(ejections.has('http', ENDPOINT), out);
        if (due && size === 0) probing = true;
        assert.equal(ejections.has('http', OTHER), false);
      }
    }),
    { numRuns: 300 },
  );
});
