import { rbac, type types } from '@pulumi/kubernetes';
import type { CustomResourceOptions, Resource } from '@pulumi/pulumi';

/** A right, and who gets it. */
export interface Grant {
  /** Name of Role and RoleBinding in Pulumi. */
  readonly nameInPulumi: string;
  /** Of both; without a namespace they are a ClusterRole and its binding. */
  readonly metadata: types.input.meta.v1.ObjectMeta;
  readonly rules: types.input.rbac.v1.PolicyRule[];
  readonly subject: Pick<types.input.rbac.v1.Subject, 'name' | 'namespace'>;
}

/** A service account, and what there is once it exists: nothing where it existed before. */
export interface Account {
  readonly name: string;
  readonly made: readonly Resource[];
}

/** Grants a right to a service account. Returns what is there once it is granted. */
export function grant(
  { metadata, nameInPulumi, rules, subject }: Grant,
  options: CustomResourceOptions,
): Resource {
  const isOfCluster = metadata.namespace === undefined;
  const [Role, Binding] = isOfCluster
    ? [rbac.v1.ClusterRole, rbac.v1.ClusterRoleBinding]
    : [rbac.v1.Role, rbac.v1.RoleBinding];
  const { name } = new Role(nameInPulumi, { metadata, rules }, options).metadata;
  const kind = isOfCluster ? 'ClusterRole' : 'Role';
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind, name };
  const subjects = [{ kind: 'ServiceAccount', ...subject }];
  return new Binding(nameInPulumi, { metadata, roleRef, subjects }, options);
}
