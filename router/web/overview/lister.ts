import { hostname } from 'node:os';
import type { Auth } from '../../auth/auth.ts';
import type { Denied } from '../../auth/gate/decision.ts';
import type { Known } from '../../auth/gate/viewer.ts';
import type { Activity } from '../../activity/activity.ts';
import type { PeersView } from '../../peers/peers.ts';
import { sharedView } from '../../peers/shared_view.ts';
import type { Routes } from '../../routes/routes.ts';
import type { Settings } from '../../settings/settings.ts';
import { endpointPlaces } from '../../settings/urls.ts';
import { publicRange } from '../../settings/tcp_range.ts';
import { listRoutes, staticRoutes } from './list_routes.ts';
import type { ListedEndpoint, Listing } from './listing.ts';
import { seesByRole } from '../../auth/access/roles.ts';
import type { Places, Replica, Sources } from './sources.ts';

/** What a listing is made of. */
export interface ListerParts {
  readonly settings: Settings;
  readonly auth: Pick<Auth, 'viewer' | 'endpointTokens' | 'levels' | 'sharing'>;
  readonly routes: Pick<Routes, 'current' | 'state' | 'stampedUse'>;
  readonly activity: Activity;
  /** The other replicas; undefined where this one is alone. */
  readonly peers?: PeersView | undefined;
  /** Undefined where no policy stops idle tasks. */
  readonly idle?: Sources['idle'];
}

/**
 * What somebody may see, for the page as for the API.
 *
 * @param shown what of it they look at: whether those answer is checked where nothing was heard of them lately.
 */
export type Lister = (
  known: Known,
  shown: (listing: Listing) => readonly ListedEndpoint[],
) => Promise<Listing | Denied>;

/** The places that URLs are made of. */
function placesOf(settings: Settings): Places {
  return {
    ...endpointPlaces(settings),
    tcpAddress: settings.TCP_ROUTER_ADDRESS,
    tcpRange: publicRange(settings),
    clearmlWebUrl: settings.CLEARML_WEB_URL,
  };
}

export function createLister(parts: ListerParts): Lister {
  const { settings, auth, routes, activity, peers, idle } = parts;
  const places = placesOf(settings);
  const replica: Replica = {
    name: hostname(),
    startedAt: Math.round(performance.timeOrigin),
  };
  return async (known, shown) => {
    const { identity } = known;
    peers?.want();
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
    const enabled = staticRoutes(table).filter((route) => route.enabled);
    const open = await auth.viewer.openRoutes(known, enabled);
    if ('outcome' in open) return open;
    const sources = {
      table,
      state: routes.state(),
      activity: sharedView(activity.of, peers),
      peers,
      connections: await peers?.open(),
      stampedUse: routes.stampedUse,
      idle,
      places,
      replica,
      levels: auth.levels,
      ownAddresses: settings.VERIFY_TASK_PODS_STRICT,
      widest: settings.ACCESS_WIDEST,
      grants: auth.sharing?.grants,
      endpointTokens: auth.endpointTokens !== undefined,
    };
    const seen = { endpoints: new Set([...byRole, ...visible]), routes: open };
    const listing = listRoutes(sources, seen, identity);
    const looked = await activity.checks.look(
      shown(listing).flatMap(({ id }) => table.endpoints.get(id) ?? []),
    );
    return looked ? listRoutes(sources, seen, identity) : listing;
  };
}
