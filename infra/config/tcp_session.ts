import { z } from 'zod';

import { loadBalancerKeys, withoutEffect } from './load_balancer.ts';
import { address, cidrs, evenWithOtherProblems, flag, port } from './values.ts';

/** A Service with more ports than this takes the API server and every node's proxy visibly long. */
export const MAX_PORTS = 2048;

const portRange = z
  .strictObject(
    {
      start: port.describe('First port of the range'),
      end: port.describe('Last port of the range, itself included'),
    },
    { error: 'expected a port range: start and end' },
  )
  .superRefine(({ start, end }, context) => {
    if (start > end) {
      context.addIssue({
        code: 'custom',
        path: ['start'],
        message: `the range is reversed: start ${start} is above end ${end}`,
      });
    } else if (end - start >= MAX_PORTS) {
      context.addIssue({
        code: 'custom',
        path: ['end'],
        message: `the range holds ${end - start + 1} ports; ${MAX_PORTS} are the limit`,
      });
    }
  });

const service = z
  .strictObject(
    {
      type: z
        .enum(['LoadBalancer', 'NodePort', 'ClusterIP'], {
          error: 'expected LoadBalancer, NodePort or ClusterIP',
        })
        .default('LoadBalancer')
        .describe(
          'NodePort opens the range on every node; ClusterIP leaves the way from outside to you',
        ),
      platform: z
        .enum(['aws-nlb', 'cilium', 'metallb', 'other'], {
          error: 'expected aws-nlb, cilium, metallb or other',
        })
        .default('other')
        .describe('Whose load balancer it is: sets what that needs and checks what it can'),
      maxPorts: z
        .int({ error: 'expected a number of ports' })
        .min(1, 'expected a number of ports')
        .optional()
        .describe(
          'Ports that one load balancer carries; aws-nlb has 50 unless its quota was raised',
        ),
      portsPerService: z
        .int({ error: 'expected a number of ports' })
        .min(1, 'expected a number of ports')
        .optional()
        .describe(
          'Splits the range over several Services of so many ports; they have to share one address',
        ),
      sharingKey: z
        .string({ error: 'expected a key that Services share' })
        .min(1, 'expected a key that Services share')
        .optional()
        .describe(
          'Services with the same key share one address, those of other routers too; for platforms cilium and metallb',
        ),
      ...loadBalancerKeys,
    },
    { error: 'expected the settings of the load balancer Service' },
  )
  .superRefine((value, context) => {
    for (const { key, message } of withoutEffect('tcpSession.service.type', value)) {
      context.addIssue({ code: 'custom', path: [key], message });
    }
    if (value.sharingKey === undefined) return;
    if (!isShareable(value.platform)) {
      context.addIssue({
        code: 'custom',
        path: ['sharingKey'],
        message: `has no effect with tcpSession.service.platform ${value.platform}; set that to cilium or metallb, or remove this`,
      });
    }
    if (value.externalTrafficPolicy === 'Local') {
      context.addIssue({
        code: 'custom',
        path: ['externalTrafficPolicy'],
        message:
          'Local keeps other routers from sharing the address (sharingKey); leave it at Cluster',
      });
    }
  }, evenWithOtherProblems)
  .prefault({});

/** Platforms whose load balancers let Services share an address by an annotation. */
function isShareable(platform: string): boolean {
  return platform === 'metallb' || platform === 'cilium';
}

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
            "client's, else that of whatever the load balancer leaves; empty means everybody",
        ),
      waitSeconds: z
        .int({ error: 'expected a whole number of seconds' })
        .min(10, 'expected 10 seconds or more')
        .default(300)
        .describe("How long to wait for the load balancer's address"),
    },
    { error: 'expected the settings of TCP sessions' },
  )
  .superRefine((value, context) => {
    for (const { path, message } of tcpProblems(value)) {
      context.addIssue({ code: 'custom', path: [...path], message });
    }
  }, evenWithOtherProblems);

/** Ports that one listener set of AWS's network load balancer holds, unless the account's quota was raised. */
const NLB_LISTENERS = 50;

/** Ports that Kubernetes gives to nodes, unless its API server was told otherwise. */
const NODE_PORTS = { start: 30_000, end: 32_767 };

interface TcpProblem {
  readonly path: readonly string[];
  readonly message: string;
}

function tcpProblems(session: {
  portRange?: z.output<typeof portRange>;
  routerAddress?: string | undefined;
  service?: z.output<typeof service>;
}): TcpProblem[] {
  const { portRange: range, routerAddress, service: settings } = session;
  if (range?.start === undefined || range.end === undefined || settings === undefined) return [];
  const count = range.end - range.start + 1;
  const problems: TcpProblem[] = [];
  const perService = settings.portsPerService ?? count;
  if (settings.type !== 'LoadBalancer' && routerAddress === undefined) {
    problems.push({
      path: ['routerAddress'],
      message: `missing; with tcpSession.service.type ${settings.type} nothing tells the address that users connect to`,
    });
  }
  if (
    settings.type === 'NodePort' &&
    (range.start < NODE_PORTS.start || range.end > NODE_PORTS.end)
  ) {
    problems.push({
      path: ['portRange'],
      message: `lies outside of the node ports, ${NODE_PORTS.start} to ${NODE_PORTS.end}, which tcpSession.service.type NodePort uses`,
    });
  }
  if (
    perService < count &&
    routerAddress === undefined &&
    (settings.loadBalancerIP === undefined || !isShareable(settings.platform))
  ) {
    problems.push({
      path: ['routerAddress'],
      message:
        'missing; tcpSession.service.portsPerService makes several Services, and users connect to one address: ' +
        'name the one that they share',
    });
  }
  const limit = settings.maxPorts ?? (settings.platform === 'aws-nlb' ? NLB_LISTENERS : Infinity);
  if (perService > limit) {
    problems.push({
      path: ['portRange'],
      message:
        `asks one load balancer for ${perService} ports, and it has ${limit}; narrow the range, or have the quota raised ` +
        'and set tcpSession.service.maxPorts to the new one',
    });
  }
  return problems;
}
