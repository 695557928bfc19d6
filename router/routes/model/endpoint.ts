import type { EndpointId } from '../../grammar/endpoint_id.ts';

/** An address that passed the address rules: a literal IP and a port. Nothing is resolved after this point. */
export interface Upstream {
  readonly address: string;
  readonly family: 4 | 6;
  readonly port: number;
}

/** Whether two upstreams are one place. The family follows from the address. */
export function sameUpstream(a: Upstream, b: Upstream): boolean {
  return a === b || (a.address === b.address && a.port === b.port);
}

/** What an endpoint leads to by one protocol, as far as that is known. */
export type Route =
  | { readonly state: 'open'; readonly upstream: Upstream }
  /** The task asked, but has not said where it listens. */
  | { readonly state: 'waiting' }
  /** The ask cannot be served; the reason is plain text for the operator and the task's owner. */
  | { readonly state: 'refused'; readonly reason: string };

/** The TCP route of an endpoint. */
export type TcpRoute = Route & {
  /** The allocated port of the router's range, if any. */
  readonly port: number | undefined;
  /** The task asked to be told, by a PROXY header of version 2, who connects. */
  readonly proxyHeader?: boolean;
};

export type OpenRoute = Route & { readonly state: 'open' };
export type OpenTcpRoute = TcpRoute & OpenRoute;

/** What the router keeps of a task. The runtime dictionary, which holds the task's secrets, is not part of it. */
export interface Task {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly projectName: string | undefined;
  readonly userId: string;
  readonly companyId: string;
  readonly queueId: string | undefined;
  /** Milliseconds since the epoch; 0 when the server does not say. */
  readonly startedAt: number;
}

/** One endpoint of one running task. */
export interface Endpoint {
  readonly id: EndpointId;
  /** The suffix of the runtime keys without its `__`; undefined for the task's unnamed endpoint. */
  readonly name: string | undefined;
  /** DNS label of the endpoint under ROUTER_WILDCARD_HOST; undefined where the name makes none. */
  readonly label: string | undefined;
  readonly task: Task;
  readonly http: Route | undefined;
  readonly tcp: TcpRoute | undefined;
}
