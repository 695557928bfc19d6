import assert from 'node:assert/strict';
import { test } from 'node:test';
import { narrower, readTaskWord } from '../../../router/grammar/access_level.ts';

test('of two levels the one that lets in fewer is narrower', () => {
  const levels = ['owner', 'people', 'visible', 'authenticated', 'public'] as const;
  levels.forEach((one, index) => {
    levels.forEach((other, place) => {
      assert.equal(narrower(one, other), levels[Math.min(index, place)], `${one} ${other}`);
    });
  });
});

test('a task’s word is a level of endpoints, or counts as owner', () => {
  assert.deepEqual(readTaskWord(''), { access: undefined, unknownAccess: undefined });
  for (const access of ['owner', 'people', 'visible'] as const) {
    assert.deepEqual(readTaskWord(access), { access, unknownAccess: undefined });
  }
  for (const word of ['authenticated', 'public', 'task', 'Visible', 'everybody', 'constructor']) {
    assert.deepEqual(readTaskWord(word), { access: 'owner', unknownAccess: word });
  }
});
