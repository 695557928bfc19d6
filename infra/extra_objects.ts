import { CustomResource, type Resource } from '@pulumi/pulumi';

import { namespaceOf } from './config/decisions/extra_objects.ts';
import type { Scope } from './scope.ts';

/** An object of any kind, by whatever provider the component has. */
class ExtraObject extends CustomResource {}

/** The objects of `extraObjects`, as they are but for the namespace: that of the router where they name none. */
export function makeExtraObjects(scope: Scope): readonly Resource[] {
  return scope.config.extraObjects.map((object) => {
    const { apiVersion, kind, metadata } = object;
    const { namespace: given, ...others } = metadata;
    const namespace = namespaceOf(object, scope.namespace);
    const placed = { ...others, ...(namespace === undefined ? {} : { namespace }) };
    // The type that Pulumi's own class of the kind has.
    const type = `kubernetes:${apiVersion.includes('/') ? '' : 'core/'}${apiVersion}:${kind}`;
    // No namespace has a slash, so that no two objects are called the same.
    const own = given === undefined || given === '' ? metadata.name : `${given}/${metadata.name}`;
    return new ExtraObject(
      type,
      `${scope.names.router}-${kind.toLowerCase()}-${own}`,
      { ...object, metadata: placed },
      { parent: scope.parent },
    );
  });
}
