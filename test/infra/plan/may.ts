/** What the change of a key may do beside making content anew under a generated name, by keys of resources. */
interface Allowed {
  readonly replaced?: RegExp;
  readonly deletedFirst?: RegExp;
  /** Of namespace, Deployment and provider: all else may go when it is no longer asked for. */
  readonly deleted?: RegExp;
}

const EVERYTHING = /./;
const SERVICE = /^kubernetes:core\/v1:Service::/;

/**
 * The list that the plan of each change is held against.
 *
 * - Another namespace, or a stack that moves to another cluster, is made whole before the old one goes, but for Services whose
 *   address or node ports can be held once only.
 * - Another name of the router is another router.
 * - A namespace that the stack has made goes when it is told not to have one: `namespace.create` says so.
 * - A service account of another name is made before the old one goes.
 * - The class of a load balancer can be set only when its Service is created.
 */
export const MAY: Readonly<Record<string, Allowed>> = {
  'namespace.name': { replaced: EVERYTHING, deletedFirst: SERVICE },
  'namespace.create': { deleted: /:Namespace::/ },
  'router.name': { replaced: EVERYTHING, deleted: EVERYTHING },
  'kubernetes.clusterUid': { replaced: EVERYTHING },
  'serviceAccount.name': { replaced: /^kubernetes:core\/v1:ServiceAccount::/ },
  'service.loadBalancerClass': { deletedFirst: SERVICE },
  'tcpSession.service.loadBalancerClass': { deletedFirst: SERVICE },
};
