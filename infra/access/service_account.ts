import { core } from '@pulumi/kubernetes';
import { all, type Output, type Resource } from '@pulumi/pulumi';

import { asksApiServer, hasServiceAccount } from '../config/decisions/pods.ts';
import { leaseAccess } from './lease_access.ts';
import { podAccess } from './pod_access.ts';
import { metadataOf, type Scope } from '../scope.ts';

/**
 * The service account with the rights that config asks for, and no other. Its name is known once they are granted: a pod that
 * starts before would be refused by the API at first. Undefined where nothing asks for an account.
 */
export function serviceAccount(scope: Scope): Output<string> | undefined {
  const { config, names } = scope;
  if (!hasServiceAccount(config)) return undefined;
  const name = config.serviceAccount.name ?? names.router;
  const made = config.serviceAccount.create ? [accountNamed(name, scope)] : [];
  const account = { name, made };
  const granted: readonly Resource[] = asksApiServer(config)
    ? [
        ...(config.availability.leaderElection ? [leaseAccess(scope, account)] : []),
        ...(config.router.verifyPods === undefined
          ? []
          : podAccess(scope, account, config.router.verifyPods.namespaces)),
      ]
    : [];
  return all([...made, ...granted].map(({ urn }) => urn)).apply(() => name);
}

function accountNamed(name: string, scope: Scope): Resource {
  const { annotations } = scope.config.serviceAccount;
  return new core.v1.ServiceAccount(
    scope.names.router,
    {
      metadata: {
        ...metadataOf(scope, name),
        ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      },
      automountServiceAccountToken: false,
    },
    { parent: scope.parent },
  );
}
