import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { type ComponentResourceOptions, output, secret } from '@pulumi/pulumi';

import { INPUT_PATHS, type TaskRouterArgs } from '../../../infra/component/args.ts';
import { TaskRouter } from '../../../infra/component/task_router.ts';
import { stackConfig } from '../../../infra/config/reading/schema.ts';
import { secretLeaves } from '../../../infra/config/reading/secret_leaves.ts';
import { runStack } from '../stack_run.ts';
import { madeBy, settled } from './mocked_program.ts';

const args: TaskRouterArgs = {
  clearml: {
    apiServerUrlReference: 'https://api.clearml.example.com',
    apiServerKey: 'SECRET-access-key',
    apiServerSecret: 'SECRET-secret-key',
    jwksKey: 'SECRET-signing-key',
  },
  ingress: { hostName: 'https://tasks.example.com', controller: 'nginx' },
  router: { taskNetworks: ['10.244.0.0/16'] },
  kubernetes: { platform: 'other' },
  networkPolicy: { apiServerPorts: [6443] },
};

function routerOf(name: string, given: TaskRouterArgs, options?: ComponentResourceOptions) {
  return new TaskRouter(name, given, options, '// the router');
}

suite('TaskRouter as a component of another program', () => {
  test('makes what a stack of the same config makes', async () => {
    const made = await madeBy(() => routerOf('task-router', args));
    const facts = { version: undefined, podNetworks: [], trouble: 'not asked' };
    const kubernetes = { ...args.kubernetes, context: 'test' };
    const { resources } = await runStack({ ...args, kubernetes }, { facts });
    const objects = resources.filter(({ type }) => type.startsWith('kubernetes:'));
    const inOrder = (all: readonly { name: string; inputs: object }[]) =>
      all.map(({ inputs, name }) => JSON.stringify([name, inputs])).toSorted();
    assert.deepEqual(inOrder(made), inOrder(objects));
  });

  test('takes hosts, secrets, addresses and names from other resources', async () => {
    let router: TaskRouter | undefined;
    const made = await madeBy(() => {
      router = routerOf('gpu', {
        ...args,
        clearml: {
          ...args.clearml,
          apiServerSecret: secret('SECRET-of-a-resource'),
          caCertificates: output('-----BEGIN CERTIFICATE-----\nMIIB'),
        },
        imageCredentials: { username: 'puller', password: output('SECRET-password') },
        ingress: {
          hostName: { https: output('Made.example.com') },
          controller: 'nginx',
          wildcardHost: Promise.resolve('w.example.com'),
        },
        namespace: { name: output('team'), create: false },
        tcpSession: {
          routerAddress: output('192.0.2.7'),
          portRange: { start: 31_000, end: 31_000 },
          service: { platform: 'other', loadBalancerIP: output('192.0.2.7') },
        },
      });
    });
    const text = JSON.stringify(made);
    assert.doesNotMatch(text, /from-pulumi-input|736b/);
    for (const { inputs } of made) {
      assert.equal((inputs['metadata'] as { namespace?: string }).namespace, 'team');
    }
    assert.match(text, /"name":"ROUTER_URL","value":"https:\/\/made\.example\.com"/);
    assert.match(text, /"rules":\[\{"host":"made\.example\.com".*"host":"\*\.w\.example\.com"/);
    assert.match(text, /"name":"TCP_ROUTER_ADDRESS","value":"192\.0\.2\.7"/);
    assert.match(text, /"loadBalancerIP":"192\.0\.2\.7"/);
    assert.match(text, /"apiServerSecret":"SECRET-of-a-resource"/);
    assert.match(text, /"ca\.pem":"-----BEGIN CERTIFICATE-----\\nMIIB"/);
    const auth = Buffer.from('puller:SECRET-password').toString('base64');
    assert.ok(text.includes(auth), 'the pull secret');
    assert.deepEqual(await settled([router?.url, router?.namespace, router?.tcp]), [
      'https://made.example.com',
      'team',
      { address: '192.0.2.7', portStart: 31_000, portEnd: 31_000 },
    ]);
  });

  test('stands beside another in one program, by the names of its children', async () => {
    const renamed: string[] = [];
    const options: ComponentResourceOptions = {
      transformations: [
        ({ name, opts, props }) => {
          const aliases = (opts as { aliases?: readonly { name?: string }[] }).aliases ?? [];
          renamed.push(
            ...aliases.flatMap((alias) => alias.name ?? []).map((old) => `${old} ${name}`),
          );
          return { opts, props };
        },
      ],
    };
    const made = await madeBy(() => {
      const first = routerOf('first', args, options);
      routerOf('second', {
        ...args,
        ingress: { hostName: 'https://second.example.com', controller: 'nginx' },
        namespace: { name: first.namespace, create: false },
      });
      routerOf('third', { ...args, namespace: { name: 'third' } });
    });
    const names = made.map(({ name, type }) => `${type} ${name}`);
    assert.equal(new Set(names).size, names.length, names.join('\n'));
    assert.deepEqual(
      made.filter(({ type }) => type.endsWith(':Namespace')).map(({ name }) => name),
      ['first-namespace', 'third-namespace'],
    );
    // The stacks of old know their namespace by that name, and it is not replaced.
    assert.deepEqual(renamed, ['namespace first-namespace']);
    const ofSecond = made.filter(({ name }) => name.startsWith('second'));
    for (const { inputs } of ofSecond) {
      const { namespace } = inputs['metadata'] as { namespace?: string };
      assert.equal(namespace, 'task-traffic-router');
    }
  });

  test('tells every problem of its arguments at once', async () => {
    const wrong = {
      ...args,
      ingress: { ...args.ingress, className: output('made'), hostNme: 'x' },
      router: { ...args.router, drainSeconds: -1, secret: output('SECRET-of-a-resource') },
    } as unknown as TaskRouterArgs;
    await madeBy(() => {
      assert.throws(() => routerOf('gpu', wrong), {
        code: 'config-invalid',
        message: `The config of stack dev, component gpu, has 3 problems; nothing was changed.
  ingress.className: comes from another resource, and what is made depends on it; write it as a text, a number, true or false
  ingress.hostNme: unknown key; did you mean hostName?
  router.drainSeconds: expected a whole number of seconds, 0 or more, found -1
infra/README.md lists every key.`,
      });
    });
  });

  test('asks for what a cluster would have told, by its key', async () => {
    await madeBy(() => {
      const { kubernetes: _unknown, ...silent } = args;
      assert.throws(() => routerOf('gpu', silent), {
        code: 'config-invalid',
        message: `The config of stack dev, component gpu, has one problem; nothing was changed.
  kubernetes.platform: missing, and the cluster could not be asked what it is (a component asks no cluster). Name it in TaskRouter's arguments, as kubernetes.platform: other (or eks, gke, aks, openshift, k3s, microk8s)
infra/README.md lists every key.`,
      });
      assert.throws(() => routerOf('gpu', { ...args, router: {} }), {
        code: 'config-invalid',
        message:
          'router.taskNetworks: missing, and the pod networks could not be read from the nodes (a component asks no cluster). ' +
          "Name the networks of tasks' addresses in TaskRouter's arguments, as router.taskNetworks: ['10.244.0.0/16']",
      });
    });
  });

  test('takes every secret from another resource, except the way to the cluster', () => {
    const secrets = secretLeaves(stackConfig).map((path) => path.join('.'));
    const taken: readonly string[] = INPUT_PATHS;
    assert.deepEqual(
      secrets.filter((path) => !taken.includes(path)),
      ['kubernetes.kubeconfig'],
    );
  });
});
