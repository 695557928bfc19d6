import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { isTokenShaped } from '../../../../router/auth/identity/token_grammar.ts';
import { tokenOf } from '../../../support/auth_fixture.ts';

it('a token has one spelling: whatever is changed at its end is no token, or another signature', async () => {
  const token = await tokenOf('owner');
  assert.ok(isTokenShaped(token));
  const signature = (text: string) =>
    Buffer.from(text.slice(text.lastIndexOf('.') + 1), 'base64url');
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. "';
  for (const last of alphabet) {
    const changed = token.slice(0, -1) + last;
    if (changed === token || !isTokenShaped(changed)) continue;
    assert.notDeepEqual(signature(changed), signature(token), last);
  }
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 5 }), (more) => {
      assert.ok(!isTokenShaped(token + more));
      assert.ok(!isTokenShaped(`.${more}${token}`));
    }),
  );
  assert.ok(!isTokenShaped(`${'a'.repeat(9000)}.b.${'A'.repeat(43)}`));
});
