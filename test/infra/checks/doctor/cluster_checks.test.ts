import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { clearmlValues } from '../../../../infra/checks/stored_values.ts';
import { clusterChecks } from '../../../../infra/checks/doctor/cluster_checks.ts';
import { lookAtCluster } from '../../../../infra/checks/doctor/look.ts';
import type { Check } from '../../../../infra/checks/check.ts';
import { linesOf, told } from '../find.ts';
import {
  type Answers,
  clusterAnswering,
  type ClusterStandIn,
  Refusal,
} from '../../cluster/stand_in.ts';
import { parsedConfig } from '../../parsed_config.ts';
import { smallest } from '../../stacks.ts';

type Raw = Readonly<Record<string, unknown>>;

const NAMESPACE = '/api/v1/namespaces/task-traffic-router';
const REVIEWS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

/** What a cluster answers in which nothing is amiss. */
const healthy: Answers = {
  '/version': { major: '1', minor: '33', gitVersion: 'v1.33.1' },
  '/api/v1/nodes': {
    items: [{ metadata: { name: 'one' }, spec: { podCIDRs: ['10.244.0.0/24'] } }],
  },
  '/api/v1/services': { items: [] },
  '/apis': { groups: [] },
  '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices': {
    items: [{ ports: [{ name: 'https', port: 6443 }] }],
  },
  [REVIEWS]: { status: { allowed: true } },
  '/apis/networking.k8s.io/v1/ingressclasses': {
    items: [
      {
        metadata: {
          name: 'traefik',
          annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' },
        },
      },
    ],
  },
};

async function checksOf(config: Raw, cluster: ClusterStandIn): Promise<readonly Check[]> {
  const parsed = parsedConfig({ ...smallest, ...config });
  return clusterChecks(await lookAtCluster(parsed, cluster.kubeConfig), cluster);
}

/** A Service of somebody else. */
function service(name: string, spec: Raw, labels: Raw = {}, namespace = 'other'): Raw {
  return { metadata: { name, namespace, labels }, spec };
}

const ours = {
  'app.kubernetes.io/name': 'task-traffic-router',
  'app.kubernetes.io/instance': 'task-router',
  'app.kubernetes.io/managed-by': 'pulumi',
};

