import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { bundledPackages } from '../../../infra/bundle/bundle.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Locked {
  readonly dev?: boolean;
  readonly license?: string;
}

const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>;
};

/** What may be handed on together with Apache-2.0 code, its notices kept. */
const IN_THE_BUNDLE = new Set([
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
]);

/** What the program may use beside it, and never hands on. */
const ON_THE_MACHINE = new Set([
  ...IN_THE_BUNDLE,
  '(BSD-3-Clause AND Apache-2.0)',
  'CC-BY-3.0',
  'CC0-1.0',
  'PSF-2.0',
  'Python-2.0',
  'Unlicense',
]);

/** Its LICENSE is the MIT licence. */
const READ_BY_A_PERSON = new Set(['node_modules/@logdna/tail-file']);

suite('licences', () => {
  test('of every package outside of development are known ones', () => {
    const strange = Object.entries(packages).filter(
      ([folder, { dev, license }]) =>
        folder !== '' &&
        dev !== true &&
        !READ_BY_A_PERSON.has(folder) &&
        !ON_THE_MACHINE.has(license ?? ''),
    );
    assert.deepEqual(
      strange.map(([folder, { license }]) => `${folder}: ${license}`),
      [],
    );
  });

  test('of what the bundle holds may be handed on, and nothing in it is for development alone', async () => {
    const held = await bundledPackages();
    assert.ok(held.includes('node_modules/zod'), held.join(' '));
    const wrong = held.filter((folder) => {
      const locked = packages[folder];
      return locked?.dev === true || !IN_THE_BUNDLE.has(locked?.license ?? '');
    });
    assert.deepEqual(wrong, []);
  });
});
