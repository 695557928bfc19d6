/**
 * What stands after `/service/` in a URL: a task's id (32 hex digits) and, for a named endpoint, `__<name>`.
 * The same text names the endpoint in logs, metrics and access decisions.
 */
export type EndpointId = string;

/** An address that passed the address rules: a literal IP and a port. Nothing is resolved after this point. */
export interface Upstream {
  readonly address: string;
  readonly family: 4 | 6;
  readonly port: number;
}

/** One way into an endpoint, as far as it has come. */
export type Lane =
  | { readonly state: 'open'; readonly upstream: Upstream }
  /** The task asked, but has not said where it listens. */
  | { readonly state: 'waiting' }
  /** The ask cannot be served; the reason is plain text for the operator and the task's owner. */
  | { readonly state: 'refused'; readonly reason: string };

/** The TCP way into an endpoint. */
export type TcpLane = Lane & {
  /** The allocated port of the router's range, if any. */
  readonly port: number | undefined;
  /** The task asked to be told, by a PROXY header of version 2, who connects. */
  readonly proxyHeader?: boolean;
};

export type OpenTcpLane = TcpLane & { readonly state: 'open' };

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
  readonly http: Lane | undefined;
  readonly tcp: TcpLane | undefined;
}
