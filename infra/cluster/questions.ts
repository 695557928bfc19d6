import { z } from 'zod';

import type {
  IngressClassEvidence,
  NodeEvidence,
  TcpServiceEvidence,
} from '../platform/evidence.ts';
import type { ClusterReader } from './reader.ts';

const texts = z.record(z.string(), z.string());
const version = z.looseObject({ major: z.string(), minor: z.string(), gitVersion: z.string() });
const named = z.looseObject({ metadata: z.looseObject({ uid: z.string() }) });
const nodeItems = z.array(
  z.looseObject({
    metadata: z.looseObject({ name: z.string(), labels: texts.optional() }),
    spec: z
      .looseObject({
        providerID: z.string().optional(),
        podCIDRs: z.array(z.string()).optional(),
      })
      .optional(),
    status: z
      .looseObject({
        addresses: z.array(z.looseObject({ type: z.string(), address: z.string() })).nullish(),
      })
      .optional(),
  }),
);
const groupList = z.looseObject({ groups: z.array(z.looseObject({ name: z.string() })) });
const classList = z.looseObject({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({ name: z.string(), annotations: texts.optional() }),
      spec: z.looseObject({ controller: z.string().optional() }).optional(),
    }),
  ),
});
const serviceList = z.looseObject({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({ name: z.string(), annotations: texts.optional() }),
      spec: z.looseObject({ type: z.string(), loadBalancerClass: z.string().nullish() }),
    }),
  ),
});
const sliceList = z.looseObject({
  items: z.array(
    z.looseObject({
      endpoints: z.array(z.looseObject({ addresses: z.array(z.string()) })).nullish(),
      ports: z
        .array(z.looseObject({ name: z.string().nullish(), port: z.number().nullish() }))
        .nullish(),
    }),
  ),
});

/** A node's share of the answer. */
export interface NodeTold extends NodeEvidence {
  readonly podNetworks: readonly string[];
}

/** Addresses and ports behind a Service. */
export interface EndpointsTold {
  readonly addresses: readonly string[];
  readonly ports: readonly { readonly name: string; readonly port: number }[];
}

/** What lies at a path, in a form that was checked. */
async function ask<T>(read: ClusterReader['read'], path: string, form: z.ZodType<T>): Promise<T> {
  const answer = await read(path);
  const { data } = form.safeParse(answer);
  if (data !== undefined) return data;
  throw new Error(answer === undefined ? `no ${path}` : `${path} answers in an unknown form`);
}

/** What the API server says of its version. */
export function askVersion({ read }: ClusterReader) {
  return ask(read, '/version', version);
}

/** What no other cluster has: the uid of its namespace kube-system. */
export async function askUid({ read }: ClusterReader): Promise<string> {
  return (await ask(read, '/api/v1/namespaces/kube-system', named)).metadata.uid;
}

/** All of them: each has pod networks of its own. */
export async function askNodes({ list }: ClusterReader): Promise<readonly NodeTold[]> {
  return nodeItems.parse(await list('/api/v1/nodes')).map(({ metadata, spec, status }) => ({
    name: metadata.name,
    providerID: spec?.providerID,
    labels: metadata.labels ?? {},
    addresses: addressesOf(status?.addresses, true),
    hostNames: addressesOf(status?.addresses, false),
    podNetworks: spec?.podCIDRs ?? [],
  }));
}

/** Types of addresses are `InternalIP`, `ExternalIP`, `Hostname`, `InternalDNS` and `ExternalDNS`. */
function addressesOf(
  addresses: readonly { readonly type: string; readonly address: string }[] | null | undefined,
  areIps: boolean,
): readonly string[] {
  return (addresses ?? [])
    .filter(({ type }) => type.endsWith('IP') === areIps)
    .map(({ address }) => address);
}

/** Names of all API groups that are served. */
export async function askApiGroups({ read }: ClusterReader): Promise<readonly string[]> {
  return (await ask(read, '/apis', groupList)).groups.map(({ name }) => name);
}

const DEFAULT_CLASS = 'ingressclass.kubernetes.io/is-default-class';

export async function askIngressClasses({
  read,
}: ClusterReader): Promise<readonly IngressClassEvidence[]> {
  const { items } = await ask(read, '/apis/networking.k8s.io/v1/ingressclasses', classList);
  return items.map(({ metadata, spec }) => ({
    name: metadata.name,
    controller: spec?.controller ?? '',
    isDefault: metadata.annotations?.[DEFAULT_CLASS] === 'true',
  }));
}

/** Where the Service for TCP is, by labels of the router's objects. */
export interface TcpServicePlace {
  readonly namespace: string;
  /** Of the router; the names of its Services for TCP begin with it. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The router's Service of type LoadBalancer for TCP that is there, or the first of several; `none` where there is none. */
export async function askTcpService(
  { read }: ClusterReader,
  { labels, name, namespace }: TcpServicePlace,
): Promise<TcpServiceEvidence | 'none'> {
  const selector = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  const path = `/api/v1/namespaces/${namespace}/services?labelSelector=${encodeURIComponent(selector.join(','))}`;
  const { items } = await ask(read, path, serviceList);
  const [found] = items.filter(
    ({ metadata, spec }) => metadata.name.startsWith(name) && spec.type === 'LoadBalancer',
  );
  if (found === undefined) return 'none';
  return {
    name: found.metadata.name,
    annotations: found.metadata.annotations ?? {},
    loadBalancerClass: found.spec.loadBalancerClass ?? undefined,
  };
}

/** What stands behind a Service now. */
export async function askEndpoints(
  { read }: ClusterReader,
  namespace: string,
  service: string,
): Promise<EndpointsTold> {
  const selector = encodeURIComponent(`kubernetes.io/service-name=${service}`);
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  const { items } = await ask(read, `${path}?labelSelector=${selector}`, sliceList);
  return {
    addresses: unique(
      items.flatMap(({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => addresses)),
    ),
    ports: items.flatMap(({ ports }) =>
      (ports ?? []).flatMap(({ name, port }) =>
        typeof port === 'number' ? [{ name: name ?? '', port }] : [],
      ),
    ),
  };
}

/**
 * Ports on which the API server itself listens, which a NetworkPolicy judges.
 *
 * @throws Error where the control plane keeps no endpoints, which tells nothing of where it listens.
 */
export async function askApiServerPorts(reader: ClusterReader): Promise<readonly number[]> {
  const { ports } = await askEndpoints(reader, 'default', 'kubernetes');
  if (ports.length === 0) throw new Error('the Service default/kubernetes has no endpoints');
  return [...new Set(ports.map(({ port }) => port))];
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)].toSorted();
}
