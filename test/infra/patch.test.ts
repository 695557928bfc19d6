import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { merged } from '../../infra/patch.ts';

suite('a patch', () => {
  // The test cases of RFC 7386, appendix A.
  const cases: readonly [target: unknown, patch: unknown, result: unknown][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: 'foo' }, 'bar', 'bar'],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [target, patch, result] of cases) {
    test(`${JSON.stringify(target)} with ${JSON.stringify(patch)}`, () => {
      assert.deepEqual(merged(target, patch), result);
    });
  }

  const container = {
    name: 'router',
    image: 'node',
    env: [
      { name: 'A', value: '1' },
      { name: 'B', value: '2' },
    ],
    ports: [
      { name: 'http', containerPort: 8080 },
      { name: 'admin', containerPort: 8081 },
    ],
    args: ['a', 'b'],
  };
  const target = { containers: [container], tolerations: [{ key: 'a' }] };
  /** What the container looks like after a patch of it. */
  const patched = (patch: object) =>
    (merged(target, { containers: [{ name: 'router', ...patch }] }) as typeof target).containers[0];

  test('merges containers, ports and env by name, and leaves the others where they are', () => {
    assert.deepEqual(
      merged(target, {
        containers: [
          {
            name: 'router',
            env: [
              { name: 'A', value: '3' },
              { name: 'C', value: '4' },
            ],
          },
          { name: 'sidecar', image: 'proxy' },
        ],
      }),
      {
        containers: [
          {
            ...container,
            env: [
              { name: 'A', value: '3' },
              { name: 'B', value: '2' },
              { name: 'C', value: '4' },
            ],
          },
          { name: 'sidecar', image: 'proxy' },
        ],
        tolerations: [{ key: 'a' }],
      },
    );
  });

  test('finds ports by name, else by number', () => {
    const ports = [
      { name: 'http', hostPort: 80 },
      { containerPort: 8081, name: 'status' },
      { containerPort: 9000 },
    ];
    assert.deepEqual(patched({ ports })?.ports, [
      { name: 'http', containerPort: 8080, hostPort: 80 },
      { name: 'status', containerPort: 8081 },
      { containerPort: 9000 },
    ]);
  });

  test('removes an item and empties a list where it says so', () => {
    assert.deepEqual(patched({ env: [{ name: 'A', $patch: 'delete' }] })?.env, [
      { name: 'B', value: '2' },
    ]);
    assert.deepEqual(patched({ env: [{ $patch: 'replace' }, { name: 'C', value: '4' }] })?.env, [
      { name: 'C', value: '4' },
    ]);
    assert.deepEqual(patched({ env: [{ name: 'Z', $patch: 'delete' }] })?.env, container.env);
  });

  test('merges no list by a name that every object has', () => {
    const items = [{ name: 'a' }];
    assert.deepEqual(merged({ toString: [] }, { toString: items }), { toString: items });
  });

  test('replaces other lists whole, and removes whole ones by null', () => {
    assert.deepEqual(patched({ args: ['c'], ports: null }), {
      name: 'router',
      image: 'node',
      env: container.env,
      args: ['c'],
    });
    assert.deepEqual(merged(target, { tolerations: [{ key: 'b' }] }), {
      ...target,
      tolerations: [{ key: 'b' }],
    });
  });
});
