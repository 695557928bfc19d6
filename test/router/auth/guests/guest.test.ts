import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readGuestName } from '../../../../router/auth/guests/guest.ts';

describe('the name of a guest', () => {
  it('is what was typed, without the white space around it', () => {
    for (const [typed, name] of [
      ['Zoë', 'Zoë'],
      ['  Dr. O’Neill <x@y> ', 'Dr. O’Neill <x@y>'],
      ['👩‍🚀', '👩‍🚀'],
      ['𝒳'.repeat(64), '𝒳'.repeat(64)],
    ] as const) {
      assert.equal(readGuestName(typed), name);
    }
  });

  it('is none where nobody could read it, or where it is too long', () => {
    for (const typed of [
      '',
      ' \u00a0\t',
      'x'.repeat(65),
      'a\r\nX-ClearML-User-Id: admin',
      'a\u0000b',
      'a\u009bb',
      'a\u2028b',
      'a\u202eb',
      'a\u2066b',
      'a\ud800b',
    ]) {
      assert.equal(readGuestName(typed), undefined, JSON.stringify(typed));
    }
  });
});
