import assert from 'node:assert/strict';
import { test } from 'node:test';

import { asManifest, kindOfType, manifestOfId, resourceId } from './manifest.ts';

test('type tokens name group, version and kind', () => {
  assert.deepEqual(kindOfType('kubernetes:core/v1:Service'), { apiVersion: 'v1', kind: 'Service' });
  assert.deepEqual(kindOfType('kubernetes:networking.k8s.io/v1:Ingress'), {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
  });
});

test('an id leads back to the object that it was made of', () => {
  for (const id of ['namespace/name', 'name']) {
    const object = manifestOfId('kubernetes:core/v1:Service', id);
    assert.equal(resourceId(object), id);
  }
});

test('an object without a kind is refused', () => {
  assert.throws(() => asManifest({ apiVersion: 'v1' }), /kind/);
});
