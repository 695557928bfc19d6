import { z } from 'zod';

import {
  LOAD_BALANCERS,
  type LoadBalancer,
  type LoadBalancerName,
} from '../../platform/load_balancer.ts';
import { LOAD_BALANCER_BY_NAME } from '../../platform/load_balancers.ts';
import { loadBalancerKeys, withoutEffect } from './load_balancer.ts';
import { type Problem, type Rule, rules } from '../values/problem.ts';
import { address, cidrs, filledText, flag, oneOf, port, wholeNumber } from '../values/values.ts';

/** A Service with more ports than this takes the API server and every node's proxy visibly long. */
const MAX_PORTS = 2048;

const portRange = z
  .strictObject(
    {
      start: port.describe('First port of the range'),
      end: port.describe('Last port of the range, itself included'),
    },
    { error: 'expected a port range: start and end' },
  )
  .check(
    rules(({ start, end }) => {
      if (start > end) {
        const message = `the range is reversed: start ${start} is above end ${end}`;
        return [{ path: ['start'], message }];
      }
      if (end - start < MAX_PORTS) return [];
      const message = `the range holds ${end - start + 1} ports; ${MAX_PORTS} are the limit`;
      return [{ path: ['end'], message }];
    }),
  );

const portCount = wholeNumber('a number of ports', 1, 65_535);

const service = z
  .strictObject(
    {
      type: oneOf('LoadBalancer', 'NodePort', 'ClusterIP')
        .default('LoadBalancer')
        .describe(
          'NodePort opens the range on every node; ClusterIP leaves the way from outside to you',
        ),
      platform: oneOf(...LOAD_BALANCERS)
        .optional()
        .describe(
          'Whose load balancer it is: sets what that needs and checks what it can; left out, told by the cluster',
        ),
      maxPorts: wholeNumber('a number of ports', 1)
        .optional()
        .describe(
          'Ports that one load balancer carries; aws-nlb has 50 unless its quota was raised',
        ),
      portsPerService: wholeNumber('a number of ports', 1)
        .optional()
        .describe(
          'Splits the range over several Services of so many ports; they have to share one address',
        ),
      sharingKey: filledText('a key that Services share')
        .optional()
        .describe(
          'Services with the same key share one address, those of other routers too; for platforms cilium and metallb',
        ),
      ...loadBalancerKeys,
      loadBalancerSourceRanges: loadBalancerKeys.loadBalancerSourceRanges.describe(
        'Networks that may connect; empty means everybody. Node ports and the address of the Service inside of the cluster lead ' +
          "past the load balancer, so the router holds to them, too, where it sees clients' addresses: with proxyProtocol, or with " +
          'externalTrafficPolicy Local behind a load balancer that hands packets on as they came (metallb, cilium). Pods of the ' +
          'cluster that connect are then held to them as well. Where nodes alone are seen it would lock everybody out, and does not',
      ),
    },
    { error: 'expected the settings of the load balancer Service' },
  )
  .check(
    rules(...withoutEffect('tcpSession.service.type')),
    rules(({ externalTrafficPolicy, sharingKey }) => {
      if (sharingKey === undefined || externalTrafficPolicy !== 'Local') return [];
      const message =
        'Local keeps other routers from sharing the address (sharingKey); leave it at Cluster';
      return [{ path: ['externalTrafficPolicy'], message }];
    }),
  )
  .prefault({});

