import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CONTAINERD_SOCKET } from './containerd.ts';
import { NODE_NAME } from '../certificates/pki.ts';
import type { Pki } from '../certificates/pki.ts';
import { CLUSTER_DOMAIN } from '../dns/names.ts';
import type { Setup } from '../setup.ts';

/** Starts the kubelet and kube-proxy. */
export async function startNode(setup: Setup): Promise<void> {
  const { daemons, directory, name, tools, networks, pki, kubeconfigs } = setup;
  const config = join(directory, 'kubelet.yaml');
  await writeFile(config, JSON.stringify(kubeletConfig(name, pki, networks.dns), undefined, 2));
  await daemons.start('kubelet', [
    tools.kubelet.path,
    `--config=${config}`,
    `--kubeconfig=${kubeconfigs.kubelet}`,
    `--hostname-override=${NODE_NAME}`,
    `--node-ip=${networks.nodeAddress}`,
  ]);
  await daemons.start('kube-proxy', [
    tools.kubeProxy.path,
    `--kubeconfig=${kubeconfigs.kubeProxy}`,
    `--hostname-override=${NODE_NAME}`,
    '--proxy-mode=nftables',
    `--cluster-cidr=${networks.pods}`,
    // Sizes of the connection table belong to the host: writing them from a network namespace fails and ends kube-proxy.
    '--conntrack-max-per-core=0',
    '--conntrack-tcp-timeout-established=0s',
    '--conntrack-tcp-timeout-close-wait=0s',
  ]);
}

function kubeletConfig(name: string, pki: Pki, dns: string): unknown {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    // Version 1 is still what older distributions boot with.
    failCgroupV1: false,
    failSwapOn: false,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${name}`,
    enforceNodeAllocatable: [],
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    volumePluginDir: '/var/lib/kubelet/volume-plugins',
    makeIPTablesUtilChains: false,
    clusterDNS: [dns],
    clusterDomain: CLUSTER_DOMAIN,
    // Pods know no name beside those of the cluster, whatever the host's resolver does.
    resolvConf: '',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: pki.certificateAuthority },
    },
    authorization: { mode: 'Webhook' },
    // Images come from this machine and could not be pulled again; a nearly full disk is no reason to end pods.
    imageGCHighThresholdPercent: 100,
    evictionHard: {
      'memory.available': '50Mi',
      'nodefs.available': '1%',
      'imagefs.available': '1%',
    },
  };
}
