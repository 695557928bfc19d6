import { z } from 'zod';

import type { PortRange } from '../../../router/settings/tcp_range.ts';
import { namespace } from '../sections/namespace.ts';
import type { Problem } from '../values/problem.ts';
import { router } from '../sections/router.ts';
import type { StackFile } from './stack_file.ts';

/** What stacks are called that do not say. */
const DEFAULTS = { namespace: namespace.parse({}).name, router: router.parse({}).name };

const text = z.string().optional().catch(undefined);
const number = z.number().optional().catch(undefined);

/**
 * What two routers cannot both have, as far as a stack says it in plain text: what is encrypted, missing or wrong counts as not
 * said, and is reported elsewhere where it is this stack's own.
 */
const claims = z.looseObject({
  kubernetes: z.looseObject({ clusterUid: text, context: text }).catch({}).default({}),
  namespace: z.looseObject({ name: text }).catch({}).default({}),
  router: z.looseObject({ name: text }).catch({}).default({}),
  service: z.looseObject({ type: text, nodePort: number }).catch({}).default({}),
  tcpSession: z
    .looseObject({
      routerAddress: text,
      portRange: z.looseObject({ start: z.number(), end: z.number() }),
      service: z.looseObject({ type: text, loadBalancerIP: text }).catch({}).default({}),
    })
    .optional()
    .catch(undefined),
});

type Claims = z.output<typeof claims>;

interface ClaimedRange extends PortRange {
  /** Key of config that claims it. */
  readonly key: string;
}

/** Names, ports and addresses that stacks of one project take away from each other. */
export function neighbourProblems(
  config: Readonly<Record<string, unknown>>,
  neighbours: readonly StackFile[],
): readonly Problem[] {
  const own = claims.parse(config);
  return neighbours.flatMap(({ config: theirs, stack }) => {
    const other = claims.parse(theirs);
    return [
      ...nameProblems(own, other, stack),
      ...addressProblems(own, other, stack),
      ...nodePortProblems(own, other, stack),
    ];
  });
}

/** By what no two clusters share where both stacks say it, else by the name of the context. */
function inSameCluster(own: Claims, other: Claims): boolean {
  const [{ clusterUid, context }, theirs] = [own.kubernetes, other.kubernetes];
  if (clusterUid !== undefined && theirs.clusterUid !== undefined) {
    return clusterUid === theirs.clusterUid;
  }
  return context !== undefined && context === theirs.context;
}

/** Behind each problem that rests on it, since one name of a context may lead to several clusters. */
const IF_NOT = 'if these are two clusters, set kubernetes.clusterUid in both stacks';

function nameProblems(own: Claims, other: Claims, stack: string): Problem[] {
  const isSame =
    inSameCluster(own, other) &&
    (own.namespace.name ?? DEFAULTS.namespace) === (other.namespace.name ?? DEFAULTS.namespace) &&
    (own.router.name ?? DEFAULTS.router) === (other.router.name ?? DEFAULTS.router);
  if (!isSame) return [];
  const message = `stack ${stack} has a router of the same name in the same namespace of the same cluster; give one of them another name, or, ${IF_NOT}`;
  return [{ path: ['router', 'name'], message }];
}

/** One address and port leads to one router, whatever the clusters are called. */
function addressProblems(own: Claims, other: Claims, stack: string): Problem[] {
  if (own.tcpSession === undefined || other.tcpSession === undefined) return [];
  const theirs = new Set(addressesOf(other.tcpSession));
  const shared = addressesOf(own.tcpSession).find((address) => theirs.has(address));
  const mine = own.tcpSession.portRange;
  const range = other.tcpSession.portRange;
  if (shared === undefined || !overlap(mine, range)) return [];
  const message =
    `${span(mine)} overlaps with ${span(range)} of stack ${stack}, at the same address ${shared}; ` +
    'give each router ports of its own';
  return [{ path: ['tcpSession', 'portRange'], message }];
}

function addressesOf({ routerAddress, service }: NonNullable<Claims['tcpSession']>): string[] {
  return [routerAddress, service.loadBalancerIP]
    .filter((address) => address !== undefined)
    .map((address) => address.trim().toLowerCase());
}

function nodePortProblems(own: Claims, other: Claims, stack: string): Problem[] {
  if (!inSameCluster(own, other)) return [];
  return nodePortsOf(own).flatMap((mine) =>
    nodePortsOf(other)
      .filter((theirs) => overlap(mine, theirs))
      .map((theirs) => ({
        path: mine.key.split('.'),
        message: `${span(mine)} overlaps with ${span(theirs)} of stack ${stack} (${theirs.key}): a node port belongs to one Service of a cluster; ${IF_NOT}`,
      })),
  );
}

function nodePortsOf({ service, tcpSession }: Claims): ClaimedRange[] {
  const { nodePort: port } = service;
  return [
    ...(service.type === 'NodePort' && port !== undefined
      ? [{ start: port, end: port, key: 'service.nodePort' }]
      : []),
    ...(tcpSession?.service.type === 'NodePort'
      ? [{ ...tcpSession.portRange, key: 'tcpSession.portRange' }]
      : []),
  ];
}

function overlap(a: PortRange, b: PortRange): boolean {
  return a.start <= b.end && b.start <= a.end;
}

function span({ start, end }: PortRange): string {
  return start === end ? String(start) : `${start} to ${end}`;
}
