import { z } from 'zod';

import { bad, good, type Check, type Finding } from '../check.ts';
import { once } from '../once.ts';
import type { PortRange } from '../../../router/settings/tcp_range.ts';
import type { ClusterReader } from '../../cluster/reader.ts';
import type { StackConfig } from '../../config/stack_config.ts';
import { namesOf } from '../../names.ts';

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
  const { portRange, routerAddress, service: tcp } = config.tcpSession ?? {};
  const address = routerAddress ?? tcp?.loadBalancerIP;
  const others = once(async () =>
    (await reader.list('/api/v1/services'))
      .map((item) => service.parse(item))
      .filter((item) => !isOwn(item, config)),
  );
  return [
    ...(nodePorts.length === 0
      ? []
      : [{ title: 'node ports', find: async () => judgeNodePorts(nodePorts, await others()) }]),
    ...(tcp?.type === 'LoadBalancer' && portRange !== undefined && address !== undefined
      ? [
          {
            title: 'ports of the load balancer',
            find: async () => judgeAddress(portRange, address, await others()),
          },
        ]
      : []),
  ];
}

function nodePortsOf({ service: http, tcpSession }: StackConfig): PortRange[] {
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

function judgeNodePorts(ranges: readonly PortRange[], others: readonly Service[]): Finding {
  return judge(
    portsTaken(others, ranges, ({ nodePort }) => nodePort),
    'free',
    'Choose other node ports: each belongs to one Service of the cluster.',
  );
}

function judgeAddress(range: PortRange, address: string, others: readonly Service[]): Finding {
  const sharers = others.filter((other) => addressesOf(other).includes(address));
  return judge(
    portsTaken(sharers, [range], ({ port }) => port),
    `free at ${address}, as far as Services of this cluster go`,
    'Choose another port range: one address and port leads to one Service.',
  );
}

type ServicePort = NonNullable<Service['spec']['ports']>[number];

/** Ports of the ranges that Services have, each with the name of its Service. */
function portsTaken(
  services: readonly Service[],
  ranges: readonly PortRange[],
  portOf: (port: ServicePort) => number | undefined,
): string[] {
  return services.flatMap(({ metadata, spec }) =>
    (spec.ports ?? [])
      .map(portOf)
      .filter((port) =>
        ranges.some(({ end, start }) => port !== undefined && port >= start && port <= end),
      )
      .map((port) => `${port ?? 0} (Service ${metadata.namespace}/${metadata.name})`),
  );
}

function addressesOf({ spec, status }: Service): string[] {
  if (spec.type !== 'LoadBalancer') return [];
  const given = (status?.loadBalancer?.ingress ?? []).flatMap(({ hostname, ip }) => [hostname, ip]);
  return [...given, spec.loadBalancerIP].filter((address) => address !== undefined);
}

/** More of the taken ports are counted, and not named. */
const MOST_NAMED = 5;

function judge(taken: readonly string[], free: string, fix: string): Finding {
  if (taken.length === 0) return good(free);
  const more = taken.length > MOST_NAMED ? ` and ${taken.length - MOST_NAMED} more` : '';
  return bad(`taken: ${taken.slice(0, MOST_NAMED).join(', ')}${more}`, fix);
}
