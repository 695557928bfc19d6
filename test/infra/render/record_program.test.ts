import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { nothingTold } from '../../../infra/cluster/facts.ts';
import { InfraError } from '../../../infra/errors.ts';
import { sorted } from '../../../infra/render/manifest.ts';
import { recordProgram, type RecordedObject } from '../../../infra/render/record_program.ts';
import { runStack } from '../stack_run.ts';
import { smallest } from '../stacks.ts';
import { rendered, stacksWithoutSecrets, valuesFromFile } from './stacks_without_secrets.ts';

const named = {
  ...smallest,
  clearml: {
    apiServerUrlReference: smallest.clearml.apiServerUrlReference,
    existingSecret: { name: 'existing-clearml' },
  },
};

const onOther = {
  ...named,
  ingress: { ...smallest.ingress, controller: 'other' },
  networkPolicy: { apiServerPorts: [6443] },
};

/** Objects of the program as they are once Pulumi has named them and has read its own annotations. */
async function registered(config: Readonly<Record<string, unknown>>): Promise<unknown[]> {
  const run = await runStack(config);
  const objects = run.resources.filter(({ type }) => type.startsWith('kubernetes:'));
  return objects.map(({ inputs, name }) => {
    const { annotations = {}, ...metadata } = inputs['metadata'] as { annotations?: object };
    const kept = Object.entries(annotations).filter(([key]) => !key.includes('pulumi.com'));
    const others = kept.length === 0 ? {} : { annotations: Object.fromEntries(kept) };
    return { ...inputs, metadata: { name: `${name}-generated`, ...metadata, ...others } };
  });
}

/** The same, with the names that the run under test gives in place of those with hashes. */
function withGeneratedNames(objects: readonly RecordedObject[]): unknown[] {
  const hashed = objects.flatMap(({ manifest, name }) => {
    const given = manifest.metadata.name;
    return given.startsWith(`${name}-`) && /-[0-9a-f]{10}$/.test(given) ? [[given, name]] : [];
  });
  const text = JSON.stringify(objects.map(({ manifest }) => manifest));
  return JSON.parse(
    hashed.reduce(
      (all, [given = '', name = '']) => all.replaceAll(given, `${name}-generated`),
      text,
    ),
  ) as unknown[];
}

/** In one order, whatever the order of keys and objects. */
function inOrder(objects: readonly unknown[]): readonly string[] {
  return objects.map((object) => JSON.stringify(sorted(object), undefined, 1)).toSorted();
}

suite('what is rendered', () => {
  for (const { config, name } of stacksWithoutSecrets()) {
    test(`of ${name} are the objects that the program registers`, async (t) => {
      const expected = await registered(config);
      assert.ok(expected.length > 5);
      assert.deepEqual(inOrder(withGeneratedNames(await rendered(t, config))), inOrder(expected));
    });
  }

  test('is what transforms make of the objects', async (t) => {
    const patch = { metadata: { annotations: { note: 'mine', 'pulumi.com/skipAwait': 'true' } } };
    const objects = await rendered(t, { ...named, transforms: [{ kind: 'Lease', patch }] });
    const [lease] = objects.filter(({ manifest }) => manifest.kind === 'Lease');
    assert.deepEqual(lease?.manifest.metadata['annotations'], { note: 'mine' });
  });

  test('names nothing but existing Secrets, and holds no annotation of Pulumi', async (t) => {
    for (const { config } of stacksWithoutSecrets()) {
      const text = JSON.stringify(await rendered(t, config));
      assert.doesNotMatch(text, /"kind":"Secret"|SECRET-|pulumi\.com/);
      assert.match(text, /"name":"credentials","secret":\{"secretName":"/);
    }
  });

  test('has names that change with the content and with nothing else', async (t) => {
    const certificate = '-----BEGIN CERTIFICATE-----';
    const nameWith = async (caCertificates: string): Promise<string> => {
      const clearml = { ...named.clearml, caCertificates };
      const objects = await rendered(t, { ...named, clearml });
      const [ca] = objects.filter(({ name }) => name === 'task-router-ca');
      const { name } = ca?.manifest.metadata ?? { name: '' };
      const deployment = objects.find(({ manifest }) => manifest.kind === 'Deployment');
      assert.ok(JSON.stringify(deployment).includes(`"configMap":{"name":"${name}"}`));
      return name;
    };
    const first = await nameWith(certificate);
    assert.match(first, /^task-router-ca-[0-9a-f]{10}$/);
    assert.equal(await nameWith(certificate), first);
    assert.notEqual(await nameWith(`${certificate}!`), first);
  });

  test('asks for the key of what a silent cluster does not tell', async (t) => {
    const silent = nothingTold('no route to host');
    await assert.rejects(rendered(t, named, silent), {
      code: 'config-invalid',
      message: /kubernetes\.platform: missing, .*\(no route to host\)/,
    });
    const kubernetes = { context: 'test', platform: 'other' };
    await assert.rejects(rendered(t, { ...onOther, kubernetes, networkPolicy: {} }, silent), {
      code: 'config-invalid',
      message: /networkPolicy\.apiServerPorts: missing, .*\(no route to host\)/,
    });
    await assert.rejects(rendered(t, { ...onOther, kubernetes }, silent), {
      code: 'config-invalid',
      message: /^router\.taskNetworks: missing, .*\(no route to host\)/,
    });
  });

  test('needs no kubeconfig, and says why the cluster was not asked', async (t) => {
    const kubernetes = { kubeconfig: { secure: 'v1:abc' }, platform: 'other' };
    const config = { ...onOther, kubernetes };
    await assert.rejects(rendered(t, config), {
      code: 'config-invalid',
      message: /\(kubernetes\.kubeconfig is encrypted, and nothing is decrypted here\)/,
    });
    const router = { taskNetworks: ['10.0.0.0/8'] };
    assert.ok((await rendered(t, { ...config, router })).length > 5);
    await assert.rejects(
      recordProgram('test', valuesFromFile(t, { ...onOther, kubernetes: { context: 'gone' } }), {
        bundle: () => Promise.resolve(''),
        askCluster: ({ context }) => {
          const message = `no context ${context}. Nothing was changed.`;
          return Promise.reject(new InfraError('config-invalid', message));
        },
      }),
      { code: 'config-invalid', message: /could not be asked what it is \(no context gone\)/ },
    );
  });
});
