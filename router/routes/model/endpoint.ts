import type { EndpointLevel } from '../../grammar/access_level.ts';
import type { EndpointId } from '../../grammar/endpoint_id.ts';

/** How tasks are spoken to over TLS; one for all of them. */
export interface TaskTls {
  /** Certificates that theirs are checked against, PEM; undefined: theirs are not checked. */
  readonly ca: string | undefined;
  /** The name that they are asked for; undefined for none. */
  readonly serverName: string | undefined;
}

/** An address that passed the address rules: a literal IP and a port. Nothing is resolved after this point. */
export interface Upstream {
  readonly address: string;
  readonly family: 4 | 6;
  readonly port: number;
  /** The task wants to be spoken to over TLS. */
  readonly tls?: TaskTls | undefined;
}

/** Whether two upstreams are one place. The family follows from the address. */
export function samePlace(a: Upstream, b: Upstream): boolean {
  return a.address === b.address && a.port === b.port;
}

/** Whether they are spoken to in the same way, too. */
export function sameUpstream(a: Upstream, b: Upstream): boolean {
  return a === b || (samePlace(a, b) && a.tls === b.tls);
}

/** What an endpoint leads to by one protocol, as far as that is known. */
export type Route =
  | { readonly state: 'open'; readonly upstream: Upstream }
  /** The task asked, but has not said where it listens. */
  | { readonly state: 'waiting' }
  /** The ask cannot be served; the reason is plain text for the operator and the task's owner. */
  | { readonly state: 'refused'; readonly reason: string };

/** What a task says of its web server beside where it listens. */
export interface WebOptions {
  /** The path and query that the task wants to be asked whether it is well; checked by the grammar of paths. */
  readonly healthPath?: string | undefined;
  /**
   * What all paths of the app begin with, without a slash at the end, since the task asked that its prefix is not cut: the path of
   * its answered `endpoint`. Empty where that has none; undefined where the prefix is cut.
   */
  readonly basePath?: string | undefined;
}

export function sameWebOptions(a: WebOptions | undefined, b: WebOptions | undefined): boolean {
  return a?.healthPath === b?.healthPath && a?.basePath === b?.basePath;
}

/** The HTTP route of an endpoint. */
export type HttpRoute = Route & WebOptions;

/** The TCP route of an endpoint. */
export type TcpRoute = Route & {
  /** The allocated port of the router's range, if any. */
  readonly port: number | undefined;
  /** Why it gets none, where the router gives others one. */
  readonly noPort?: string | undefined;
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
  /** The task's own word (`router_access`), which only narrows; undefined where it says nothing. */
  readonly access: EndpointLevel | undefined;
  /** That word, where it is no level and counts as `owner`. */
  readonly unknownAccess?: string | undefined;
  readonly http: HttpRoute | undefined;
  readonly tcp: TcpRoute | undefined;
}
