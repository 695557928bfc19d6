import { core } from '@pulumi/kubernetes';
import { type Input, output, runtime } from '@pulumi/pulumi';

import { InfraError } from './errors.ts';
import { portsOf } from './ports.ts';
import type { Scope } from './scope.ts';

/** A load balancer's entry in a Service's status, as far as it is filled. */
interface LoadBalancerAddress {
  readonly ip?: string;
  readonly hostname?: string;
}

/**
 * The Service of type LoadBalancer with every port of the range, and the address that TCP users connect to: the one that
 * config names, or else the one that the load balancer reports, in the same run. It needs no ready pod for that, so it
 * comes before the Deployment. Undefined where TCP is off.
 */
export function tcpAddress(scope: Scope): Input<string> | undefined {
  const session = scope.config.tcpSession;
  if (session === undefined) return undefined;
  const { service: settings, routerAddress } = session;
  const annotations = {
    ...settings.annotations,
    // The address is what a wait would be for.
    ...(routerAddress === undefined ? {} : { 'pulumi.com/skipAwait': 'true' }),
  };
  const wait = `${session.waitSeconds}s`;
  const service = new core.v1.Service(
    scope.names.tcp,
    {
      metadata: {
        name: scope.names.tcp,
        namespace: scope.namespace,
        labels: scope.names.labels,
        annotations,
      },
      spec: {
        type: 'LoadBalancer',
        selector: scope.names.selector,
        externalTrafficPolicy: settings.externalTrafficPolicy,
        ...(settings.loadBalancerClass === undefined
          ? {}
          : { loadBalancerClass: settings.loadBalancerClass }),
        ...(settings.loadBalancerSourceRanges.length === 0
          ? {}
          : { loadBalancerSourceRanges: settings.loadBalancerSourceRanges }),
        ...(settings.allocateLoadBalancerNodePorts ? {} : { allocateLoadBalancerNodePorts: false }),
        ports: portsOf(session.portRange).map((port) => ({
          name: `tcp-${port}`,
          port,
          targetPort: port,
          protocol: 'TCP',
        })),
      },
    },
    {
      parent: scope.parent,
      customTimeouts: { create: wait, update: wait },
      // The class of a Service can be set only when it is created.
      replaceOnChanges: ['spec.loadBalancerClass'],
      deleteBeforeReplace: true,
    },
  );
  if (routerAddress !== undefined) return routerAddress;
  return output(service.status).apply((status) => {
    const [first]: readonly LoadBalancerAddress[] = status?.loadBalancer?.ingress ?? [];
    const address = first?.ip ?? first?.hostname;
    if (address !== undefined || runtime.isDryRun()) return address ?? '';
    throw new InfraError('address-missing', addressMissing(scope));
  });
}

function addressMissing(scope: Scope): string {
  const { tcp } = scope.names;
  return (
    `The load balancer of Service ${tcp} has no address yet. Look at its events with ` +
    `kubectl -n ${scope.config.namespace.name} describe service ${tcp}; on a cluster without load balancers, set ` +
    'tcpSession.routerAddress to the address that leads to the nodes, and run pulumi up again.'
  );
}
