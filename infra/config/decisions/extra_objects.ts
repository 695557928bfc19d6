import type { StackConfig } from '../stack_config.ts';

type ExtraObject = Pick<StackConfig['extraObjects'][number], 'kind' | 'metadata'>;

/** Kinds that lie in no namespace, beside those whose names begin with Cluster; the operators' that many use among them. */
const WITHOUT_NAMESPACE = new Set([
  'APIService',
  'CSIDriver',
  'CustomResourceDefinition',
  'FlowSchema',
  'GatewayClass',
  'IngressClass',
  'MutatingWebhookConfiguration',
  'Namespace',
  'PersistentVolume',
  'PriorityClass',
  'PriorityLevelConfiguration',
  'RuntimeClass',
  'StorageClass',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'ValidatingWebhookConfiguration',
  'VolumeSnapshotClass',
]);

/** The namespace of an object of `extraObjects`: the one that it names, else that of the router; undefined where it lies in none. */
export function namespaceOf<T>({ kind, metadata }: ExtraObject, home: T): string | T | undefined {
  const { namespace } = metadata;
  if (namespace !== undefined) return namespace === '' ? undefined : namespace;
  return kind.startsWith('Cluster') || WITHOUT_NAMESPACE.has(kind) ? undefined : home;
}
