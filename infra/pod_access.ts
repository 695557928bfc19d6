import { rbac } from '@pulumi/kubernetes';
import type { Resource } from '@pulumi/pulumi';

import type { Scope } from './scope.ts';

/** The right to list and watch the pods of the namespaces, for the check that an address is that of the task's own pod. */
export function podAccess(
  scope: Scope,
  account: Resource,
  namespaces: readonly string[],
): readonly Resource[] {
  return namespaces.map((namespace) => podAccessIn(scope, account, namespace));
}

function podAccessIn(scope: Scope, account: Resource, namespace: string): Resource {
  const { config, names, parent } = scope;
  // Routers of one name in several namespaces may look at the same one.
  const name = `${config.namespace.name}-${names.router}-pods`;
  const metadata = { name, namespace, labels: names.labels };
  const options = { parent, dependsOn: [account] };
  const inPulumi = `${names.router}-pods-${namespace}`;
  const role = new rbac.v1.Role(
    inPulumi,
    { metadata, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] }] },
    options,
  );
  return new rbac.v1.RoleBinding(
    inPulumi,
    {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role.metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: names.router, namespace: scope.namespace }],
    },
    options,
  );
}
