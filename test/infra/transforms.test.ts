import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { parseAllDocuments } from 'yaml';

import { OBJECT_KINDS } from '../../infra/config/sections/objects/transforms.ts';
import { valueAt } from '../../infra/config/values/value_at.ts';
import { objectTransforms } from '../../infra/transforms.ts';
import { richStacks } from './config/rich_stacks.ts';
import { ofKind, runStack, someCluster } from './stack_run.ts';
import { smallest } from './stacks.ts';

suite('transforms', () => {
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

  test('change one container without the loss of what else it has', async () => {
    const container = { name: 'router', env: [{ name: 'TZ', value: 'UTC' }] };
    const patch = { spec: { template: { spec: { containers: [container] } } } };
    const plain = await containersOf(smallest);
    const changed = await containersOf({
      ...smallest,
      transforms: [{ kind: 'Deployment', patch }],
    });
    const [router] = plain as [{ env: object[] }];
    assert.deepEqual(changed, [{ ...router, env: [...router.env, ...container.env] }]);
  });

  test('leave the options of a resource to the engine', () => {
    const [transform] = objectTransforms({
      commonAnnotations: {},
      commonLabels: {},
      transforms: [{ kind: 'Service', patch: { spec: { type: 'a' } } }],
    });
    const resource = { custom: true, type: 'a', name: 'a', opts: { protect: true } };
    assert.deepEqual(transform?.({ ...resource, props: { kind: 'Service' } }), {
      props: { kind: 'Service', spec: { type: 'a' } },
    });
    assert.equal(transform?.({ ...resource, props: { kind: 'Secret' } }), undefined);
  });

  test('name every kind of object that there is', async () => {
    const folder = fileURLToPath(new URL('goldens/', import.meta.url));
    const kinds = new Set(
      readdirSync(folder).flatMap((file) =>
        parseAllDocuments(readFileSync(folder + file, 'utf8')).map((object) => object.get('kind')),
      ),
    );
    const facts = {
      ...someCluster,
      uid: richStacks['an Ingress and values of its own'].kubernetes.clusterUid,
    };
    for (const stack of Object.values(richStacks)) {
      const run = await runStack(stack, { facts });
      for (const { inputs } of run.resources) kinds.add(inputs['kind']);
    }
    kinds.delete(undefined);
    const known: readonly unknown[] = OBJECT_KINDS;
    assert.deepEqual(
      [...kinds].filter((kind) => !known.includes(kind)),
      [],
    );
  });
});

async function containersOf(config: Readonly<Record<string, unknown>>): Promise<unknown> {
  const [deployment] = ofKind(await runStack(config), 'apps/v1:Deployment');
  return valueAt(deployment?.inputs, ['spec', 'template', 'spec', 'containers']);
}
