import type { RouteTable, StaticRoute } from '../routes/model/table.ts';

/** The load-balanced static routes that serve. */
export function balancedRoutes({
  staticPaths,
  staticHosts,
}: Pick<RouteTable, 'staticPaths' | 'staticHosts'>): readonly StaticRoute[] {
  return [...staticPaths.values(), ...staticHosts.values()].filter(
    ({ enabled, loadBalanced }) => enabled && loadBalanced,
  );
}
