import { coordination, core } from '@pulumi/kubernetes';
import type { Resource } from '@pulumi/pulumi';

import { type Account, grant } from './grant.ts';
import { metadataOf, type Scope } from '../scope.ts';

/**
 * The Lease that elects the replica which hands out ports, the ConfigMap that keeps which endpoint tokens there are, who signed
 * out and whom owners have let in (no secret among it), and the account's right to these two objects. A single pod needs the Lease,
 * too: while a new pod replaces it, both run.
 */
export function leaseAccess(scope: Scope, account: Account): Resource {
  const { parent } = scope;
  const name = scope.names.router;
  const metadata = metadataOf(scope, name);
  // Created here and not by the router: the right to create cannot be confined to a name, and destroy removes it.
  const lease = new coordination.v1.Lease(
    name,
    { metadata, spec: {} },
    // The router owns the spec.
    { parent, ignoreChanges: ['spec'] },
  );
  // The router finds it by this name: LEASE_NAME and the ending.
  const tokensName = `${name}-endpoint-tokens`;
  const tokens = new core.v1.ConfigMap(
    tokensName,
    { metadata: metadataOf(scope, tokensName) },
    // The router owns the data.
    { parent, ignoreChanges: ['data'] },
  );
  return grant(
    {
      nameInPulumi: name,
      metadata,
      rules: [
        {
          apiGroups: ['coordination.k8s.io'],
          resources: ['leases'],
          resourceNames: [name],
          verbs: ['get', 'update', 'patch'],
        },
        {
          apiGroups: [''],
          resources: ['configmaps'],
          resourceNames: [tokensName],
          verbs: ['get', 'patch'],
        },
      ],
      subject: { name: account.name, namespace: scope.namespace },
    },
    { parent, dependsOn: [lease, tokens, ...account.made] },
  );
}
