import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TASK_A, TASK_B } from '../support/proxy_world.ts';
import { HOST, LET_IN, attacked, until } from '../support/attacked.ts';

const part = fc.constantFrom(
  '/service/',
  TASK_A,
  TASK_B,
  '/',
  '..',
  '%2e%2e',
  '%2f',
  '\\',
  '%5c',
  '.',
  ';',
  '?',
  '#',
  '__x',
  'x',
  '//',
);
const path = fc
  .tuple(
    fc.constantFrom(`/service/${TASK_A}`, `/service/${TASK_B}`, '/'),
    fc.array(part, { maxLength: 8 }),
  )
  .map(([start, parts]) => start + parts.join(''));
const host = fc.constantFrom(
  HOST,
  `Host: ${TASK_A}.w.router.test`,
  `Host: ${TASK_B}.w.router.test:80`,
);

test('A16: the id checked is the id routed is the id logged', async (t) => {
  const attack = await attacked(t);
  const { world, task, other } = attack;
  const client = await attack.client();
  await fc.assert(
    fc.asyncProperty(path, host, async (url, hostLine) => {
      const asked = world.gate.asked.length;
      const logged = world.access.length;
      const before = [task.requests().length, other.requests().length];
      client.send(`GET ${url} HTTP/1.1`, hostLine, LET_IN, '', '');
      const { status } = await client.answer();
      await until(() => world.access.length > logged);
      const reached = [
        ...(task.requests().length > (before[0] ?? 0) ? [TASK_A] : []),
        ...(other.requests().length > (before[1] ?? 0) ? [TASK_B] : []),
      ];
      assert.ok(reached.length <= 1);
      assert.equal(reached.length === 1, status === 200);
      if (reached.length === 0) return;
      const target = world.gate.asked[asked]?.target;
      assert.equal(world.gate.asked.length, asked + 1);
      assert.ok(target?.kind === 'endpoint');
      assert.deepEqual([target.id, world.access.at(-1)?.['endpoint']], [reached[0], reached[0]]);
      // And the reader of the URL, who takes the first id that stands in it, sees the same.
      const [, first] = /([ab]{32})/.exec(hostLine + url) ?? [];
      assert.equal(first, reached[0]);
    }),
    { numRuns: 300 },
  );
});
