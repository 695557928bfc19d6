import { hostname } from 'node:os';
import type { Auth } from '../../auth/auth.ts';
import type { Denied } from '../../auth/gate/decision.ts';
import type { Known } from '../../auth/gate/viewer.ts';
import type { Activity } from '../../activity/activity.ts';
import type { Routes } from '../../routes/routes.ts';
import type { Settings } from '../../settings/settings.ts';
import { publicRange } from '../../settings/tcp_range.ts';
import { listRoutes } from './list_routes.ts';
import type { Listing } from './listing.ts';
import { seesByRole } from './roles.ts';
import type { Places, Replica } from './sources.ts';

/** What a listing is made of. */
export interface ListerParts {
  readonly settings: Settings;
  readonly auth: Pick<Auth, 'viewer' | 'endpointTokens'>;
  readonly routes: Pick<Routes, 'current' | 'state'>;
  readonly activity: Activity;
}

/** What somebody may see, for the page as for the API. */
export type Lister = (known: Known) => Promise<Listing | Denied>;

/** The places that URLs are made of. */
export function placesOf(settings: Settings): Places {
  return {
    router: settings.ROUTER_URL,
    wildcardHost: settings.ROUTER_WILDCARD_HOST,
    pathForm: settings.ROUTER_PATH_FORM,
    tcpAddress: settings.TCP_ROUTER_ADDRESS,
    tcpRange: publicRange(settings),
    clearmlWebUrl: settings.CLEARML_WEB_URL,
  };
}

export function createLister({ settings, auth, routes, activity }: ListerParts): Lister {
  const places = placesOf(settings);
  const replica: Replica = {
    name: hostname(),
    startedAt: Math.round(performance.timeOrigin),
  };
  return async (known) => {
    const { identity } = known;
    // One table for the whole answer: what is asked about is what is shown.
    const table = routes.current();
    const byRole = new Set<string>();
    const asked: string[] = [];
    for (const endpoint of table.endpoints.values()) {
      if (seesByRole(identity, endpoint)) byRole.add(endpoint.id);
      else asked.push(endpoint.id);
    }
    const visible = await auth.viewer.visible(known, asked);
    if ('outcome' in visible) return visible;
    const sources = {
      table,
      state: routes.state(),
      activity: activity.of,
      places,
      replica,
      endpointTokens: auth.endpointTokens !== undefined,
    };
    return listRoutes(sources, new Set([...byRole, ...visible]), identity);
  };
}
