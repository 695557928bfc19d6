import { core } from '@pulumi/kubernetes';
import type { Input } from '@pulumi/pulumi';

import type { Scope } from './scope.ts';

/** File of the static routes, in the ConfigMap and in the pod. */
export const STATIC_ROUTES_KEY = 'routes.json';

/**
 * Name of the ConfigMap with `router.staticRoutes`, or of the existing one; undefined where there are none. Unlike code and
 * secrets it changes in place: the router follows the file, and no session has to end for a new route.
 */
export function staticRoutes(scope: Scope): Input<string> | undefined {
  const { staticRoutes: routes, staticRoutesConfigMap } = scope.config.router;
  if (routes === undefined) return staticRoutesConfigMap;
  const { names, namespace, parent } = scope;
  const name = `${names.router}-static-routes`;
  return new core.v1.ConfigMap(
    name,
    {
      metadata: { name, namespace, labels: names.labels },
      data: { [STATIC_ROUTES_KEY]: JSON.stringify({ routes }, undefined, 2) },
    },
    { parent },
  ).metadata.name;
}
