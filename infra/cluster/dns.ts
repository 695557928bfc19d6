import { z } from 'zod';

import { hostNetwork } from '../config/values/host_network.ts';
import { type Dns, DNS_PORT, type PodPeer } from '../platform/platform.ts';
import { askEndpoints } from './questions.ts';
import type { ClusterReader } from './reader.ts';

const service = z.looseObject({
  metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
  spec: z.looseObject({
    selector: z.record(z.string(), z.string()).optional(),
    ports: z.array(z.looseObject({ name: z.string().optional(), port: z.number() })).optional(),
  }),
});
const daemonSet = z.looseObject({
  spec: z.looseObject({
    template: z.looseObject({
      metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }),
      spec: z.looseObject({
        containers: z.array(z.looseObject({ args: z.array(z.string()).optional() })),
      }),
    }),
  }),
});

type Service = z.output<typeof service>;

/**
 * Where the cluster's names are resolved: the pods behind its DNS Services and their ports, and NodeLocal DNS where that is installed.
 * Undefined where there is no such Service.
 */
export async function askDns(reader: ClusterReader): Promise<Dns | undefined> {
  const services = (await dnsServices(reader)).filter(({ spec }) =>
    spec.ports?.some(({ port }) => port === DNS_PORT),
  );
  if (services.length === 0) return undefined;
  const behind = await Promise.all(services.map((found) => podsBehind(reader, found)));
  const local = await nodeLocalDns(reader);
  const ports = [...behind, local].flatMap((dns) => dns.ports);
  return {
    pods: uniquePeers([...behind, local].flatMap((dns) => dns.pods)),
    ports: [...new Set(ports)].toSorted((a, b) => a - b),
    networks: local.networks,
  };
}

/**
 * kubeadm, EKS, GKE, AKS, K3s, RKE2 and MicroK8s label the Service so, whatever its name; OpenShift has its own.
 * https://github.com/kubernetes/kubernetes/blob/master/cluster/addons/dns/coredns/coredns.yaml.base
 * https://github.com/openshift/cluster-dns-operator/blob/master/pkg/manifests/assets/dns/service.yaml
 */
async function dnsServices({ read }: ClusterReader): Promise<readonly Service[]> {
  const labelled = await read(
    '/api/v1/namespaces/kube-system/services?labelSelector=k8s-app%3Dkube-dns',
  );
  const { items } = z.looseObject({ items: z.array(service) }).parse(labelled ?? { items: [] });
  if (items.length > 0) return items;
  const ofOpenshift = await read('/api/v1/namespaces/openshift-dns/services/dns-default');
  return ofOpenshift === undefined ? [] : [service.parse(ofOpenshift)];
}

/** A port of an EndpointSlice has the name that the Service's has. A Service without endpoints leaves it to somebody else to resolve names. */
async function podsBehind(reader: ClusterReader, { metadata, spec }: Service): Promise<Dns> {
  const { name: service, namespace } = metadata;
  const names = (spec.ports ?? []).filter(({ port }) => port === DNS_PORT).map(({ name }) => name);
  const { addresses, ports } = await askEndpoints(reader, namespace, service);
  const found = ports.filter(({ name }) => names.includes(name)).map(({ port }) => port);
  const { selector: labels } = spec;
  return {
    pods: labels === undefined || addresses.length === 0 ? [] : [{ namespace, labels }],
    ports: found.length > 0 ? found : [DNS_PORT],
    networks: [],
  };
}

/** What NodeLocal DNS is called by Kubernetes itself, and by Kubespray: kubernetes-sigs/kubespray, nodelocaldns-daemonset.yml.j2. */
const NODE_LOCAL_NAMES = ['node-local-dns', 'nodelocaldns'];

/**
 * NodeLocal DNS listens on addresses of each node, which its pods' arguments name: a link-local one and, with kube-proxy's iptables, that
 * of the Service itself. Cilium leads what goes to the Service to its pods.
 * https://github.com/kubernetes/kubernetes/blob/master/cluster/addons/dns/nodelocaldns/nodelocaldns.yaml
 * https://docs.cilium.io/en/stable/network/kubernetes/local-redirect-policy/#node-local-dns-cache
 */
async function nodeLocalDns({ read }: ClusterReader): Promise<Dns> {
  const daemonSets = '/apis/apps/v1/namespaces/kube-system/daemonsets';
  const answers = await Promise.all(NODE_LOCAL_NAMES.map((name) => read(`${daemonSets}/${name}`)));
  const found = answers.find((answer) => answer !== undefined);
  if (found === undefined) return { pods: [], ports: [], networks: [] };
  const { metadata, spec } = daemonSet.parse(found).spec.template;
  const args = spec.containers.flatMap(({ args: all }) => all ?? []);
  const addresses = args[args.indexOf('-localip') + 1]?.split(',') ?? [];
  return {
    pods: [{ namespace: 'kube-system', labels: metadata.labels }],
    ports: [DNS_PORT],
    networks: args.includes('-localip') ? addresses.map(hostNetwork) : [],
  };
}

function uniquePeers(peers: readonly PodPeer[]): readonly PodPeer[] {
  return [...new Map(peers.map((peer) => [JSON.stringify(peer), peer])).values()];
}
