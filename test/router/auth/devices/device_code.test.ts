import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  CODE_LIFE_MS,
  DeviceCodes,
  readLabel,
} from '../../../../router/auth/devices/device_code.ts';
import { newUserCode, readUserCode } from '../../../../router/auth/devices/user_code.ts';
import { Sealer } from '../../../../router/auth/sealed/seal.ts';

describe('a user code', () => {
  it('is of eight letters that no word is made of, and no two are alike', () => {
    const made = Array.from({ length: 1_000 }, () => newUserCode());
    const spelling = /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/;
    for (const code of made) assert.match(code, spelling);
    assert.equal(new Set(made).size, made.length);
  });

  it('is read as people type it, and nothing else is', () => {
    for (const typed of ['BCDF-GHJK', 'bcdfghjk', ' bcdf ghjk ', 'bc-df-gh-jk']) {
      assert.equal(readUserCode(typed), 'BCDF-GHJK', typed);
    }
    const wrong = ['', 'BCDF-GHJ', 'BCDF-GHJKL', 'BCDF-GHJA', 'BCDF_GHJK', 'BCDF-GHJ1'];
    for (const typed of [...wrong, `BCDF${'-'.repeat(40)}GHJK`, 'ＢCDF-GHJK']) {
      assert.equal(readUserCode(typed), undefined, typed);
    }
  });
});

describe('the label of a computer', () => {
  it('is one line of what can be seen', () => {
    assert.equal(readLabel('  Ann’s laptop '), 'Ann’s laptop');
    assert.equal(readLabel('a\u0000b\u001b[31m\r\nc\u202ed\u200be\u2066f\ufeff'), 'ab[31mcdef');
    assert.equal(readLabel('a \n\t  b'), 'a b');
    assert.equal(readLabel('\u0007\n '), 'a computer without a name');
    assert.equal(readLabel('<b>&'), '<b>&');
  });

  it('is cut by whole characters', () => {
    assert.equal(readLabel('🖥'.repeat(65)), '🖥'.repeat(64));
    assert.ok(readLabel('x'.repeat(1_000_000)).length === 64);
  });
});

describe('a device code', () => {
  const key = new Uint8Array(32);
  let now = 1_800_000_000_000;
  const codes = (audience: string, secret = key) =>
    new DeviceCodes(
      new Sealer(
        () => [secret],
        () => now,
      ),
      audience,
      () => now,
    );

  it('holds what is known of its computer, at this router alone, for ten minutes', async () => {
    const made = await codes('https://a.example.com').make('laptop\u0000', '192.0.2.7');
    assert.ok(made !== undefined);
    assert.ok(!made.text.includes(made.code));
    const read = await codes('https://a.example.com').read(made.text);
    assert.equal(read?.code, made.code);
    assert.deepEqual(
      [read.device.label, read.device.address, read.expiresAt],
      ['laptop', '192.0.2.7', now + CODE_LIFE_MS],
    );
    assert.equal(await codes('https://b.example.com').read(made.text), undefined);
    const other = new Uint8Array(32).fill(1);
    assert.equal(await codes('https://a.example.com', other).read(made.text), undefined);
    now += CODE_LIFE_MS + 1_000;
    assert.equal(await codes('https://a.example.com').read(made.text), undefined);
  });
});
