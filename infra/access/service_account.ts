import { core } from '@pulumi/kubernetes';
import { all, type Output, type Resource } from '@pulumi/pulumi';

import { asksApiServer } from '../config/decisions/pods.ts';
import { leaseAccess } from './lease_access.ts';
import { podAccess } from './pod_access.ts';
import { metadataOf, type Scope } from '../scope.ts';

/**
 * The service account with the rights that config asks for, and no other. Its name is known once they are granted: a pod that
 * starts before would be refused by the API at first. Undefined where the router asks nothing: the pod gets no token then.
 */
export function serviceAccount(scope: Scope): Output<string> | undefined {
  const { config, names, parent } = scope;
  if (!asksApiServer(config)) return undefined;
  const account = new core.v1.ServiceAccount(
    names.router,
    {
      metadata: metadataOf(scope, names.router),
      automountServiceAccountToken: false,
    },
    { parent },
  );
  const granted: readonly Resource[] = [
    ...(config.availability.leaderElection ? [leaseAccess(scope, account)] : []),
    ...(config.router.verifyPods === undefined
      ? []
      : podAccess(scope, account, config.router.verifyPods.namespaces)),
  ];
  return all(granted.map(({ urn }) => urn)).apply(() => names.router);
}
