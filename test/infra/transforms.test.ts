import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { merged } from '../../infra/transforms.ts';
import { ofKind, runStack } from './stack_run.ts';
import { smallest } from './stacks.ts';

suite('transforms', () => {
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

  test('reach the objects of a kind, or one of them, and no other', async () => {
    const run = await runStack({
      ...smallest,
      transforms: [
        { kind: 'Deployment', patch: { spec: { minReadySeconds: 7, replicas: null } } },
        { kind: 'Service', name: 'other', patch: { metadata: { name: 'wrong' } } },
      ],
    });
    const [deployment] = ofKind(run, 'apps/v1:Deployment');
    const spec = deployment?.inputs['spec'] as Record<string, unknown>;
    assert.equal(spec['minReadySeconds'], 7);
    assert.equal(Object.hasOwn(spec, 'replicas'), false);
    assert.doesNotMatch(JSON.stringify(run.resources), /wrong/);
  });
});
