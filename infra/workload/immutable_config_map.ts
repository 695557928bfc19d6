import { core, type types } from '@pulumi/kubernetes';
import type { Output } from '@pulumi/pulumi';

import { metadataOf, type Scope } from '../scope.ts';

/** Makes a ConfigMap as `immutableSecret` makes a Secret, and tells its generated name. */
export function immutableConfigMap(
  scope: Scope,
  ending: string,
  content: Pick<types.input.core.v1.ConfigMap, 'data' | 'binaryData'>,
): Output<string> {
  return new core.v1.ConfigMap(
    `${scope.names.router}-${ending}`,
    { metadata: metadataOf(scope), immutable: true, ...content },
    { parent: scope.parent },
  ).metadata.name;
}
