import { core } from '@pulumi/kubernetes';
import type { Input, Output } from '@pulumi/pulumi';

import { metadataOf, type Scope } from '../scope.ts';

/**
 * Makes a Secret with a generated name, and tells the name. It is immutable: other values make another Secret, whose name in the
 * pod template rolls the Deployment; the old one goes when no pod of this stack needs it.
 */
export function immutableSecret(
  scope: Scope,
  ending: string,
  stringData: Record<string, Input<string>>,
  type?: string,
): Output<string> {
  return new core.v1.Secret(
    `${scope.names.router}-${ending}`,
    {
      metadata: metadataOf(scope),
      ...(type === undefined ? {} : { type }),
      immutable: true,
      stringData,
    },
    { parent: scope.parent },
  ).metadata.name;
}
