import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SIGN_OUTS } from '../../../router/auth/access/sign_outs.ts';
import { ENDPOINT_TOKENS } from '../../../router/auth/endpoint_tokens/store.ts';
import { DEVICE_SIGN_INS } from '../../../router/auth/devices/store.ts';
import { GRANTS } from '../../../router/auth/sharing/store.ts';
import { OBJECT_BYTES, SECTION_BYTES } from '../../../router/state/section_bytes.ts';

test('all sections together fit into one object of Kubernetes, their names included', () => {
  const sections = Object.entries(SECTION_BYTES);
  const taken = sections.reduce((sum, [name, bytes]) => sum + bytes + `${name}.json`.length, 0);
  assert.ok(taken < OBJECT_BYTES, `${taken} of ${OBJECT_BYTES} bytes`);
});

test('each section is bounded by its part', () => {
  for (const { name, mostBytes } of [DEVICE_SIGN_INS, ENDPOINT_TOKENS, GRANTS, SIGN_OUTS]) {
    assert.equal(mostBytes, SECTION_BYTES[name as keyof typeof SECTION_BYTES], name);
  }
});
