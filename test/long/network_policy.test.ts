/** The router's NetworkPolicy on an engine that enforces it: who gets in, where it gets to, and that all it needs still works. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { CoreV1Api } from '@kubernetes/client-node';

import { userToken } from '../lab/clearml/client.ts';
import { startPolicyEngine } from '../lab/cluster/components/policy_engine.ts';
import { run } from '../lab/command.ts';
import { DNS_POD_PORT } from '../lab/run/kubernetes/dns.ts';
import { runPod } from '../lab/run/kubernetes/pods.ts';
import { awaitAnswers } from '../lab/run/samples.ts';
import {
  PORT_RANGE,
  PROJECT,
  ROUTER_NAME,
  ROUTER_NAMESPACE,
  TASK_NAMESPACE,
} from '../lab/run/stack_config.ts';
import { stackUp, tcpAddressOf } from '../lab/run/stack_up.ts';
import { builtPrograms, NETWORK_POLICIES_BUILD } from '../lab/tools/go/built_programs.ts';
import { findGo } from '../lab/tools/go/toolchain.ts';
import { skipOrFail } from '../e2e/availability.ts';
import { startLoad, troublesOf } from '../e2e/load/load.ts';
import { preparedOrSkip } from '../e2e/session_or_skip.ts';

/** https://kubernetes.io/docs/reference/networking/ports-and-protocols/ */
const KUBELET_PORT = 10_250;

/** A packet that a policy drops is never answered; one that is let through is, at once. Milliseconds. */
const SILENCE = 2_000;

/** Tries to connect from inside of a pod, and prints what comes of it. */
const CONNECT = `
const [host, port] = process.argv.slice(-2);
const socket = require('net').connect({ host, port: Number(port) });
const say = (word) => () => { console.log(word); process.exit(); };
socket.on('connect', say('open')).on('error', (error) => say(error.code)());
setTimeout(say('dropped'), ${SILENCE});
`;

/** A DNS server that is not the cluster's, and answers every question with one address. */
const EVERY_NAME = '192.0.2.1';
const STRANGE_DNS = `
const socket = require('dgram').createSocket('udp4');
const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...'${EVERY_NAME}'.split('.').map(Number)]);
socket.on('message', (query, { address, port }) => {
  let end = 12;
  while (query[end] !== 0) end += query[end] + 1;
  const head = Buffer.from([query[0], query[1], 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
  socket.send(Buffer.concat([head, query.subarray(12, end + 5), record]), port, address);
});
socket.bind(${DNS_POD_PORT});
`;

/** Asks a DNS server for a name, and prints the address or the error. */
const RESOLVE = `
const resolver = new (require('dns').promises.Resolver)({ timeout: ${SILENCE}, tries: 1 });
resolver.setServers([process.argv.at(-1)]);
resolver.resolve4('kubernetes.default.svc.cluster.local').then(([address]) => console.log(address), ({ code }) => console.log(code));
`;

/** Does nothing but live, so that programs can be run in its pod. */
const IDLE = 'setInterval(() => undefined, 60_000);';

