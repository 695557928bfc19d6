import { core } from '@pulumi/kubernetes';
import type { Output } from '@pulumi/pulumi';

import { type Mount, mountOf } from '../mount.ts';
import { metadataOf, type Scope } from '../scope.ts';

const FILE = 'routes.json';

/**
 * The ConfigMap with `router.staticRoutes`, or the existing one; undefined where there are none. Unlike code and
 * secrets it changes in place: the router follows the file, and no session has to end for a new route.
 */
export function staticRoutes(scope: Scope): Mount | undefined {
  const { staticRoutes: routes, staticRoutesConfigMap } = scope.config.router;
  const name = routes === undefined ? staticRoutesConfigMap : configMapWith(scope, routes);
  if (name === undefined) return undefined;
  const folder = '/etc/task-router/static-routes';
  return mountOf(
    { name: 'static-routes', source: { configMap: { name } }, folder },
    { STATIC_ROUTES_FILE: FILE },
  );
}

function configMapWith(scope: Scope, routes: readonly object[]): Output<string> {
  const name = `${scope.names.router}-static-routes`;
  const data = { [FILE]: JSON.stringify({ routes }, undefined, 2) };
  const metadata = metadataOf(scope, name);
  return new core.v1.ConfigMap(name, { metadata, data }, { parent: scope.parent }).metadata.name;
}
