import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareVersions } from './toolchain.ts';

test('versions are compared number by number', () => {
  for (const [older, newer] of [
    ['1.9', '1.10'],
    ['1.25', '1.25.1'],
    ['1.25.11', '1.26'],
    ['3.99.99', '4.0.0'],
  ] as const) {
    assert.ok(compareVersions(older, newer) < 0, `${older} < ${newer}`);
    assert.ok(compareVersions(newer, older) > 0, `${newer} > ${older}`);
  }
  assert.equal(compareVersions('1.25', '1.25.0'), 0);
});
