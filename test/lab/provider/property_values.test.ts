import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { hasUnknown, keepSecrets, plain, secret, type JsonObject } from './property_values.ts';

const UNKNOWN = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

test('secret wrappers come off at any depth', () => {
  const properties = { a: secret({ b: [secret(1), 2] }), c: 'd' };
  assert.deepEqual(plain(properties), { a: { b: [1, 2] }, c: 'd' });
});

test('properties without wrappers stay as they are', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }),
      (properties) => {
        assert.deepEqual(plain(properties as JsonObject), properties);
      },
    ),
  );
});

test('a value that is not known yet is found at any depth', () => {
  assert.equal(hasUnknown({ spec: { names: ['a', UNKNOWN] } }), true);
  assert.equal(hasUnknown({ spec: secret(UNKNOWN) }), true);
  assert.equal(hasUnknown({ spec: { names: ['a', null, 1, true] } }), false);
});

test('what was secret in the inputs is secret in the state, and nothing else', () => {
  const object = { kind: 'ConfigMap', data: { open: 'x', hidden: 'y' }, status: { z: 1 } };
  const inputs = { kind: 'ConfigMap', data: { open: 'x', hidden: secret('y') } };
  assert.deepEqual(keepSecrets(object, inputs), {
    ...object,
    data: { open: 'x', hidden: secret('y') },
  });
});

test("a Secret's values are secret in the state even where the inputs are plain", () => {
  const object = { kind: 'Secret', type: 'Opaque', data: { key: 'aHVzaA==' } };
  assert.deepEqual(keepSecrets(object, { kind: 'Secret', stringData: { key: 'hush' } }), {
    kind: 'Secret',
    type: 'Opaque',
    data: secret({ key: 'aHVzaA==' }),
  });
});

test('a value is wrapped once', () => {
  const object = { kind: 'Secret', data: { key: 'aHVzaA==' } };
  const kept = keepSecrets(object, { kind: 'Secret', data: secret({ key: 'aHVzaA==' }) });
  assert.deepEqual(kept['data'], secret({ key: 'aHVzaA==' }));
});
