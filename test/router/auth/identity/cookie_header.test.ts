import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { eachCookie } from '../../../../router/auth/identity/cookie_header.ts';

function found(header: string, ...names: readonly string[]): string[] {
  const list: string[] = [];
  eachCookie(header, names, (name, value) => void list.push(`${name}:${value}`));
  return list;
}

describe('reading cookies', () => {
  it('takes names exactly, values as they are, in the order of the header', () => {
    assert.deepEqual(found('a=1; b=2; a=3', 'a'), ['a:1', 'a:3']);
    assert.deepEqual(found('b=2;a=1', 'a', 'b'), ['b:2', 'a:1']);
    assert.deepEqual(found('a="1"; a=%31; a==', 'a'), ['a:"1"', 'a:%31', 'a:=']);
    assert.deepEqual(found(' \ta=1 \t; a= ', 'a'), ['a:1', 'a:']);
  });

  it('is not taken in by look-alikes', () => {
    const others = 'xa=1; a2=1; A=1; a =1; a; =a; a-=1; "a=1"; b=a=1; a\u00a0=1';
    assert.deepEqual(found(others, 'a'), []);
    assert.deepEqual(found('a', 'a'), []);
    assert.deepEqual(found('', 'a'), []);
    assert.deepEqual(found(';;; ;', 'a'), []);
  });

  it('finds exactly what splitting at semicolons finds, for any header', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'b', '=', ';', ' ', '\t', '"'),
      maxLength: 30,
    });
    fc.assert(
      fc.property(text, (header) => {
        const wanted = header
          .split(';')
          .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ''))
          .filter((pair) => pair.startsWith('ab='))
          .map((pair) => `ab:${pair.slice(3)}`);
        assert.deepEqual(found(header, 'ab'), wanted);
      }),
      { numRuns: 2000 },
    );
  });
});
