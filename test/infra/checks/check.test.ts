import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { performChecks } from '../../../infra/checks/check.ts';

suite('performChecks', () => {
  test('writes a line per check and a fix below each failure, and goes on', async () => {
    const lines: string[] = [];
    const isGood = await performChecks(
      [
        { title: 'a', find: () => Promise.resolve({ outcome: 'good', says: 'fine' }) },
        {
          title: 'b',
          find: () => Promise.resolve({ outcome: 'unsure', says: 'maybe', fix: 'look' }),
        },
        { title: 'c', find: () => Promise.reject(new Error('broken')) },
      ],
      (line) => lines.push(line),
    );
    assert.equal(isGood, false);
    assert.deepEqual(lines, [
      '✔ a: fine',
      '• b: maybe',
      '    look',
      '✖ c: broken',
      '    Mend this and run the command again.',
    ]);
  });
});
