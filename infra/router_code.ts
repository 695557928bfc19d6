import { core } from '@pulumi/kubernetes';
import type { Output } from '@pulumi/pulumi';

import type { Scope } from './scope.ts';

/** File name of the bundle, in the ConfigMap and in the pod. */
export const BUNDLE_FILE = 'router.cjs';

/**
 * The router's bundle in a ConfigMap, so that no registry of one's own is needed. Name generated and content immutable:
 * another bundle makes another ConfigMap and rolls the Deployment, and going back goes back.
 */
export function routerCode(scope: Scope, code: string): Output<string> {
  return new core.v1.ConfigMap(
    `${scope.names.router}-code`,
    {
      metadata: { namespace: scope.namespace, labels: scope.names.labels },
      immutable: true,
      data: { [BUNDLE_FILE]: code },
    },
    { parent: scope.parent },
  ).metadata.name;
}