suite("the doctor's look at the cluster", () => {
  test('finds nothing amiss in a cluster that is ready', async (context) => {
    const cluster = await clusterAnswering(context, healthy);
    assert.deepEqual(await linesOf(await checksOf({}, cluster)), {
      isGood: true,
      lines: [
        '✔ cluster: answers, Kubernetes 1.33',
        '✔ platform: Kubernetes of no known platform: neither version, API groups nor nodes name a platform',
        '✔ rights: everything may be made and changed',
        '✔ namespace: task-traffic-router will be created',
        '✔ default ingress class: is traefik',
        '✔ names: task-router is free',
      ],
    });
  });

  test('says once that a cluster does not answer', async (context) => {
    const cluster = await clusterAnswering(context, {
      '/version': new Refusal(503, 'the server is starting'),
    });
    const { isGood, lines } = await linesOf(await checksOf({}, cluster));
    assert.equal(isGood, false);
    assert.match(lines[0] ?? '', /^✖ cluster: .*503/);
    assert.deepEqual(
      lines.slice(2),
      ['rights', 'namespace', 'default ingress class', 'names'].flatMap((title) => [
        `• ${title}: not looked at`,
        '    The cluster does not answer.',
      ]),
    );
  });

  test('names each right that is missing', async (context) => {
    const cluster = await clusterAnswering(context, {
      ...healthy,
      [REVIEWS]: { status: { allowed: false } },
    });
    const [line, fix] = await told(await checksOf({}, cluster), 'rights');
    assert.match(line ?? '', /^✖ rights: may not get, create, patch, delete namespaces; get, /);
    assert.match(line ?? '', /delete networkpolicies$/);
    assert.equal(
      fix,
      '    Use an account that may, or let somebody grant it in namespace task-traffic-router.',
    );
  });

  test('knows the rights to objects of config, by the names that the cluster has for their kinds', async (context) => {
    const gateway = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway' };
    const extraObjects = [
      { ...gateway, metadata: { name: 'tasks', namespace: 'gateways' } },
      { ...gateway, metadata: { name: 'more' } },
      { apiVersion: 'example.com/v1', kind: 'Zone', metadata: { name: 'one' } },
    ];
    const served = {
      '/apis/gateway.networking.k8s.io/v1': {
        resources: [
          { name: 'gateways/status', kind: 'Gateway', namespaced: true },
          { name: 'gateways', kind: 'Gateway', namespaced: true },
        ],
      },
      '/apis/example.com/v1': { resources: [{ name: 'zones', kind: 'Zone', namespaced: false }] },
    };
    const title = 'rights to extraObjects';
    const lines = async (answers: Answers, objects: readonly object[]) =>
      told(
        await checksOf({ extraObjects: objects }, await clusterAnswering(context, answers)),
        title,
      );
    const denies = { ...healthy, ...served, [REVIEWS]: { status: { allowed: false } } };
    const [zone] = extraObjects.slice(2);
    const inNone = { ...zone, metadata: { name: 'one', namespace: '' } };
    assert.equal(
      (await lines(denies, [...extraObjects.slice(0, 2), inNone]))[0],
      '✖ rights to extraObjects: may not get, create, patch, delete gateways in gateways; ' +
        'get, create, patch, delete gateways; get, create, patch, delete zones',
    );
    assert.deepEqual(await lines({ ...healthy, ...served }, extraObjects), [
      '✖ rights to extraObjects: extraObjects.2 (Zone): lies in no namespace; set metadata.namespace to ""',
      '    Mend extraObjects, or install the CRDs of these kinds.',
    ]);
    assert.deepEqual(await lines(healthy, extraObjects.slice(0, 1)), [
      '✖ rights to extraObjects: extraObjects.0 (Gateway): the cluster serves no Gateway of gateway.networking.k8s.io/v1',
      '    Mend extraObjects, or install the CRDs of these kinds.',
    ]);
    assert.deepEqual(await lines({ ...healthy, ...served }, extraObjects.slice(0, 2)), [
      '✔ rights to extraObjects: everything may be made and changed',
    ]);
  });

  test('tells of CRDs that are missing, and of those that are too old', async (context) => {
    const cluster = await clusterAnswering(context, {
      ...healthy,
      '/apis/gateway.networking.k8s.io': { versions: [{ version: 'v1beta1' }] },
    });
    const checks = await checksOf(
      {
        gateway: {
          enabled: true,
          parentRefs: [
            { name: 'public', namespace: 'gateways' },
            { kind: 'ListenerSet', name: 'tasks' },
          ],
        },
        monitoring: { serviceMonitor: true },
      },
      cluster,
    );
    assert.deepEqual(await told(checks, 'gateway.networking.k8s.io/v1/httproutes'), [
      '✖ gateway.networking.k8s.io/v1/httproutes: the cluster serves gateway.networking.k8s.io as v1beta1, without httproutes in v1',
      '    Install or upgrade the CRDs of gateway.networking.k8s.io.',
    ]);
    assert.deepEqual(await told(checks, 'monitoring.coreos.com/v1/servicemonitors'), [
      '✖ monitoring.coreos.com/v1/servicemonitors: the cluster has no such API',
      '    Install or upgrade the CRDs of monitoring.coreos.com.',
    ]);
    assert.deepEqual(await told(checks, 'Gateway public'), [
      '✖ Gateway public: does not exist',
      '    Make it in namespace gateways, or name another: kubectl get gateways --all-namespaces',
    ]);
    assert.deepEqual(await told(checks, 'ListenerSet tasks'), [
      '✖ ListenerSet tasks: does not exist',
      '    Make it in namespace task-traffic-router, or name another: kubectl get listenersets --all-namespaces',
    ]);
  });

  test('takes CRDs that are served in the right version', async (context) => {
    const cluster = await clusterAnswering(context, {
      ...healthy,
      '/apis/cert-manager.io/v1': { resources: [{ name: 'certificates' }] },
      '/apis/cert-manager.io/v1/clusterissuers/letsencrypt': { metadata: { name: 'letsencrypt' } },
      '/apis/gateway.networking.x-k8s.io/v1alpha1/namespaces/gateways/xlistenersets/tasks': {},
    });
    const { hostName } = smallest.ingress;
    const checks = await checksOf(
      { ingress: { hostName }, tls: { issuer: { name: 'letsencrypt' } } },
      cluster,
    );
    assert.match((await told(checks, 'cert-manager.io/v1/certificates')).join(), /^✔/);
    assert.match((await told(checks, 'ClusterIssuer letsencrypt')).join(), /^✔/);
    const group = 'gateway.networking.x-k8s.io';
    const parent = { group, kind: 'XListenerSet', name: 'tasks', namespace: 'gateways' };
    const routed = await checksOf({ gateway: { enabled: true, parentRefs: [parent] } }, cluster);
    assert.match((await told(routed, 'XListenerSet tasks')).join(), /^✔/);
  });

  test('looks for what config names, key by key', async (context) => {
    const cluster = await clusterAnswering(context, {
      ...healthy,
      [`${NAMESPACE}/secrets/own`]: { data: { other: '' } },
      [`${NAMESPACE}/configmaps/routes`]: { data: { 'routes.json': '{}' } },
      '/apis/scheduling.k8s.io/v1/priorityclasses/high': { metadata: { name: 'high' } },
    });
    const checks = await checksOf(
      {
        ingress: { ...smallest.ingress, className: 'nginx' },
        pod: { priorityClassName: 'high' },
        router: { existingSecret: { name: 'own' }, staticRoutesConfigMap: 'routes' },
        imageCredentials: { existingImagePullSecrets: ['registry'] },
      },
      cluster,
    );
    assert.deepEqual(await told(checks, 'ingress class nginx'), [
      '✖ ingress class nginx: does not exist',
      '    Install the ingress controller, or name another class: kubectl get ingressclasses',
    ]);
    assert.deepEqual(await told(checks, 'Secret own'), [
      '✖ Secret own: has no secret',
      '    It has other; name the keys in config, or add them.',
    ]);
    assert.deepEqual(await told(checks, 'Secret registry'), [
      '✖ Secret registry: does not exist',
      '    Make it in namespace task-traffic-router, with .dockerconfigjson, or name another in imageCredentials.existingImagePullSecrets.',
    ]);
    assert.deepEqual(await told(checks, 'ConfigMap routes'), [
      '✔ ConfigMap routes: has routes.json',
    ]);
    assert.deepEqual(await told(checks, 'priority class high'), [
      '✔ priority class high: is there',
    ]);
  });

  test("looks for the ClearML server's Secret where it lies, and names its key", async (context) => {
    const cluster = await clusterAnswering(context, healthy);
    const { jwksKey: _, ...account } = smallest.clearml;
    const clearml = { ...account, serverSecret: {} };
    assert.deepEqual(await told(await checksOf({ clearml }, cluster), 'Secret clearml-conf'), [
      '✖ Secret clearml-conf: does not exist',
      '    Make it in namespace clearml, with secure_auth_token_secret, or name another in clearml.serverSecret.',
    ]);
    const read = clearmlValues(parsedConfig({ ...smallest, clearml }), cluster.reader);
    await assert.rejects(read, {
      message: 'clearml.serverSecret: Secret clearml-conf in namespace clearml does not exist',
    });
  });

  test('tells names that another release has from those of an earlier up', async (context) => {
    const path = `/apis/apps/v1/namespaces/task-traffic-router/deployments/task-router`;
    const foreign = { metadata: { labels: { 'app.kubernetes.io/managed-by': 'Helm' } } };
    const taken = await clusterAnswering(context, {
      ...healthy,
      [path]: foreign,
      [`${NAMESPACE}/services/task-router`]: { metadata: {} },
    });
    assert.deepEqual(await told(await checksOf({}, taken), 'names'), [
      '✖ names: taken by others: Deployment task-router (managed by Helm), Service task-router',
      '    Set router.name to another name, or remove what is there.',
    ]);
    const known = await clusterAnswering(context, {
      ...healthy,
      [path]: { metadata: { labels: ours } },
    });
    assert.equal(
      (await told(await checksOf({}, known), 'names'))[0],
      '• names: there are already: Deployment task-router',
    );
  });

  test('tells node ports that other Services have', async (context) => {
    const spec = { type: 'NodePort', ports: [{ port: 80, nodePort: 30_005 }] };
    const items = [
      service('theirs', spec),
      service('task-router-tcp', spec, ours, 'task-traffic-router'),
    ];
    const cluster = await clusterAnswering(context, { ...healthy, '/api/v1/services': { items } });
    const nodePorts = (start: number): Raw => ({
      tcpSession: {
        routerAddress: 'node.example.com',
        portRange: { start, end: start + 9 },
        service: { type: 'NodePort' },
      },
    });
    assert.deepEqual(await told(await checksOf(nodePorts(30_000), cluster), 'node ports'), [
      '✖ node ports: taken: 30005 (Service other/theirs)',
      '    Choose other node ports: each belongs to one Service of the cluster.',
    ]);
    assert.deepEqual(await told(await checksOf(nodePorts(30_010), cluster), 'node ports'), [
      '✔ node ports: free',
    ]);
  });

  test('tells ports of a shared address that other Services have', async (context) => {
    const balanced = {
      ...service('ssh', { type: 'LoadBalancer', ports: [{ port: 20_003 }] }),
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.20' }] } },
    };
    const cluster = await clusterAnswering(context, {
      ...healthy,
      '/api/v1/services?limit=500': { items: [], metadata: { continue: 'a b' } },
      '/api/v1/services?limit=500&continue=a%20b': { items: [balanced] },
    });
    const config = (routerAddress: string): Raw => ({
      tcpSession: { routerAddress, portRange: { start: 20_000, end: 20_009 } },
    });
    const title = 'ports of the load balancer';
    assert.deepEqual(await told(await checksOf(config('192.0.2.20'), cluster), title), [
      '✖ ports of the load balancer: taken: 20003 (Service other/ssh)',
      '    Choose another port range: one address and port leads to one Service.',
    ]);
    assert.deepEqual(await told(await checksOf(config('192.0.2.21'), cluster), title), [
      '✔ ports of the load balancer: free at 192.0.2.21, as far as Services of this cluster go',
    ]);
  });
});
