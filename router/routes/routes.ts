import type { ClearMl } from '../clearml/clearml.ts';
import type { TaskRow } from '../clearml/task_row.ts';
import type { Settings } from '../settings/settings.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { CheckedAddress } from './asks/address.ts';
import type { MigrationRecord } from './claims/migrate.ts';
import type { EndpointId } from '../grammar/endpoint_id.ts';
import type { Leadership } from './leader.ts';
import type { NoPort } from './ports/barred.ts';
import type { PortBinder } from './ports/port_binder.ts';
import type { RouteSource } from './model/table.ts';
import type { TaskPods } from './asks/task_pods.ts';

/** The settings that decide what is routed, and where. */
type RouteSettings = Pick<
  Settings,
  | 'ROUTER_NAME'
  | 'ROUTER_URL'
  | 'ROUTER_WILDCARD_HOST'
  | 'ROUTER_PATH_FORM'
  | 'CLEARML_API_HOST'
  | 'LISTEN_QUEUE_NAME'
  | 'TASK_NETWORKS'
  | 'TASK_CA_FILE'
  | 'STATIC_ROUTES_FILE'
  | 'POLL_INTERVAL'
  | 'TCP_ROUTER_ADDRESS'
  | 'TCP_PORT_START'
  | 'TCP_PORT_END'
  | 'TCP_LISTEN_START'
  | 'TCP_MAX_PORTS_PER_TASK'
  | 'TCP_MAX_PORTS_PER_USER'
  | 'BIND_ADDRESS'
  | 'HTTP_PORT'
  | 'ADMIN_PORT'
> &
  Partial<Pick<Settings, 'HEALTH_PORT' | 'ROUTER_PAGES_URL'>>;

export interface RoutesParts {
  readonly settings: RouteSettings;
  readonly clearml: ClearMl;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly leadership: Leadership;
  readonly ports: PortBinder;
  /** Why an endpoint gets no port of the range; left out where each may have one. Asked in each look, so it costs no more than a few look-ups. */
  readonly noPort?: NoPort | undefined;
  /**
   * Whether a static route has to name `owners` to be served: endpoints are not for everybody who sees their tasks, and whoever may edit a
   * task could put another's behind a route that takes any. Asked in each look; left out where none has to.
   */
  readonly needsOwners?: (() => boolean) | undefined;
  /** Keys of the stamps on answers: the first stamps, all verify. The same list until a secret changes. */
  readonly stampKeys: () => readonly Uint8Array[];
  /** When an endpoint was used last, as far as the replicas that run know: milliseconds since the epoch, 0 for never. */
  readonly usedAt?: ((id: EndpointId) => number) | undefined;
  /** Where it is kept that the answers of version 0.2 are stamped; left out where nothing is kept for all replicas and for ever. */
  readonly migration?: MigrationRecord | undefined;
  /** Left out where VERIFY_TASK_PODS is not set. */
  readonly taskPods?: TaskPods | undefined;
  /** KUBERNETES_SERVICE_HOST; undefined outside a cluster. */
  readonly kubernetesHost: string | undefined;
}

/** How the reconciler stands, for /readyz. */
export interface RoutesState {
  /** The first look at ClearML has succeeded. */
  readonly ready: boolean;
  readonly leader: boolean;
  /** Name of the replica that leads; undefined where it is not known, or where the process is alone. */
  readonly holder: string | undefined;
  /** What went wrong with the last look; undefined when it succeeded. */
  readonly lastError: string | undefined;
  /** The last look that failed, even when others have succeeded since; `at` in milliseconds since the epoch. */
  readonly lastFailure: { readonly at: number; readonly message: string } | undefined;
  readonly problems: readonly string[];
  readonly portsLeft: number | undefined;
}

/** Where the route table comes from: looks at ClearML for ever, hands out ports, writes answers. */
export interface Routes extends RouteSource {
  readonly start: () => void;
  /** Resolves when no call is under way any more; the last table stays. */
  readonly stop: () => Promise<void>;
  readonly state: () => RoutesState;
  /**
   * When a task was used last by what stands in it, which outlives replicas and is late by minutes. Milliseconds since the epoch; 0
   * where nothing valid stands there.
   */
  readonly stampedUse: (taskId: string) => number;
  /** The checks that an address passes which a task names, for one that it does not name. */
  readonly mayReach: (address: string, port: string) => CheckedAddress;
  /** Whether tasks of its queue are this router's, as of the last look. */
  readonly serves: (task: Pick<TaskRow, 'queueId'>) => boolean;
  /** What a task says of how long it may be idle (`router_idle_stop`); undefined for nothing. */
  readonly idleWish: (taskId: string) => string | undefined;
}

export type CreateRoutes = (parts: RoutesParts) => Routes;