test('the NetworkPolicy', async (t) => {
  const prepared = await preparedOrSkip(t, 'network-policy');
  if (prepared === undefined) return;
  const { clearml, folder, samples, stack, target, tools } = prepared;
  const { config } = target;
  const go = await findGo();
  if (typeof go === 'string') return skipOrFail(t, go);
  const engine = await builtPrograms(NETWORK_POLICIES_BUILD, go, () => undefined);
  const [node] = (await config.makeApiClient(CoreV1Api).listNode()).items;
  await startPolicyEngine(folder.cluster, node?.spec?.podCIDR ?? '', engine('cmd'));

  const core = config.makeApiClient(CoreV1Api);
  const kubeconfig = `${folder.cluster}/kubeconfig`;
  const kubectl = 'path' in tools.kubectl ? tools.kubectl.path : 'kubectl';

  async function saidBy(namespace: string, pod: string, ...program: string[]): Promise<string> {
    const into = ['exec', `--namespace=${namespace}`, pod, '--', 'node', '-e', ...program];
    const said = await run(kubectl, [`--kubeconfig=${kubeconfig}`, ...into]);
    return said.trim();
  }

  const connecting = (
    namespace: string,
    pod: string,
    host: string,
    port: number,
  ): Promise<string> => saidBy(namespace, pod, CONNECT, host, String(port));

  const fromNeighbour = (host: string, port: number): Promise<string> =>
    connecting(TASK_NAMESPACE, 'neighbour', host, port);

  const dns = target.dnsAddress ?? '';
  await stack.setAllConfig(
    { [`${PROJECT}:networkPolicy.ingressNamespaces[0]`]: { value: 'kube-system' } },
    true,
  );
  const { outputs } = await stackUp(stack, new AbortController().signal, () => undefined);
  const answers = await awaitAnswers(clearml, samples, tcpAddressOf(outputs));
  const { items } = await core.listNamespacedPod({
    namespace: ROUTER_NAMESPACE,
    labelSelector: `app.kubernetes.io/instance=${ROUTER_NAME}`,
  });
  const router = items[0];
  const routerPod = router?.metadata?.name ?? '';
  const routerAddress = router?.status?.podIP ?? '';
  await runPod(config, { name: 'neighbour', code: IDLE, environment: {} });
  const strange = await runPod(config, { name: 'strange-dns', code: STRANGE_DNS, environment: {} });

  await t.test('the ingress controller, tasks, ClearML and the Lease pass', async () => {
    const authorization = `Bearer ${await userToken(clearml, 'alice')}`;
    const load = await startLoad({
      endpoint: answers.endpoint,
      headers: () => ({ authorization }),
      tcp: { address: answers.tcpAddress, port: answers.tcpPort },
      sessions: 2,
    });
    t.after(() => load.stop());
    await sleep(2_000);
    const report = await load.stop();
    assert.deepEqual(troublesOf(report), []);
    assert.ok(report.http.done > 20, `${report.http.done} requests`);
  });

  await t.test('a pod of another namespace is kept from HTTP, health and metrics', async () => {
    for (const port of [8080, 8081, 8082]) {
      const word = await fromNeighbour(routerAddress, port);
      assert.equal(word, 'dropped', `port ${port}`);
    }
  });

  await t.test('the TCP range is open to it', async () => {
    const word = await fromNeighbour(routerAddress, answers.tcpPort);
    assert.equal(word, 'open');
    const free = answers.tcpPort === PORT_RANGE.end ? PORT_RANGE.start : answers.tcpPort + 1;
    const closed = await fromNeighbour(routerAddress, free);
    assert.equal(closed, 'ECONNREFUSED', 'let through, and nobody listens');
  });

  await t.test(
    'names come from the DNS of the cluster, behind its Service, and from no other',
    async () => {
      const asked = (namespace: string, pod: string, server: string): Promise<string> =>
        saidBy(namespace, pod, RESOLVE, server);
      const { spec } = await core.readNamespacedService({
        namespace: 'default',
        name: 'kubernetes',
      });
      assert.equal(await asked(ROUTER_NAMESPACE, routerPod, dns), spec?.clusterIP);
      const other = `${strange}:${DNS_POD_PORT}`;
      assert.equal(await asked(ROUTER_NAMESPACE, routerPod, other), 'ETIMEOUT');
      assert.equal(await asked(TASK_NAMESPACE, 'neighbour', other), EVERY_NAME);
    },
  );

  await t.test(
    'the API server is reached where it listens, and its node on no other port',
    async () => {
      const service = await core.readNamespacedService({
        namespace: 'default',
        name: 'kubernetes',
      });
      const apiServer = service.spec?.clusterIP ?? '';
      const [{ address } = { address: '' }] = node?.status?.addresses ?? [];
      assert.equal(await connecting(ROUTER_NAMESPACE, routerPod, apiServer, 443), 'open');
      assert.equal(await connecting(ROUTER_NAMESPACE, routerPod, address, KUBELET_PORT), 'dropped');
      assert.equal(await fromNeighbour(address, KUBELET_PORT), 'open');
    },
  );

  await t.test('the router gets to ClearML and tasks, and to nothing else', async () => {
    const elsewhere = createServer((socket) => socket.end()).listen(0, target.hostAddress);
    await once(elsewhere, 'listening');
    t.after(() => elsewhere.close());
    const { port } = elsewhere.address() as AddressInfo;
    const { hostname, port: clearmlPort } = new URL(clearml.url);
    const task = await core.readNamespacedPod({
      namespace: TASK_NAMESPACE,
      name: 'sample-web-app',
    });
    const from = (host: string, to: number): Promise<string> =>
      connecting(ROUTER_NAMESPACE, routerPod, host, to);
    assert.equal(await from(hostname, Number(clearmlPort)), 'open');
    assert.equal(await from(task.status?.podIP ?? '', 8080), 'open');
    assert.equal(await from(target.hostAddress, port), 'dropped');
    // The same server, from a pod without a policy: it is the policy that keeps the router away.
    const neighbour = await fromNeighbour(target.hostAddress, port);
    assert.equal(neighbour, 'open');
  });
});
