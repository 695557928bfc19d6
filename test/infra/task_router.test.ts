import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { neededRights } from '../../infra/checks/doctor/needs.ts';
import { examples } from './examples.ts';
import { parsedConfig } from './parsed_config.ts';
import { ofKind, runStack, SECRET_MARKER, someCluster, stepsOf } from './stack_run.ts';
import { guide, smallest } from './stacks.ts';

/** Paths of an object where Pulumi was told that a value is secret. */
function secretPaths(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Object.hasOwn(value, SECRET_MARKER)) return [path];
  return Object.entries(value).flatMap(([key, inner]) => secretPaths(inner, `${path}.${key}`));
}

suite('TaskRouter', () => {
  test('uses the named cluster for every object, and never a default provider', async () => {
    const { resources } = await runStack(guide);
    const objects = resources.filter(({ type }) => type.startsWith('kubernetes:'));
    assert.ok(objects.length > 8);
    for (const { name, provider } of objects) assert.match(provider ?? '', /::cluster::/, name);
    const [provider] = resources.filter(({ type }) => type === 'pulumi:providers:kubernetes');
    assert.equal(provider?.inputs['context'], 'test');
  });

  test('keeps secret values in Secrets alone', async () => {
    const { resources } = await runStack(guide);
    const found = resources.flatMap(({ type, inputs }) =>
      secretPaths(inputs, type).filter(
        (path) => !/^kubernetes:core\/v1:Secret\.(data|stringData)(\.|$)/.test(path),
      ),
    );
    assert.deepEqual(found, []);
    const others = resources.filter(({ type }) => type !== 'kubernetes:core/v1:Secret');
    assert.doesNotMatch(JSON.stringify(others), /SECRET-/);
    const secrets = resources.filter(({ type }) => type === 'kubernetes:core/v1:Secret');
    assert.equal(JSON.stringify(secrets).match(/SECRET-[a-z-]+/g)?.length, 4);
  });

  test('leads the host of the router’s own pages to it as it leads the other hosts', async () => {
    const pagesHostName = 'pages.example.com';
    const host = { hostName: 'https://tasks.example.com', pagesHostName };
    const issuer = { name: 'letsencrypt', kind: 'ClusterIssuer' };
    const wanted = ['tasks.example.com', pagesHostName, '*.t.example.com'];
    const ingress = await runStack({
      ...smallest,
      ingress: { ...host, wildcardHost: 't.example.com' },
      tls: { issuer },
    });
    const specOf = (run: typeof ingress, type: string) =>
      run.resources
        .filter((one) => one.type.includes(type))
        .map(({ inputs }) => inputs['spec'] as Record<string, never>);
    const [{ rules, tls } = {}] = specOf(ingress, ':Ingress');
    assert.deepEqual(
      (rules ?? []).map(({ host: one }) => one),
      wanted,
    );
    assert.deepEqual(
      (tls ?? []).flatMap(({ hosts }) => hosts),
      wanted,
    );
    assert.deepEqual(specOf(ingress, ':Certificate')[0]?.['dnsNames'], wanted);
    const steps = stepsOf(ingress).join('\n');
    assert.match(steps, /DNS names .* and pages\.example\.com and/);
    assert.match(steps, /Open https:\/\/pages\.example\.com\/ and/);
    assert.equal(ingress.outputs.pagesUrl, 'https://pages.example.com');
    const gateway = await runStack({
      ...smallest,
      ingress: host,
      gateway: { enabled: true, parentRefs: [{ name: 'shared' }] },
    });
    const hostnames = specOf(gateway, ':HTTPRoute')[0]?.['hostnames'];
    assert.deepEqual(hostnames, wanted.slice(0, 2));
    const openshift = await runStack({
      ...smallest,
      ingress: host,
      openshiftRoute: { enabled: true },
    });
    assert.deepEqual(
      specOf(openshift, ':Route').map(({ host: one }) => one),
      wanted.slice(0, 2),
    );
    const env = JSON.stringify(specOf(ingress, ':Deployment'));
    assert.match(env, /"name":"ROUTER_PAGES_URL","value":"https:\/\/pages\.example\.com"/);
  });

  test('keeps secret values of every example in Secrets alone', async () => {
    for (const { name, config } of examples()) {
      const { resources } = await runStack(config);
      for (const { type, inputs } of resources) {
        const isSecret = type === 'kubernetes:core/v1:Secret';
        const elsewhere = secretPaths(inputs, type).filter(
          (path) => !isSecret || !/\.(data|stringData)(\.|$)/.test(path),
        );
        assert.deepEqual(elsewhere, [], name);
        if (!isSecret) assert.doesNotMatch(JSON.stringify(inputs), /SECRET-/, `${name} ${type}`);
      }
    }
  });

  test('A67: may look at the pods of the whole cluster, and at nothing else of it', async () => {
    const verifyPods = { namespaces: ['*'], strict: true };
    const config = { ...smallest, router: { verifyPods } };
    const run = await runStack(config);
    const [role] = ofKind(run, 'rbac.authorization.k8s.io/v1:ClusterRole');
    const [binding] = ofKind(run, 'rbac.authorization.k8s.io/v1:ClusterRoleBinding');
    assert.deepEqual(role?.inputs['rules'], [
      { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] },
    ]);
    assert.match(JSON.stringify(binding?.inputs), /"kind":"ClusterRole".*"kind":"ServiceAccount"/);
    const [deployment] = ofKind(run, 'apps/v1:Deployment');
    const text = JSON.stringify(deployment?.inputs);
    assert.match(text, /"VERIFY_TASK_PODS","value":"\*"/);
    assert.match(text, /"VERIFY_TASK_PODS_STRICT","value":"true"/);
    const needed = neededRights(parsedConfig(config)).map(({ resource }) => resource);
    assert.ok(needed.includes('clusterroles') && needed.includes('clusterrolebindings'));
  });

  test('gives load balancers time to leave a pod alone: its own, and that of its end', async () => {
    const seconds = async (more: object): Promise<readonly (string | undefined)[]> => {
      const [deployment] = ofKind(await runStack({ ...smallest, ...more }), 'apps/v1:Deployment');
      const text = JSON.stringify(deployment?.inputs);
      const delay = /"SHUTDOWN_DELAY_SECONDS","value":"(\d+)"/.exec(text)?.[1];
      return [delay, /"terminationGracePeriodSeconds":(\d+)/.exec(text)?.[1]];
    };
    const { ingress } = smallest;
    assert.deepEqual(await seconds({}), ['5', '315']);
    assert.deepEqual(await seconds({ ingress: { ...ingress, controller: 'alb' } }), ['30', '340']);
    const parentRefs = [{ name: 'gateway' }];
    const gateway = { enabled: true, controller: 'gke', parentRefs };
    assert.deepEqual(await seconds({ gateway }), ['30', '340']);
    const router = { shutdownDelaySeconds: 90, drainSeconds: 60 };
    assert.deepEqual(await seconds({ router }), ['90', '160']);
  });

  test('puts what a URL cannot hold into it in its percent-encoded form', async () => {
    const proxy = { url: 'http://proxy.example.com', username: 'me@b', password: 'SECRET-p@ss:/' };
    const run = await runStack({ ...smallest, clearml: { ...smallest.clearml, proxy } });
    const secrets = JSON.stringify(ofKind(run, 'core/v1:Secret'));
    assert.match(secrets, /"username":"me%40b"/);
    assert.match(secrets, /SECRET-p%40ss%3A%2F/);
  });

  test('leaves the way past the proxy open only where a host is reached without it', async () => {
    const egress = async (noProxy: readonly string[]): Promise<string> => {
      const proxy = { url: 'http://proxy.example.com:3128', noProxy };
      const run = await runStack({
        ...smallest,
        clearml: { ...smallest.clearml, proxy },
        networkPolicy: { clearmlPorts: [8008] },
      });
      const [policy] = ofKind(run, 'networking.k8s.io/v1:NetworkPolicy');
      const { egress: rules } = (policy?.inputs['spec'] ?? {}) as { egress?: unknown };
      return JSON.stringify(rules);
    };
    assert.match(await egress([]), /3128/);
    assert.doesNotMatch(await egress([]), /8008/);
    assert.match(await egress(['api.example.com']), /3128.*8008/);
  });

  test('takes the address of TCP sessions from the load balancer in the same run', async () => {
    const config = { ...smallest, tcpSession: { portRange: { start: 20_000, end: 20_001 } } };
    const run = await runStack(config, {
      serviceStatus: { loadBalancer: { ingress: [{ hostname: 'lb.example.com' }] } },
    });
    const [deployment] = ofKind(run, 'apps/v1:Deployment');
    assert.match(
      JSON.stringify(deployment?.inputs),
      /"name":"TCP_ROUTER_ADDRESS","value":"lb\.example\.com"/,
    );
    const [service] = ofKind(run, 'core/v1:Service').filter(({ name }) => name.endsWith('-tcp'));
    // For its address, and not for pods, which a broken Deployment would never bring.
    assert.match(
      JSON.stringify(service?.inputs),
      /"pulumi\.com\/waitFor":"jsonpath=\{\.status\.loadBalancer\.ingress\}"/,
    );
    assert.doesNotMatch(JSON.stringify(service?.inputs), /skipAwait/);
  });

  test('adopts a namespace without creating it', async () => {
    const run = await runStack({ ...smallest, namespace: { name: 'clearml', create: false } });
    assert.deepEqual(ofKind(run, 'core/v1:Namespace'), []);
    for (const { name, type, inputs } of run.resources) {
      if (!type.startsWith('kubernetes:')) continue;
      const { namespace } = inputs['metadata'] as { namespace?: string };
      assert.equal(namespace, 'clearml', name);
    }
  });

  test('registers nothing when the config is wrong', async () => {
    let registered = 0;
    const wrong = { ...smallest, ingress: {} };
    await assert.rejects(
      runStack(wrong).then((run) => (registered = run.resources.length)),
      { code: 'config-invalid' },
    );
    assert.equal(registered, 0);
  });

  test('takes the router from an image when config says so', async () => {
    const image = `registry.example.com/task-router@sha256:${'0'.repeat(64)}`;
    const run = await runStack({ ...smallest, router: { image, code: 'image' } });
    const maps = ofKind(run, 'core/v1:ConfigMap').map(({ name }) => name);
    assert.ok(!maps.includes('task-router-code'));
    const text = JSON.stringify(ofKind(run, 'apps/v1:Deployment'));
    assert.match(text, new RegExp(`"image":"${image}"`));
    assert.doesNotMatch(text, /router\.cjs/);
    assert.deepEqual(run.outputs.images, [image]);
  });

  test('maps ports that the pod cannot listen on by the Service, on every Kubernetes', async () => {
    const inside = async (start: number, end: number): Promise<readonly unknown[]> => {
      const tcpSession = { routerAddress: 'ssh.example.com', portRange: { start, end } };
      const facts = { ...someCluster, version: { major: 1, minor: 21 } };
      const run = await runStack({ ...smallest, tcpSession }, { facts });
      const [deployment] = ofKind(run, 'apps/v1:Deployment');
      const text = JSON.stringify(deployment?.inputs);
      assert.match(text, /"name":"HTTP_PORT","value":"8080"/);
      assert.match(text, /"name":"HEALTH_PORT","value":"8081"/);
      assert.match(text, /"name":"ADMIN_PORT","value":"8082"/);
      assert.match(text, new RegExp(`"name":"TCP_PORT_START","value":"${start}"`));
      assert.doesNotMatch(text, /sysctl/);
      const [service] = ofKind(run, 'core/v1:Service').filter(({ name }) => name.endsWith('-tcp'));
      const { ports } = (service?.inputs['spec'] ?? {}) as {
        ports?: readonly { port: number; targetPort: number }[];
      };
      const [policy] = ofKind(run, 'networking.k8s.io/v1:NetworkPolicy');
      const { ingress } = (policy?.inputs['spec'] ?? {}) as {
        ingress?: readonly { ports: readonly { port: number }[] }[];
      };
      return [
        /"name":"TCP_LISTEN_START","value":"(\d+)"/.exec(text)?.[1],
        ports?.map(({ port, targetPort }) => [port, targetPort]),
        ingress?.[1]?.ports.map(({ port }) => port),
      ];
    };
    assert.deepEqual(await inside(22, 23), [
      '20000',
      [
        [22, 20_000],
        [23, 20_001],
      ],
      [20_000, 20_001],
    ]);
    assert.deepEqual(await inside(8081, 8082), [
      '20000',
      [
        [8081, 20_000],
        [8082, 20_001],
      ],
      [20_000, 20_001],
    ]);
    assert.deepEqual(await inside(8082, 8082), ['20000', [[8082, 20_000]], [20_000]]);
    assert.deepEqual(await inside(8083, 8083), [undefined, [[8083, 8083]], [8083]]);
  });

  test('opens the ports of the pod to the policy as a range where the server knows ranges', async () => {
    const tcpSession = { routerAddress: 'ssh.example.com', portRange: { start: 1000, end: 1030 } };
    const [policy] = ofKind(
      await runStack({ ...smallest, tcpSession }),
      'networking.k8s.io/v1:NetworkPolicy',
    );
    const { ingress } = (policy?.inputs['spec'] ?? {}) as { ingress?: readonly unknown[] };
    assert.deepEqual(ingress?.[1], { ports: [{ protocol: 'TCP', port: 20_000, endPort: 20_030 }] });
  });

  test('keeps the public port as the node port', async () => {
    const service = { type: 'NodePort' };
    const portRange = { start: 30_022, end: 30_022 };
    const tcpSession = { routerAddress: 'ssh.example.com', portRange, service };
    const run = await runStack({ ...smallest, tcpSession });
    const [tcp] = ofKind(run, 'core/v1:Service').filter(({ name }) => name.endsWith('-tcp'));
    const { ports } = (tcp?.inputs['spec'] ?? {}) as { ports?: readonly unknown[] };
    assert.deepEqual(ports, [
      { name: 'tcp-30022', port: 30_022, targetPort: 30_022, protocol: 'TCP', nodePort: 30_022 },
    ]);
  });

  test('lets Services share one address by the key of their platform', async () => {
    const annotations = async (service: object): Promise<unknown[]> => {
      const tcpSession = { portRange: { start: 20_000, end: 20_001 }, service };
      const run = await runStack({ ...smallest, tcpSession });
      return ofKind(run, 'core/v1:Service')
        .filter(({ name }) => name.includes('-tcp'))
        .map(({ inputs }) => (inputs['metadata'] as Record<string, unknown>)['annotations']);
    };
    const waitFor = { 'pulumi.com/waitFor': 'jsonpath={.status.loadBalancer.ingress}' };
    assert.deepEqual(await annotations({ platform: 'cilium', sharingKey: 'all' }), [
      { 'lbipam.cilium.io/sharing-key': 'all', ...waitFor },
    ]);
    const split = { portsPerService: 1, loadBalancerIP: '192.0.2.9' };
    // The second for MetalLB before 0.14.9.
    const shared = {
      'metallb.io/allow-shared-ip': 'task-router-tcp',
      'metallb.universe.tf/allow-shared-ip': 'task-router-tcp',
      ...waitFor,
    };
    assert.deepEqual(await annotations({ platform: 'metallb', ...split }), [shared, shared]);
  });

  test('has AWS ask the router for its health, not the task behind each port, and lets it in', async () => {
    const service = { platform: 'aws-nlb' };
    const tcpSession = { portRange: { start: 20_000, end: 20_001 }, service };
    const run = await runStack({ ...smallest, tcpSession });
    const [tcp] = ofKind(run, 'core/v1:Service').filter(({ name }) => name.endsWith('-tcp'));
    const prefix = 'service.beta.kubernetes.io/aws-load-balancer';
    const { annotations } = (tcp?.inputs['metadata'] ?? {}) as {
      annotations?: Record<string, string>;
    };
    assert.deepEqual(
      ['protocol', 'port', 'path'].map((part) => annotations?.[`${prefix}-healthcheck-${part}`]),
      ['http', '8081', '/readyz'],
    );
    const [policy] = ofKind(run, 'networking.k8s.io/v1:NetworkPolicy');
    const { ingress } = (policy?.inputs['spec'] ?? {}) as { ingress?: readonly unknown[] };
    assert.deepEqual(ingress?.[2], { ports: [{ protocol: 'TCP', port: 8081 }] });
  });

  test('names each port of a range in the policy of a server that knows no ranges', async () => {
    const run = await runStack(guide, {
      facts: { ...someCluster, version: { major: 1, minor: 21 } },
    });
    const [policy] = ofKind(run, 'networking.k8s.io/v1:NetworkPolicy');
    const text = JSON.stringify(policy?.inputs);
    assert.match(text, /31000.*31001.*31002/);
    assert.doesNotMatch(text, /endPort/);
  });
});
