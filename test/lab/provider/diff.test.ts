import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { difference as differenceBy, type Difference, type Mutable } from './diff.ts';
import { asManifest, asProperties, AUTONAMED, type Manifest } from './manifest.ts';

const NOTHING: Mutable = { configMaps: false, secrets: false };
const EVERYTHING: Mutable = { configMaps: true, secrets: true };

function difference(before: Manifest, after: Manifest, mutable = NOTHING): Difference {
  return differenceBy(before, after, mutable);
}

function object(kind: string, name: string, rest: Record<string, unknown> = {}): Manifest {
  return { apiVersion: 'v1', kind, metadata: { name, namespace: 'n' }, ...rest };
}

function autonamed(kind: string, name: string, rest: Record<string, unknown> = {}): Manifest {
  return {
    apiVersion: 'v1',
    kind,
    metadata: { name, namespace: 'n', annotations: { [AUTONAMED]: 'true' } },
    ...rest,
  };
}

test('the same inputs are no change', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (spec) => {
      const one = object('Service', 's', { spec });
      const same = structuredClone(one);
      assert.deepEqual(difference(one, same), { changes: [], deleteBeforeReplace: false });
    }),
  );
});

test('a change in place names each property, with quotes where a key needs them', () => {
  const before = object('Service', 's', {
    spec: { ports: [{ port: 80 }], type: 'ClusterIP', selector: { 'a/b': 'c' } },
  });
  const after = object('Service', 's', {
    spec: { ports: [{ port: 81 }, { port: 82 }], selector: { 'a/b': 'd' } },
  });
  assert.deepEqual(difference(before, after), {
    changes: [
      { path: 'spec.ports[0].port', kind: 'update', replaces: false },
      { path: 'spec.ports[1]', kind: 'add', replaces: false },
      { path: 'spec.type', kind: 'delete', replaces: false },
      { path: 'spec.selector["a/b"]', kind: 'update', replaces: false },
    ],
    deleteBeforeReplace: false,
  });
});

test('an empty object and an empty list differ', () => {
  const changes = difference(
    object('X', 'x', { spec: { a: {} } }),
    object('X', 'x', { spec: { a: [] } }),
  ).changes;
  assert.deepEqual(changes, [{ path: 'spec.a', kind: 'update', replaces: false }]);
});

describe('a change that the object cannot take', () => {
  test('of an autonamed object makes the new one first', () => {
    const before = autonamed('ConfigMap', 'code-1', { data: { a: '1' } });
    const after = autonamed('ConfigMap', 'code-1', { data: { a: '2' } });
    assert.deepEqual(difference(before, after), {
      changes: [{ path: 'data.a', kind: 'update', replaces: true }],
      deleteBeforeReplace: false,
    });
  });

  test('of a named object deletes the old one first', () => {
    const before = object('Secret', 'mine', { stringData: { a: '1' } });
    const after = object('Secret', 'mine', { stringData: { a: '1', b: '2' } });
    assert.deepEqual(difference(before, after), {
      changes: [{ path: 'stringData.b', kind: 'add', replaces: true }],
      deleteBeforeReplace: true,
    });
  });

  test('to another name leaves room for both', () => {
    const { changes, deleteBeforeReplace } = difference(
      object('Service', 'a'),
      object('Service', 'b'),
    );
    assert.deepEqual(changes, [{ path: 'metadata.name', kind: 'update', replaces: true }]);
    assert.equal(deleteBeforeReplace, false);
  });

  const replacing: readonly [string, Manifest, Manifest][] = [
    [
      'namespace',
      object('Service', 's'),
      { ...object('Service', 's'), metadata: { name: 's', namespace: 'm' } },
    ],
    [
      'cluster IP',
      object('Service', 's', { spec: { clusterIP: 'None' } }),
      object('Service', 's', { spec: {} }),
    ],
    [
      'selector of a Deployment',
      { ...object('Deployment', 'd', { spec: { selector: { a: '1' } } }), apiVersion: 'apps/v1' },
      { ...object('Deployment', 'd', { spec: { selector: { a: '2' } } }), apiVersion: 'apps/v1' },
    ],
    [
      'role of a RoleBinding',
      {
        ...object('RoleBinding', 'r', { roleRef: { name: 'a' } }),
        apiVersion: 'rbac.authorization.k8s.io/v1',
      },
      {
        ...object('RoleBinding', 'r', { roleRef: { name: 'b' } }),
        apiVersion: 'rbac.authorization.k8s.io/v1',
      },
    ],
  ];
  for (const [what, before, after] of replacing) {
    test(`replaces: ${what}`, () => {
      assert.equal(
        difference(before, after).changes.some(({ replaces }) => replaces),
        true,
      );
    });
  }

  test('a Deployment takes another template in place', () => {
    const deployment = (image: string): Manifest => ({
      ...object('Deployment', 'd', { spec: { template: { spec: { containers: [{ image }] } } } }),
      apiVersion: 'apps/v1',
    });
    const { changes } = difference(deployment('a'), deployment('b'));
    assert.deepEqual(changes, [
      { path: 'spec.template.spec.containers[0].image', kind: 'update', replaces: false },
    ]);
  });

  for (const kind of ['ConfigMap', 'Secret']) {
    test(`a ${kind} takes other data in place where the provider is told so, and it is not immutable`, () => {
      const changes = (more: object, mutable: Mutable): readonly boolean[] =>
        difference(
          object(kind, 'mine', { ...more, data: { a: '1' } }),
          object(kind, 'mine', { ...more, data: { a: '2' } }),
          mutable,
        ).changes.map(({ replaces }) => replaces);
      assert.deepEqual(changes({}, NOTHING), [true]);
      assert.deepEqual(changes({}, EVERYTHING), [false]);
      assert.deepEqual(changes({ immutable: true }, EVERYTHING), [true]);
    });
  }

  test('the type of a Secret never changes in place', () => {
    const typed = (type: string): Manifest => object('Secret', 'mine', { type });
    assert.deepEqual(difference(typed('a'), typed('b'), EVERYTHING), {
      changes: [{ path: 'type', kind: 'update', replaces: true }],
      deleteBeforeReplace: true,
    });
  });
});

/** What the engine asks when something that the object is made of is deleted first (`calculateDependentReplacements`). */
describe('a part that is not known yet', () => {
  const UNKNOWN = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';
  const replaced = (apiVersion: string, kind: string, part: string): boolean => {
    const before = {
      ...object(kind, 'x', { spec: { selector: { a: '1' }, clusterIP: 'None' } }),
      apiVersion,
    };
    const after = asManifest({ ...asProperties(before), [part]: UNKNOWN });
    return difference(before, after).changes.some(({ replaces }) => replaces);
  };

  test('replaces an object whose parts below it cannot change', () => {
    assert.equal(replaced('apps/v1', 'Deployment', 'spec'), true);
    assert.equal(replaced('v1', 'Service', 'spec'), true);
    assert.equal(replaced('networking.k8s.io/v1', 'Ingress', 'metadata'), true);
  });

  test('is taken in place where all below it can change', () => {
    assert.equal(replaced('networking.k8s.io/v1', 'Ingress', 'spec'), false);
  });
});
