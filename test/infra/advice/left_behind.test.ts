import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { output, runtime } from '@pulumi/pulumi';
import { unknown } from '@pulumi/pulumi/output.js';

import { leftBehindSteps } from '../../../infra/advice/left_behind.ts';
import { ofKind, runStack, stepsOf } from '../stack_run.ts';
import { smallest } from '../stacks.ts';

/** The Deployment that a run makes, with another image where one is given. */
async function deploymentWith(image?: string): Promise<unknown> {
  const [made] = ofKind(await runStack(smallest), 'apps/v1:Deployment');
  const text = JSON.stringify(made?.inputs);
  return JSON.parse(
    image === undefined ? text : text.replace(/"image":"[^"]+"/, `"image":"${image}"`),
  );
}

const STEP =
  "The cluster does not run what the stack's state says, as after an interrupted up, and up alone does not mend that: " +
  'npm run pulumi -- refresh --stack test, then npm run pulumi -- up --stack test; infra/operations/repair.md says more.';

suite('the first of the next steps after an interrupted up', () => {
  test('is to read the state anew, where the cluster runs something else or has lost the pods', async () => {
    const old = await deploymentWith('node:22');
    for (const live of [old, undefined]) {
      const asked: unknown[] = [];
      const run = await runStack(smallest, {
        askDeployment: (...place) => {
          asked.push(place);
          return Promise.resolve(live);
        },
      });
      assert.equal(stepsOf(run)[0], STEP);
      assert.deepEqual(asked, [['task-traffic-router', 'task-router']]);
    }
  });

  test('is none where the cluster runs the same or cannot be asked', async () => {
    const live = await deploymentWith();
    for (const options of [
      { askDeployment: () => Promise.resolve(live) },
      { askDeployment: () => Promise.reject(new Error('403 forbidden')) },
    ]) {
      assert.ok(!stepsOf(await runStack(smallest, options)).includes(STEP));
    }
  });

  test('is none in a preview, which has changed nothing and may not know the pods yet', async () => {
    const mocks = { newResource: () => ({ id: '', state: {} }), call: () => ({}) };
    await runtime.setMocks(mocks, 'any', 'test', true);
    const known = { metadata: output({ name: 'a', namespace: 'b' }), spec: output({}) };
    let asked = 0;
    const ask = () => Promise.resolve((asked += 1));
    for (const spec of [known.spec, output(unknown)]) {
      const steps = leftBehindSteps({ ...known, spec }, ask, 'test');
      assert.ok(await (steps as unknown as { isKnown: Promise<boolean> }).isKnown);
      assert.deepEqual(
        await new Promise((resolve) => {
          steps.apply(resolve);
        }),
        [],
      );
    }
    assert.equal(asked, 0);
    await runtime.disconnect();
  });
});

suite('the stack in the next steps', () => {
  const verifyOf = async (organization?: string): Promise<string | undefined> => {
    const run = await runStack(smallest, organization === undefined ? {} : { organization });
    return stepsOf(run).find((step) => step.startsWith('Check it: '));
  };

  test('has its organisation where the backend has some', async () => {
    assert.equal(await verifyOf(), 'Check it: npm run verify -- --stack test');
    assert.equal(await verifyOf('organization'), 'Check it: npm run verify -- --stack test');
    assert.equal(
      await verifyOf('acme'),
      'Check it: npm run verify -- --stack acme/task-traffic-router/test',
    );
  });
});
