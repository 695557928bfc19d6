import { z } from 'zod';

import {
  LOAD_BALANCERS,
  type LoadBalancer,
  type LoadBalancerName,
} from '../../platform/load_balancer.ts';
import { LOAD_BALANCER_BY_NAME } from '../../platform/load_balancers.ts';
import type { PortRange } from '../../../router/settings/tcp_range.ts';
import {
  azureSourceRanges,
  loadBalancerKeys,
  trafficPolicy,
  withoutEffect,
} from './load_balancer.ts';
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
          'Whose load balancer it is: sets what that needs and checks what it can; left out, told by the cluster. Only where gke is ' +
            'named here does the Service get the class networking.gke.io/l4-regional-external, since a new class replaces it',
        ),
      maxPorts: wholeNumber('a number of ports', 1)
        .optional()
        .describe(
          'Ports that one load balancer carries; aws-nlb has 50 unless its quota was raised, and aks 300, which all Services of the ' +
            'cluster share',
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
      nodePortRange: z
        .strictObject(
          {
            start: port.describe('First of them'),
            end: port.describe('Last of them, itself included'),
          },
          { error: 'expected the node ports of the cluster: start and end' },
        )
        .optional()
        .describe(
          'Node ports that the API server hands out (its --service-node-port-range), for type NodePort; left out, told by the cluster, ' +
            'else 30000 to 32767',
        ),
      ...loadBalancerKeys,
      externalTrafficPolicy: trafficPolicy
        .optional()
        .describe(
          "Local keeps the client's address and uses only nodes that run a pod of the router; left out, Local behind aks, whose " +
            'load balancer would else dial each task every 5 seconds, and Cluster elsewhere',
        ),
      loadBalancerSourceRanges: loadBalancerKeys.loadBalancerSourceRanges.describe(
        'Networks that may connect; empty means everybody. Node ports and the address of the Service inside of the cluster lead ' +
          "past the load balancer, so the router holds to them, too, where it sees clients' addresses: with proxyProtocol, or with " +
          'externalTrafficPolicy Local behind a load balancer that hands packets on as they came (metallb, cilium, aks, gke). Pods of ' +
          'the cluster that connect are then held to them as well. Where nodes alone are seen it would lock everybody out, and does not',
      ),
    },
    { error: 'expected the settings of the load balancer Service' },
  )
  .check(
    rules(...withoutEffect('tcpSession.service.type'), azureSourceRanges),
    rules(({ externalTrafficPolicy, sharingKey }) => {
      if (sharingKey === undefined || externalTrafficPolicy !== 'Local') return [];
      const message =
        'Local keeps other routers from sharing the address (sharingKey); leave it at Cluster';
      return [{ path: ['externalTrafficPolicy'], message }];
    }),
  )
  .prefault({});

/**
 * Whether the range fits its load balancer. Where config does not name that, they say nothing until the cluster was asked, and are asked
 * again then.
 */
export const loadBalancerRules: readonly Rule<Session>[] = [
  sharingKey,
  addressOfSeveral,
  portsOfLoadBalancer,
  rulesOfSecurityGroup,
];

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
        'Ports that the router hands out. Kubernetes puts five variables for each into the environment of every pod of the namespace ' +
          'that does not set enableServiceLinks to false, so give a long range a namespace of its own. A range with ports ' +
          'below 1024, or with 8080, 8081 or 8082, is mapped by the Service to ports of the pod from 20000 on',
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
      onlyVisible: flag
        .default(false)
        .describe(
          'Ports are for endpoints alone that whoever may see the task may use (`router.access`), since a port knows no sign-in; the ' +
            'others keep the tunnel through HTTPS',
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
  .check(rules(addressOfType, givenNodePorts, ...loadBalancerRules));

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

function givenNodePorts(session: Session): Problem[] {
  const { nodePortRange: given, type } = session.service;
  if (given === undefined) return [];
  if (type === 'NodePort') return nodePortProblems(session, given);
  const message = `has no effect with tcpSession.service.type ${type}; remove it`;
  return [{ path: ['service', 'nodePortRange'], message }];
}

/** Whether the range lies within the node ports of the cluster, where its ports are node ports. */
export function nodePortProblems(
  { portRange: { start, end }, service: { type } }: Session,
  nodePorts: PortRange,
  orElse = '',
): Problem[] {
  if (type !== 'NodePort' || (start >= nodePorts.start && end <= nodePorts.end)) return [];
  const message = `lies outside of the node ports, ${nodePorts.start} to ${nodePorts.end}, which tcpSession.service.type NodePort uses${orElse}`;
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

/** A security group that somebody else made has whatever rules it has. */
const OWN_GROUP = 'service.beta.kubernetes.io/aws-load-balancer-security-groups';

function rulesOfSecurityGroup(session: Session): Problem[] {
  const { annotations, loadBalancerSourceRanges: ranges, platform, type } = session.service;
  const limit = balancerOf(platform)?.maxSecurityRules ?? Infinity;
  const ofIPv6 = ranges.filter((range) => range.includes(':')).length;
  const networks = Math.max(1, ofIPv6, ranges.length - ofIPv6);
  const ports = portsPerService(session);
  if (
    type !== 'LoadBalancer' ||
    ports * networks <= limit ||
    Object.hasOwn(annotations, OWN_GROUP)
  ) {
    return [];
  }
  const message =
    `makes ${ports * networks} rules of a security group (${ports} ports, ${networks} networks), and it has ${limit}; name the ` +
    'networks in tcpSession.sourceRanges, which the router holds to with tcpSession.proxyProtocol, narrow the range, or name a ' +
    `security group of your own, with one rule for all ports, by the annotation ${OWN_GROUP} (a prefix list counts as many rules ` +
    'as it may have entries)';
  return [{ path: ['service', 'loadBalancerSourceRanges'], message }];
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
