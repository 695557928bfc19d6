import type { LoadBalancer } from '../../platform/load_balancer.ts';
import type { StackConfig } from '../stack_config.ts';

type Session = NonNullable<StackConfig['tcpSession']>;

/** Annotations by which a Service on GKE chooses the kind of its load balancer without a class. */
const CHOOSES_KIND = [
  'cloud.google.com/l4-rbs',
  'cloud.google.com/load-balancer-type',
  'networking.gke.io/load-balancer-type',
];

/**
 * The section with what its load balancer decides where config says nothing:
 *
 * - the traffic policy is Local where the load balancer would else dial each port of each node to see whether it is alive, and through it
 *   each task: it asks the health check port of the nodes then.
 * - the class, only where config itself names the load balancer, since a changed class replaces the Service and its address.
 *
 * @param version `gitVersion` of the cluster; undefined where it could not be asked.
 */
export function withTcpDefaults(
  session: Session,
  balancer: LoadBalancer,
  version: string | undefined,
): Session {
  const { service } = session;
  const isDialled = service.type === 'LoadBalancer' && balancer.probes === 'node-port';
  const policy = isDialled ? 'Local' : 'Cluster';
  return {
    ...session,
    service: {
      ...service,
      platform: balancer.name,
      externalTrafficPolicy: service.externalTrafficPolicy ?? policy,
      loadBalancerClass: service.loadBalancerClass ?? defaultClass(service, balancer, version),
    },
  };
}

function defaultClass(
  service: Session['service'],
  { serviceClass }: LoadBalancer,
  version: string | undefined,
): string | undefined {
  const isNamed = service.type === 'LoadBalancer' && service.platform !== undefined;
  const isChosen = CHOOSES_KIND.some((key) => Object.hasOwn(service.annotations, key));
  if (serviceClass === undefined || !isNamed || isChosen) return undefined;
  return version === undefined || isFrom(version, serviceClass.servedFrom)
    ? serviceClass.name
    : undefined;
}

/** Whether a version such as `v1.33.4-gke.1134000` is that of `first` or a later one. */
function isFrom(version: string, first: string): boolean {
  const numbers = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number);
  const [ours, theirs] = [numbers(version), numbers(first)];
  const at = theirs.findIndex((number, index) => (ours[index] ?? 0) !== number);
  return at === -1 || (ours[at] ?? 0) > (theirs[at] ?? 0);
}
