import assert from 'node:assert/strict';
import { test } from 'node:test';
import { giveBack } from '../../../router/sockets/spent_chunk.ts';

test('gives back what has its memory for itself, and leaves the rest alone', () => {
  const whole = Buffer.allocUnsafeSlow(64 * 1024);
  giveBack(whole);
  assert.equal(whole.length, 0);
  const shared = Buffer.allocUnsafeSlow(64 * 1024).subarray(0, 32 * 1024);
  giveBack(shared);
  assert.equal(shared.length, 32 * 1024);
  const small = Buffer.allocUnsafeSlow(1024);
  giveBack(small);
  assert.equal(small.length, 1024);
});
