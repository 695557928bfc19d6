import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { isPlaceholder } from '../../../infra/config/values/placeholder.ts';

suite('isPlaceholder', () => {
  for (const text of [
    '<access key>',
    '{token}',
    '{{ .Values.token }}',
    '${dockerhub_token}',
    '$(cat token)',
    '$DOCKERHUB_TOKEN',
    'changeme',
    'CHANGE_ME',
    'TODO',
    'xxxx',
    '...',
    '…',
  ]) {
    test(`knows ${text}`, () => {
      assert.equal(isPlaceholder(text), true);
    });
  }

  for (const text of [
    '{"apiVersion":"v1","kind":"Config","clusters":[]}',
    '$2b$10$abcdefghijklmnopqrstuv',
    '$ecret',
    'my-cluster',
    'a <b> c',
  ]) {
    test(`leaves ${text}`, () => {
      assert.equal(isPlaceholder(text), false);
    });
  }
});
