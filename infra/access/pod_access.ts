import type { Resource } from '@pulumi/pulumi';

import { EVERY_NAMESPACE } from '../../router/settings/values.ts';
import { type Account, grant } from './grant.ts';
import type { Scope } from '../scope.ts';

/**
 * The right to list and watch the pods of the namespaces, or of the whole cluster, for the check that an address is that of the
 * task's own pod.
 */
export function podAccess(
  scope: Scope,
  account: Account,
  namespaces: readonly string[],
): readonly Resource[] {
  const { config, names, namespace: home, parent } = scope;
  // Routers of one name in several namespaces may look at the same one, or at the whole cluster.
  const shared = { name: `${config.namespace.name}-${names.router}-pods`, labels: names.labels };
  return namespaces.map((namespace) => {
    const isEverywhere = namespace === EVERY_NAMESPACE;
    return grant(
      {
        nameInPulumi: `${names.router}-pods${isEverywhere ? '' : `-${namespace}`}`,
        metadata: isEverywhere ? shared : { ...shared, namespace },
        rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] }],
        subject: { name: account.name, namespace: home },
      },
      { parent, dependsOn: [...account.made] },
    );
  });
}
