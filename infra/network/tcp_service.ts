import { core } from '@pulumi/kubernetes';
import { all, type Input, runtime } from '@pulumi/pulumi';

import { portsOf } from '../../router/settings/tcp_range.ts';
import type { StackConfig } from '../config/stack_config.ts';
import { InfraError } from '../errors.ts';
import { exposedSpec, replacementOf } from './service_spec.ts';
import { podRange } from '../config/decisions/ports.ts';
import { tcpAnnotations } from '../config/decisions/tcp_annotations.ts';
import { independent } from './independent.ts';
import { metadataOf, type Scope } from '../scope.ts';

type TcpSession = NonNullable<StackConfig['tcpSession']>;

/** A load balancer's entry in a Service's status, as far as it is filled. */
interface LoadBalancerAddress {
  readonly ip?: string;
  readonly hostname?: string;
}

/**
 * The Services with every port of the range, and the address that TCP users connect to: the one that config names, or
 * else the one that the load balancer reports, in the same run. It needs no ready pod for that, so it comes before the
 * Deployment. Undefined where TCP is off.
 */
export function exposeTcp(scope: Scope): Input<string> | undefined {
  const session = scope.config.tcpSession;
  if (session === undefined) return undefined;
  // A Service knows no ranges, so each port is named.
  const ports = portsOf(session.portRange);
  const size = session.service.portsPerService ?? ports.length;
  const services = Array.from({ length: Math.ceil(ports.length / size) }, (_, index) => {
    const part = ports.slice(index * size, (index + 1) * size);
    // Named by its first port, so that a longer range adds Services and renames none.
    const name = size < ports.length ? `${scope.names.tcp}-${part[0]}` : scope.names.tcp;
    return tcpService(scope, session, name, part);
  });
  const shared = services.length > 1 ? session.service.loadBalancerIP : undefined;
  const named = session.routerAddress ?? shared;
  if (named !== undefined) return named;
  const address = all(services.map(({ status }) => status)).apply(([status]) => {
    const [first]: readonly LoadBalancerAddress[] = status?.loadBalancer?.ingress ?? [];
    const address = first?.ip ?? first?.hostname;
    if (address !== undefined || runtime.isDryRun()) return address ?? '';
    throw new InfraError('address-missing', addressMissing(scope));
  });
  // Another class of load balancer needs another Service of the same name: the Deployment, which takes the address, stays.
  return independent(address);
}

function tcpService(
  scope: Scope,
  session: TcpSession,
  name: string,
  ports: readonly number[],
): core.v1.Service {
  const { names } = scope;
  const { service: settings, waitSeconds } = session;
  const wait = `${waitSeconds}s`;
  const mappedBy = podRange(session.portRange).start - session.portRange.start;
  return new core.v1.Service(
    name,
    {
      metadata: {
        ...metadataOf(scope, name),
        annotations: { ...tcpAnnotations(session, names.tcp), ...awaited(session) },
      },
      spec: {
        ...exposedSpec(settings),
        selector: names.selector,
        ports: ports.map((port) => ({
          name: `tcp-${port}`,
          port,
          targetPort: port + mappedBy,
          protocol: 'TCP',
          ...(settings.type === 'NodePort' ? { nodePort: port } : {}),
        })),
      },
    },
    {
      parent: scope.parent,
      customTimeouts: { create: wait, update: wait },
      ...replacementOf(settings),
    },
  );
}

/**
 * What Pulumi waits for: the address, where none is named. By itself it would wait for ready pods as well, which the Deployment
 * brings only after it has the address: a Deployment that is broken could not be mended
 * (`await/service.go` and `metadata/overrides.go` of pulumi-kubernetes).
 */
function awaited({ routerAddress }: TcpSession): Record<string, string> {
  return routerAddress === undefined
    ? { 'pulumi.com/waitFor': 'jsonpath={.status.loadBalancer.ingress}' }
    : { 'pulumi.com/skipAwait': 'true' };
}

function addressMissing(scope: Scope): string {
  const { tcp } = scope.names;
  return (
    `The load balancer of Service ${tcp} has no address yet. Look at its events with ` +
    `kubectl -n ${scope.config.namespace.name} describe service ${tcp}; on a cluster without load balancers, set ` +
    'tcpSession.routerAddress to the address that leads to the nodes, and run pulumi up again.'
  );
}
