import { usedAt } from '../activity/health.ts';
import type { Activity } from '../activity/activity.ts';
import type { ClearMl } from '../clearml/clearml.ts';
import type { Peers } from '../peers/peers.ts';
import type { Settings } from '../settings/settings.ts';
import { endpointPlaces } from '../settings/urls.ts';
import { Reporter, type ReporterParts } from './reporter.ts';
import type { Tally } from './tally.ts';

type Parts = Pick<ReporterParts, 'routes' | 'leadership' | 'log'> & {
  readonly clearml: Pick<ClearMl, 'modelEndpoints'>;
  readonly activity: Activity;
  /** Undefined where the others are not asked. */
  readonly peers: Peers | undefined;
  /** What `peers` heard. */
  readonly tally: Tally;
};

/** Undefined where MODEL_ENDPOINTS_SECONDS is not set, or where one replica would report what it alone saw. */
export function createReporterFor(settings: Settings, parts: Parts): Reporter | undefined {
  const { MODEL_ENDPOINTS_SECONDS: interval, LEASE_NAME, ROUTER_NAME: routerName } = settings;
  if (interval === undefined) return undefined;
  const { activity, peers, tally, routes, log } = parts;
  if (LEASE_NAME !== undefined && peers === undefined) {
    log.warn(
      { event: 'model_endpoints_off' },
      'MODEL_ENDPOINTS_SECONDS is set, but PEERS_HOST is not: what other replicas served is not known, and nothing is reported',
    );
    return undefined;
  }
  return new Reporter({
    ...parts,
    interval,
    routerName,
    places: endpointPlaces(settings),
    api: parts.clearml.modelEndpoints,
    served: (id) => {
      const [own, others] = [activity.served(id), tally.of(id)];
      return {
        requests: own.requests + others.requests,
        latencyMs: own.latencyMs + others.latencyMs,
      };
    },
    usedAt: (id) => Math.max(usedAt(activity.of, id), peers?.seen(id).usedAt ?? 0),
    looked: () => {
      const found = peers?.state().others.flatMap(({ replica }) => replica?.id ?? []);
      tally.keep(routes.current().endpoints, new Set(found));
    },
  });
}
