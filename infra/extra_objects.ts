import { CustomResource, type Input, type Resource } from '@pulumi/pulumi';

import type { Scope } from './scope.ts';

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

/** An object of any kind, by whatever provider the component has. */
class ExtraObject extends CustomResource {}

/** The objects of `extraObjects`, as they are but for the namespace: that of the router where they name none. */
export function makeExtraObjects(scope: Scope): readonly Resource[] {
  return scope.config.extraObjects.map((object) => {
    const { apiVersion, kind, metadata } = object;
    const { namespace: given, ...others } = metadata;
    const namespace = namespaceOf(scope, kind, given);
    const placed = { ...others, ...(namespace === undefined ? {} : { namespace }) };
    // The type that Pulumi's own class of the kind has.
    const type = `kubernetes:${apiVersion.includes('/') ? '' : 'core/'}${apiVersion}:${kind}`;
    const name = [scope.names.router, kind.toLowerCase(), given, metadata.name];
    return new ExtraObject(
      type,
      name.filter((part) => part !== undefined && part !== '').join('-'),
      { ...object, metadata: placed },
      { parent: scope.parent },
    );
  });
}

function namespaceOf(
  scope: Scope,
  kind: string,
  given: string | undefined,
): Input<string> | undefined {
  if (given !== undefined) return given === '' ? undefined : given;
  return kind.startsWith('Cluster') || WITHOUT_NAMESPACE.has(kind) ? undefined : scope.namespace;
}
