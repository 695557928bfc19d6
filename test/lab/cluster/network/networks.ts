import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { run } from '../../command.ts';
import { LabError } from '../../errors.ts';

/** The addresses of one cluster, all out of one block, so that one route leads to all of it. */
export interface Networks {
  /** CIDR, a /16 */
  readonly block: string;
  readonly hostAddress: string;
  readonly nodeAddress: string;
  /** Of `hostAddress` and `nodeAddress`. */
  readonly linkPrefix: number;
  /** CIDR */
  readonly loadBalancers: string;
  /** CIDR */
  readonly services: string;
  /** The API server's own Service: the first address of `services`. */
  readonly apiService: string;
  /** The address of the cluster's DNS in `services`, the tenth as in most clusters. */
  readonly dns: string;
  /** CIDR */
  readonly pods: string;
}

/** Blocks to choose from: private (RFC 1918) and shared (RFC 6598) ranges, the rarely used first. */
const CANDIDATES: readonly string[] = [
  ...blocks('10', 200, 254),
  ...blocks('172', 20, 31),
  ...blocks('100', 100, 127),
];

const Routes = z.array(z.object({ dst: z.string() }));

/** The first block that no route of this machine leads into. */
export async function chooseNetworks(): Promise<Networks> {
  const listed = await run('ip', ['-4', '-json', 'route', 'show', 'table', 'all']);
  const taken = Routes.parse(JSON.parse(listed)).map(({ dst }) => dst);
  const block = firstFree(CANDIDATES, taken);
  if (block === undefined) {
    throw new LabError(
      'IN_USE',
      `Every network that a cluster could use has a route on this machine already (see ip route); tried ${CANDIDATES.length}, from ${CANDIDATES[0]} on.`,
    );
  }
  return networksOf(block);
}

/** The first candidate that overlaps none of the destinations; `default` overlaps nothing. */
export function firstFree(
  candidates: readonly string[],
  destinations: readonly string[],
): string | undefined {
  const taken = destinations
    .filter((destination) => destination !== 'default')
    .map((destination) => (destination.includes('/') ? destination : `${destination}/32`))
    .map((destination) => ipaddr.IPv4.parseCIDR(destination));
  return candidates.find((candidate) => {
    const [address, prefix] = ipaddr.IPv4.parseCIDR(candidate);
    return !taken.some(([other, otherPrefix]) => {
      const shorter = Math.min(prefix, otherPrefix);
      return shorter > 0 && address.match(other, shorter);
    });
  });
}

/** How a block is divided. */
export function networksOf(block: string): Networks {
  const start = block.split('.').slice(0, 2).join('.');
  return {
    block,
    hostAddress: `${start}.0.1`,
    nodeAddress: `${start}.0.2`,
    linkPrefix: 30,
    loadBalancers: `${start}.1.0/24`,
    services: `${start}.16.0/20`,
    apiService: `${start}.16.1`,
    dns: `${start}.16.10`,
    pods: `${start}.64.0/18`,
  };
}

function blocks(first: string, from: number, to: number): readonly string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => `${first}.${from + i}.0.0/16`);
}
