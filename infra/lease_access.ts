import { coordination, core, rbac } from '@pulumi/kubernetes';
import type { Resource } from '@pulumi/pulumi';

import type { Scope } from './scope.ts';

/**
 * The Lease that elects the replica which hands out ports, the ConfigMap that keeps which endpoint tokens there are (no
 * secret among it), and the account's right to these two objects. A single pod needs the Lease, too: while a new pod replaces
 * it, both run.
 */
export function leaseAccess(scope: Scope, account: Resource): Resource {
  const { parent } = scope;
  const name = scope.names.router;
  const metadata = { name, namespace: scope.namespace, labels: scope.names.labels };
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
    { metadata: { ...metadata, name: tokensName } },
    // The router owns the data.
    { parent, ignoreChanges: ['data'] },
  );
  const role = new rbac.v1.Role(
    name,
    {
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
    },
    { parent },
  );
  return new rbac.v1.RoleBinding(
    name,
    {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role.metadata.name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: scope.namespace }],
    },
    { parent, dependsOn: [lease, tokens, account] },
  );
}
