import type { RouteSource } from '../../routes/model/table.ts';
import type { Denied, Gate } from './decision.ts';
import type { GateRequest } from '../identity/request.ts';
import { Watches } from './watches.ts';

/**
 * The gate of AUTH_ENABLED=false: whoever reaches the router reaches every task. No credential is read, and no token is
 * known by its signature; Authorization is taken for the task's own.
 */
export function createOpenGate(
  routes: RouteSource,
  denied: (denied: Denied, request: GateRequest) => void,
): Gate {
  const watches = new Watches(() => Promise.resolve(undefined), routes);
  return {
    admit: (request) => {
      const { target } = request;
      const route = target.kind === 'static' ? target.route : undefined;
      const endpoint =
        target.kind === 'endpoint'
          ? routes.current().endpoints.get(target.id)
          : target.route.endpoints[0];
      // Nobody is the owner of anything here.
      const own = request.ownPort !== undefined;
      if (endpoint === undefined || route?.enabled === false || own) {
        const refusal = { outcome: 'denied', status: 404, reason: 'unknown-endpoint' } as const;
        denied(refusal, request);
        return refusal;
      }
      return {
        outcome: 'admitted',
        endpoint,
        route,
        access: 'public',
        identity: undefined,
        credential: 'none',
        stripAuthorization: false,
      };
    },
    hold: (admitted, end) => watches.add(admitted, end),
  };
}
