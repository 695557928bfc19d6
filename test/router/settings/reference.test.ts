import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { SETTING_NAMES, SETTINGS } from '../../../router/settings/schema.ts';

const reference = readFileSync(
  new URL('../../../router/settings/README.md', import.meta.url),
  'utf8',
);
const rows = [...reference.matchAll(/^\| `([A-Z_0-9]+)` *\|.*\| *(.*?) *\|$/gm)].map(
  ([, name = '', standard = '']) => ({ name, standard }),
);

test('the reference has each setting once, and no other', () => {
  assert.deepEqual(rows.map(({ name }) => name).toSorted(), SETTING_NAMES.toSorted());
});

test('a default in the reference is that of the schema', () => {
  for (const { name, standard } of rows) {
    const { def } = SETTINGS[name as keyof typeof SETTINGS];
    // Lists that are empty by default are told in words.
    const given = def.type === 'prefault' && def.defaultValue !== '' ? def.defaultValue : undefined;
    assert.equal(/^`(.*)`$/.exec(standard)?.[1], given, name);
    const needed = def.type !== 'prefault' && def.type !== 'optional';
    assert.equal(standard === 'required', needed, name);
  }
});
