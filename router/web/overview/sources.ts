import type { Levels } from '../../auth/auth.ts';
import type { Grants } from '../../auth/sharing/grants.ts';
import type { EndpointLevel } from '../../grammar/access_level.ts';
import type { ActivityView } from '../../activity/health.ts';
import type { PeersView } from '../../peers/peers.ts';
import type { IdleTask } from '../../idle/idle_watch.ts';
import type { Routes, RoutesState } from '../../routes/routes.ts';
import type { RouteTable } from '../../routes/model/table.ts';
import type { PortRange } from '../../settings/tcp_range.ts';
import type { EndpointPlaces } from '../../settings/urls.ts';

/** What the URLs of a listing are made of. */
export interface Places extends EndpointPlaces {
  readonly tcpAddress: string | undefined;
  readonly tcpRange: PortRange | undefined;
  readonly clearmlWebUrl: string | undefined;
}

/** The process that answers. */
export interface Replica {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** Everything that a listing is read off, at one moment. */
export interface Sources {
  readonly table: RouteTable;
  readonly state: RoutesState;
  readonly activity: ActivityView;
  /** The other replicas; undefined where this one is alone. */
  readonly peers: Pick<PeersView, 'seen' | 'state'> | undefined;
  /** Open at all replicas together. */
  readonly connections: Awaited<ReturnType<PeersView['open']>> | undefined;
  /** When a task was used last by what stands in it; 0 where it is not known. */
  readonly stampedUse: Routes['stampedUse'];
  /** How long a task has been idle, where a policy stops such tasks. */
  readonly idle: ((taskId: string) => IdleTask | undefined) | undefined;
  readonly places: Places;
  readonly replica: Replica;
  /** Undefined with AUTH_ENABLED=false. */
  readonly levels: Levels | undefined;
  /** Whether an address is known to be that of its task's own pod: VERIFY_TASK_PODS_STRICT. */
  readonly ownAddresses: boolean;
  /** ACCESS_WIDEST. */
  readonly widest: EndpointLevel;
  /** What owners gave to others; undefined where sharing is off. */
  readonly grants: Pick<Grants, 'of'> | undefined;
  /** Whether this router keeps endpoint tokens. */
  readonly endpointTokens: boolean;
}
