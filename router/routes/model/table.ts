import { sameUpstream, type Endpoint, type Upstream } from './endpoint.ts';
import type { AccessLevel } from '../../grammar/access_level.ts';
import type { EndpointId } from '../../grammar/endpoint_id.ts';

/** Who may use a static route: the operator's word. `people` are those whom it names, and the owner of the task that serves. */
type StaticAccess = Exclude<AccessLevel, 'owner'>;

/** A route whose URL does not change with the task that serves it. */
export interface StaticRoute {
  readonly name: string;
  readonly type: 'path' | 'subdomain';
  /** First path segment for `path`, whole host name (lower case, no port) for `subdomain`. */
  readonly match: string;
  readonly access: StaticAccess;
  /** Ids of those whom `people` lets in. */
  readonly people?: readonly string[] | undefined;
  /** Several tasks may serve it, with session stickiness; otherwise the one that was there first serves. */
  readonly loadBalanced: boolean;
  readonly enabled: boolean;
  /** Whose tasks may serve it, by id or name; undefined: everybody's. */
  readonly owners?:
    { readonly users: readonly string[]; readonly queues: readonly string[] } | undefined;
  readonly status: 'not in use' | 'pending' | 'routing';
  /** The endpoints that serve it now, first started first. */
  readonly endpoints: readonly Endpoint[];
}

/** All that is routed at one moment. Immutable: the next look at ClearML makes a new one, so a request sees one state. */
export interface RouteTable {
  /** Grows by one with each table. */
  readonly version: number;
  /** When ClearML last confirmed this table; milliseconds since the epoch, 0 for the empty first table. */
  readonly confirmedAt: number;
  /** ClearML did not answer the last look: the table is the last known one. */
  readonly stale: boolean;
  readonly endpoints: ReadonlyMap<EndpointId, Endpoint>;
  /** By DNS label under ROUTER_WILDCARD_HOST, lower case. */
  readonly labels: ReadonlyMap<string, Endpoint>;
  /** By external port. Only endpoints whose TCP route is open. */
  readonly ports: ReadonlyMap<number, Endpoint>;
  /** By first path segment. */
  readonly staticPaths: ReadonlyMap<string, StaticRoute>;
  /** By host name, lower case, without port. */
  readonly staticHosts: ReadonlyMap<string, StaticRoute>;
  /** Problems an operator should see that belong to no endpoint: exhausted range, two routers that compete, … */
  readonly problems: readonly string[];
  /** By task id: what those who may see a task should know of it beside the state of its routes. */
  readonly notices: ReadonlyMap<string, string>;
}

/** Whether the HTTP route of an endpoint is open and leads to this upstream. */
export function leadsTo({ endpoints }: RouteTable, id: EndpointId, upstream: Upstream): boolean {
  const route = endpoints.get(id)?.http;
  return route?.state === 'open' && sameUpstream(route.upstream, upstream);
}

/** Where tables come from. `current` is called on each request: it must cost no more than reading a field. */
export interface RouteSource {
  readonly current: () => RouteTable;
  /** Called after each swap. Returns the function that ends the subscription. */
  readonly subscribe: (listener: (next: RouteTable, previous: RouteTable) => void) => () => void;
}

/** The table before the first look. */
export const EMPTY_TABLE: RouteTable = {
  version: 0,
  confirmedAt: 0,
  stale: false,
  endpoints: new Map(),
  labels: new Map(),
  ports: new Map(),
  staticPaths: new Map(),
  staticHosts: new Map(),
  problems: [],
  notices: new Map(),
};
