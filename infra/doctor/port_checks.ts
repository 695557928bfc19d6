import { z } from 'zod';

import type { Check, Finding } from '../checks/check.ts';
import { once } from '../checks/once.ts';
import type { ClusterReader } from '../cluster/reader.ts';
import type { StackConfig } from '../config/schema.ts';
import { namesOf } from '../names.ts';

const service = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.looseObject({
    type: z.string().optional(),
    loadBalancerIP: z.string().optional(),
    ports: z.array(z.looseObject({ port: z.number(), nodePort: z.number().optional() })).optional(),
  }),
  status: z
    .looseObject({
      loadBalancer: z
        .looseObject({
          ingress: z
            .array(z.looseObject({ ip: z.string().optional(), hostname: z.string().optional() }))
            .optional(),
        })
        .optional(),
    })
    .optional(),
});

type Service = z.output<typeof service>;

/** Whether other Services have the node ports, or the ports of the address, that config names. */
export function portChecks(config: StackConfig, reader: ClusterReader): readonly Check[] {
  const nodePorts = nodePortsOf(config);
  const address = config.tcpSession?.routerAddress ?? config.tcpSession?.service.loadBalancerIP;
  const isBalanced = config.tcpSession?.service.type === 'LoadBalancer';
  const others = once(async () =>
    (await reader.list('/api/v1/services'))
      .map((item) => service.parse(item))
      .filter((item) => !isOwn(item, config)),
  );
  return [
    ...(nodePorts.length === 0
      ? []
      : [{ title: 'node ports', find: async () => judgeNodePorts(nodePorts, await others()) }]),
    ...(isBalanced && address !== undefined
      ? [
          {
            title: 'ports of the load balancer',
            find: async () => judgeAddress(config, address, await others()),
          },
        ]
      : []),
  ];
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function nodePortsOf({ service: http, tcpSession }: StackConfig): Range[] {
  return [
    ...(http.nodePort === undefined ? [] : [{ start: http.nodePort, end: http.nodePort }]),
    ...(tcpSession?.service.type === 'NodePort' ? [tcpSession.portRange] : []),
  ];
}

function isOwn({ metadata }: Service, config: StackConfig): boolean {
  if (metadata.namespace !== config.namespace.name) return false;
  const { selector } = namesOf(config.router.name);
  return Object.entries(selector).every(([key, value]) => metadata.labels?.[key] === value);
}

function judgeNodePorts(ranges: readonly Range[], others: readonly Service[]): Finding {
  const taken = others.flatMap((other) =>
    (other.spec.ports ?? [])
      .filter(({ nodePort }) => nodePort !== undefined && isIn(nodePort, ranges))
      .map(({ nodePort }) => `${nodePort ?? 0} (Service ${nameOf(other)})`),
  );
  return judge(
    taken,
    'free',
    'Choose other node ports: each belongs to one Service of the cluster.',
  );
}

function judgeAddress(config: StackConfig, address: string, others: readonly Service[]): Finding {
  const range = config.tcpSession?.portRange;
  const taken = others
    .filter((other) => addressesOf(other).includes(address))
    .flatMap((other) =>
      (other.spec.ports ?? [])
        .filter(({ port }) => range !== undefined && isIn(port, [range]))
        .map(({ port }) => `${port} (Service ${nameOf(other)})`),
    );
  return judge(
    taken,
    `free at ${address}, as far as Services of this cluster go`,
    'Choose another port range: one address and port leads to one Service.',
  );
}

function addressesOf({ spec, status }: Service): string[] {
  if (spec.type !== 'LoadBalancer') return [];
  const given = (status?.loadBalancer?.ingress ?? []).flatMap(({ hostname, ip }) => [hostname, ip]);
  return [...given, spec.loadBalancerIP].filter((address) => address !== undefined);
}

/** How many of the taken ports are named. */
const NAMED = 5;

function judge(taken: readonly string[], free: string, fix: string): Finding {
  if (taken.length === 0) return { outcome: 'good', says: free };
  const more = taken.length > NAMED ? ` and ${taken.length - NAMED} more` : '';
  return { outcome: 'bad', says: `taken: ${taken.slice(0, NAMED).join(', ')}${more}`, fix };
}

function isIn(port: number, ranges: readonly Range[]): boolean {
  return ranges.some(({ end, start }) => port >= start && port <= end);
}

function nameOf({ metadata }: Service): string {
  return `${metadata.namespace}/${metadata.name}`;
}
