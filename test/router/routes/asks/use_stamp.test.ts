import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createUseStamper } from '../../../../router/routes/asks/use_stamp.ts';
import { stampKeys } from '../../../support/installation.ts';

const TASK = 'a'.repeat(32);
const USED = Date.UTC(2026, 0, 2, 3);
const stamper = createUseStamper('router', stampKeys('one'));

function written(): string {
  return stamper.write(TASK, USED) ?? assert.fail('no stamp');
}

test('a stamp of the last use reads back, with an older key too', () => {
  assert.equal(stamper.read(TASK, written()), USED);
  assert.equal(createUseStamper('router', stampKeys('two', 'one')).read(TASK, written()), USED);
});

test('one of another task, router or key says nothing, and none can be changed', () => {
  assert.equal(stamper.read('b'.repeat(32), written()), undefined);
  assert.equal(createUseStamper('west', stampKeys('one')).read(TASK, written()), undefined);
  assert.equal(createUseStamper('router', stampKeys('two')).read(TASK, written()), undefined);
  const fields = JSON.parse(written()) as unknown[];
  for (const [index, value] of fields.entries()) {
    const other = typeof value === 'number' ? value + 1 : `${String(value)}0`;
    assert.equal(stamper.read(TASK, JSON.stringify(fields.with(index, other))), undefined);
  }
  for (const text of [
    '',
    '1796053408490',
    '{}',
    '["v1"]',
    `["v1","x",${USED},""]`,
    '['.repeat(900),
  ]) {
    assert.equal(stamper.read(TASK, text), undefined, text);
  }
});