/** `tcpSession`: the range of TCP ports, one per task that asks for TCP (SSH, for example). */
export const tcpSession = z
  .strictObject(
    {
      routerAddress: address
        .optional()
        .describe(
          'Address that TCP users connect to; left out, it is taken from the load balancer in the same run',
        ),
      portRange: portRange.describe(
        'Ports that the router hands out; a range with ports below 1024, or with 8080 or 8081, is mapped by the Service to ' +
          'ports of the pod from 20000 on',
      ),
      service: service.describe('The Service of type LoadBalancer that carries the range'),
      proxyProtocol: flag
        .default(false)
        .describe(
          'The load balancer begins each connection with a PROXY header (version 1 or 2), which names the client; believed ' +
            'from router.trustedProxies alone, and required of them',
        ),
      sourceRanges: cidrs
        .default([])
        .describe(
          'Networks that may connect, checked by the router itself against the address that it sees: with proxyProtocol the ' +
            "client's, else that of whatever the load balancer leaves; left out, loadBalancerSourceRanges where that is the client's",
        ),
      portsPerTask: portCount.optional().describe('Ports that one task may have; left out, 8'),
      portsPerUser: portCount
        .optional()
        .describe("Ports that one user's tasks may have together; left out, 64"),
      waitSeconds: z
        .int({ error: 'expected a whole number of seconds' })
        .min(10, 'expected 10 seconds or more')
        .default(300)
        .describe("How long to wait for the load balancer's address"),
    },
    { error: 'expected the settings of TCP sessions' },
  )
  .check(rules(addressOfType, nodePortRange, sharingKey, addressOfSeveral, portsOfLoadBalancer));

/**
 * Whether the range fits its load balancer. Where config does not name that, they say nothing until the cluster was asked, and are asked
 * again then.
 */
export const loadBalancerRules: readonly Rule<Session>[] = [
  sharingKey,
  addressOfSeveral,
  portsOfLoadBalancer,
];

/** Ports that Kubernetes gives to nodes, unless its API server was told otherwise. */
const NODE_PORTS = { start: 30_000, end: 32_767 };

interface Session {
  readonly portRange: z.output<typeof portRange>;
  readonly routerAddress?: string | undefined;
  readonly service: z.output<typeof service>;
}

function addressOfType({ routerAddress, service: { type } }: Session): Problem[] {
  if (type === 'LoadBalancer' || routerAddress !== undefined) return [];
  const message = `missing; with tcpSession.service.type ${type} nothing tells the address that users connect to`;
  return [{ path: ['routerAddress'], message }];
}

function nodePortRange({ portRange: { start, end }, service: { type } }: Session): Problem[] {
  if (type !== 'NodePort' || (start >= NODE_PORTS.start && end <= NODE_PORTS.end)) return [];
  const message = `lies outside of the node ports, ${NODE_PORTS.start} to ${NODE_PORTS.end}, which tcpSession.service.type NodePort uses`;
  return [{ path: ['portRange'], message }];
}

function sharingKey({ service: { platform, sharingKey: key } }: Session): Problem[] {
  if (key === undefined || balancerOf(platform)?.canShareAddress !== false) return [];
  const message = `has no effect with tcpSession.service.platform ${platform}; set that to cilium or metallb, or remove this`;
  return [{ path: ['service', 'sharingKey'], message }];
}

/** Undefined where it is not known yet. */
function balancerOf(platform: LoadBalancerName | undefined): LoadBalancer | undefined {
  return platform && LOAD_BALANCER_BY_NAME[platform];
}

function addressOfSeveral(session: Session): Problem[] {
  const { loadBalancerIP, platform } = session.service;
  const isShared = loadBalancerIP !== undefined && (balancerOf(platform)?.canShareAddress ?? true);
  const isOne = portsPerService(session) >= portCountOf(session.portRange);
  if (isOne || session.routerAddress !== undefined || isShared) return [];
  const message =
    'missing; tcpSession.service.portsPerService makes several Services, and users connect to one address: ' +
    'name the one that they share';
  return [{ path: ['routerAddress'], message }];
}

function portsOfLoadBalancer(session: Session): Problem[] {
  const { maxPorts, platform } = session.service;
  const limit = maxPorts ?? balancerOf(platform)?.maxPorts ?? Infinity;
  const asked = portsPerService(session);
  if (asked <= limit) return [];
  const message =
    `asks one load balancer for ${asked} ports, and it has ${limit}; narrow the range, or have the quota raised ` +
    'and set tcpSession.service.maxPorts to the new one';
  return [{ path: ['portRange'], message }];
}

function portsPerService({
  portRange: range,
  service: { portsPerService: asked },
}: Session): number {
  return asked ?? portCountOf(range);
}

function portCountOf({ start, end }: z.output<typeof portRange>): number {
  return end - start + 1;
}
