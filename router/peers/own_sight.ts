import { hostname } from 'node:os';
import type { Activity } from '../activity/activity.ts';
import type { WayActivity } from '../activity/health.ts';
import type { EndpointId } from '../grammar/endpoint_id.ts';
import type { RouteSource } from '../routes/model/table.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { VERSION } from '../version.ts';
import { newId } from './journal.ts';
import type { EndpointSeen, HealthSeen, OpenConnections, Replica } from './told.ts';

/** What this replica alone sees, and tells the others. */
export interface OwnSight {
  readonly replica: Replica;
  /** Those of the route table. */
  readonly endpoints: () => ReadonlyMap<EndpointId, unknown>;
  readonly seen: (id: EndpointId) => EndpointSeen;
  readonly open: () => Promise<OpenConnections>;
}

/** What it is read off. */
export interface OwnSightParts {
  readonly routes: Pick<RouteSource, 'current'>;
  readonly activity: Pick<Activity, 'of' | 'served'>;
  readonly metrics: Pick<Metrics, 'openSockets'>;
}

export function createOwnSight({ routes, activity, metrics }: OwnSightParts): OwnSight {
  return {
    replica: {
      id: newId(),
      name: hostname(),
      version: VERSION,
      startedAt: Math.round(performance.timeOrigin),
    },
    endpoints: () => routes.current().endpoints,
    seen: (id) => {
      const [http, tcp] = [activity.of(id, 'http'), activity.of(id, 'tcp')];
      const { requests, latencyMs } = activity.served(id);
      return {
        usedAt: Math.max(http.usedAt, tcp.usedAt),
        ...(wasTried(http) && { http: healthOf(http) }),
        ...(wasTried(tcp) && { tcp: healthOf(tcp) }),
        ...(requests > 0 && { served: { requests, latencyMs: Math.round(latencyMs) } }),
      };
    },
    open: async () => {
      const open = { websocket: 0, tcp: 0, tunnel: 0 };
      for (const { labels, value } of (await metrics.openSockets.get()).values) {
        const { kind } = labels;
        if (kind === 'websocket' || kind === 'tcp' || kind === 'tunnel') open[kind] = value;
      }
      return open;
    },
  };
}

function wasTried({ answeredAt, failedAt }: WayActivity): boolean {
  return answeredAt > 0 || failedAt > 0;
}

function healthOf({ answeredAt, failedAt, failingSince, failure }: WayActivity): HealthSeen {
  return { answeredAt, failedAt, failingSince, failure };
}
