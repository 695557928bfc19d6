import type { ActivityView } from '../../activity/activity.ts';
import type { RoutesState } from '../../routes/routes.ts';
import type { RouteTable } from '../../routes/model/table.ts';
import type { PortRange } from '../../settings/tcp_range.ts';
import type { RouterUrl } from '../../settings/values.ts';

/** What the URLs of a listing are made of. */
export interface Places {
  readonly router: RouterUrl;
  readonly wildcardHost: string | undefined;
  /** ROUTER_PATH_FORM. */
  readonly pathForm: boolean;
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
  readonly places: Places;
  readonly replica: Replica;
  /** Whether this router keeps endpoint tokens. */
  readonly endpointTokens: boolean;
}
