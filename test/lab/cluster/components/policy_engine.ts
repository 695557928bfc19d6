import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { KubeConfig } from '@kubernetes/client-node';

import { LabError } from '../../errors.ts';
import type { Tool } from '../../tools/tool.ts';
import { Daemons } from '../processes/daemons.ts';
import { runInside } from '../processes/namespaces.ts';
import { NODE_NAME } from '../certificates/pki.ts';
import { readState } from '../state.ts';

/** Where a program that believes itself to be a pod finds its account. */
const ACCOUNT = '/run/secrets/kubernetes.io/serviceaccount';

/** The kernel's queue of packets whose fate the engine decides. */
const QUEUE = '100';

/** Lists the queues that somebody listens to: number first. */
const QUEUES = '/proc/net/netfilter/nfnetlink_queue';

/**
 * Leads the first packet of each connection from or to a pod into the queue, once its target is known and before its source is
 * hidden. The engine would do the same by nftables' `queue`, which fewer kernels have than the older NFQUEUE. What root's
 * programs on the node send is let through: a node always reaches its pods, for their probes. What a pod sends to the node itself, such as
 * to the API server there, leaves by no interface and comes by INPUT.
 */
function rules(pods: string): readonly string[][] {
  const known = ['-m', 'conntrack', '--ctstate', 'ESTABLISHED,RELATED', '-j', 'ACCEPT'];
  const judged = ['-j', 'NFQUEUE', '--queue-num', QUEUE];
  return [
    ['POSTROUTING', '-m', 'owner', '--uid-owner', '0', '-j', 'ACCEPT'],
    ['POSTROUTING', ...known],
    ['POSTROUTING', '-s', pods, ...judged],
    ['POSTROUTING', '-d', pods, ...judged],
    ['INPUT', ...known],
    ['INPUT', '-s', pods, ...judged],
  ];
}

/**
 * Has a running cluster of the lab enforce NetworkPolicies: kube-network-policies of Kubernetes' own network group, as a program
 * of the node. Returns when it decides; it ends with the cluster.
 *
 * @param pods CIDR of the cluster's pods.
 */
export async function startPolicyEngine(
  directory: string,
  pods: string,
  engine: Tool,
): Promise<void> {
  const state = await readState(directory);
  if (state === undefined) {
    throw new LabError('CLUSTER_FAILED', `no cluster runs from ${directory}`);
  }
  const { pid } = state.init;
  const config = new KubeConfig();
  config.loadFromFile(join(directory, 'kubeconfig'));
  const { hostname, port } = new URL(config.getCurrentCluster()?.server ?? '');
  const token = config.getCurrentUser()?.token ?? '';
  const authority = await readFile(join(directory, 'pki/ca.crt'), 'utf8');
  const write = 'mkdir -p "$1" && printf %s "$2" >"$1/token" && printf %s "$3" >"$1/ca.crt"';
  await runInside(pid, 'sh', '-c', write, 'sh', ACCOUNT, token, authority);
  const daemons = new Daemons(join(directory, 'log'), pid);
  await daemons.start(
    'policy-engine',
    [
      engine.path,
      `--hostname-override=${NODE_NAME}`,
      `--nfqueue-id=${QUEUE}`,
      '--metrics-bind-address=127.0.0.1:9080',
    ],
    { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
  );
  await daemons.until('the start of the policy engine', 30_000, async () => {
    const queues = await runInside(pid, 'cat', QUEUES);
    return queues.split('\n').some((line) => line.trim().startsWith(`${QUEUE} `));
  });
  for (const rule of rules(pods)) {
    await runInside(pid, 'iptables', '-w', '-t', 'mangle', '-A', ...rule);
  }
}
