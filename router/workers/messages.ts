import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import type { OwnLogin } from '../auth/clearml_authority.ts';
import type { Notice } from '../auth/notices.ts';
import type { ActivityChange } from '../proxy/activity.ts';
import type { KeyState } from '../auth/key_ring.ts';
import type { DrainTimes } from '../drain_times.ts';
import type { RoutesState } from '../routes/routes.ts';
import type { LogLevel } from '../telemetry/log.ts';
import type { RouteTable } from '../routes/table.ts';

/** The values of a process's metrics, as prom-client adds them up. */
export type MetricsReport = MetricObjectWithValues<MetricValue<string>>[];

/** How often processes tell each other what they saw of the traffic. Milliseconds. */
export const ACTIVITY_INTERVAL = 2_000;

/** What the process that looks at ClearML tells its workers. Sent by structured clone, so maps arrive as maps. */
export type ToWorker =
  | { readonly kind: 'table'; readonly table: RouteTable; readonly state: RoutesState }
  /** Only the times of the table have changed: ten thousand routes need not be sent again for that. */
  | {
      readonly kind: 'confirmed';
      readonly times: Pick<RouteTable, 'version' | 'confirmedAt' | 'stale' | 'problems'>;
      readonly state: RoutesState;
    }
  /** The router's own login: it shows how the signing key is encoded, and how ClearML's cookie is called. */
  | { readonly kind: 'login'; readonly login: OwnLogin }
  /** What the other processes of this router saw of the traffic. */
  | { readonly kind: 'activity'; readonly changes: readonly ActivityChange[] }
  /** What another worker revoked or counted. */
  | { readonly kind: 'notice'; readonly notice: Notice }
  | { readonly kind: 'log-level'; readonly level: LogLevel }
  | { readonly kind: 'measure' }
  | { readonly kind: 'drain'; readonly times: DrainTimes };

/** What a worker tells the process that started it. */
export type FromWorker =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'key'; readonly state: KeyState }
  | { readonly kind: 'activity'; readonly changes: readonly ActivityChange[] }
  | { readonly kind: 'notice'; readonly notice: Notice }
  | { readonly kind: 'metrics'; readonly report: MetricsReport };
