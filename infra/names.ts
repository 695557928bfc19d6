/** Label that tells this program's objects from others. */
const APPLICATION = 'task-traffic-router';

/** Names and labels of one router's objects, all from `router.name`, so that several share a namespace without a clash. */
export interface Names {
  /** Deployment, HTTP Service, Ingress, ServiceAccount, Role, Lease, NetworkPolicy. */
  readonly router: string;
  /** Service of the TCP port range. */
  readonly tcp: string;
  /** Service by whose name the pods find each other. */
  readonly peers: string;
  /** Labels of every object. */
  readonly labels: Readonly<Record<string, string>>;
  /** Labels that select the pods: they can never change, since a Deployment's selector is immutable. */
  readonly selector: Readonly<Record<string, string>>;
}

/** Names of the objects of the router called `name`. */
export function namesOf(name: string): Names {
  const selector = {
    'app.kubernetes.io/name': APPLICATION,
    'app.kubernetes.io/instance': name,
  };
  return {
    router: name,
    tcp: `${name}-tcp`,
    peers: `${name}-peers`,
    labels: { ...selector, 'app.kubernetes.io/managed-by': 'pulumi' },
    selector,
  };
}
