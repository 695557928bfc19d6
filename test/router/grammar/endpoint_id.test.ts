import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  endpointId,
  endpointLabels,
  isClearmlId,
  urlName,
} from '../../../router/grammar/endpoint_id.ts';

const ID = '0123456789abcdef0123456789abcdef';

test('a task id is 32 hex digits, lower case', () => {
  assert.ok(isClearmlId(ID));
  for (const odd of ['', ID.toUpperCase(), `${ID}0`, ID.slice(1), `${ID}\n`, `${ID.slice(1)}/`]) {
    assert.equal(isClearmlId(odd), false, JSON.stringify(odd));
  }
});

test('the unnamed endpoint has the id of its task, a plain name follows two underscores', () => {
  assert.equal(endpointId(ID, undefined), ID);
  assert.equal(endpointId(ID, '1'), `${ID}__1`);
  assert.equal(endpointId(ID, 'My_app.v-2'), `${ID}__My_app.v-2`);
});

test('an odd name becomes a slug with six hex digits of its hash', () => {
  assert.match(urlName('a b'), /^a-b-[0-9a-f]{6}$/);
  assert.notEqual(urlName('a b'), urlName('a/b'));
  assert.match(urlName('../x?'), /^\.\.-x--[0-9a-f]{6}$/);
  const long = urlName('x'.repeat(65));
  assert.equal(long.length, 64);
  assert.match(urlName('Ångström'), /^[A-Za-z0-9._-]{1,64}$/);
});

test('labels: what fits DNS, and no two that differ by case alone', () => {
  assert.deepEqual(endpointLabels(ID, [undefined, 'App', 'under_score', 'x'.repeat(30)]), [
    ID,
    `${ID}--app`,
    undefined,
    undefined,
  ]);
  assert.deepEqual(endpointLabels(ID, ['App', 'app', 'other']), [
    undefined,
    undefined,
    `${ID}--other`,
  ]);
  assert.deepEqual(endpointLabels(ID, ['-a', 'a-', '.']), [undefined, undefined, undefined]);
});
