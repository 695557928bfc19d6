import type { SettledEndpoint, SettledTask } from '../claims/clashes.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { RouteTable } from '../model/table.ts';
import type { EndpointId } from '../../grammar/endpoint_id.ts';

/** Why an endpoint gets no port of the range; undefined where it may have one. */
export type NoPort = (endpoint: Endpoint) => string | undefined;

/** An endpoint as its task and the clashes make it, before ports. */
export function withoutPort({ draft, task, http, tcp }: SettledEndpoint): Endpoint {
  const { id, name, label, access, unknownAccess } = draft;
  const web = http && { ...http, ...draft.http?.options };
  const route = tcp && { ...tcp, port: undefined };
  return { id, name, label, access, unknownAccess, task, http: web, tcp: route };
}

/** Endpoints that are to have no port, and why. */
export function barredFrom(
  tasks: readonly SettledTask[],
  noPort: NoPort | undefined,
): ReadonlyMap<EndpointId, string> {
  const barred = new Map<EndpointId, string>();
  if (noPort === undefined) return barred;
  for (const endpoint of tasks.flatMap(({ endpoints }) => endpoints)) {
    const reason = endpoint.tcp && noPort(withoutPort(endpoint));
    if (reason !== undefined) barred.set(endpoint.draft.id, reason);
  }
  return barred;
}

/** Whether a port is due to be given or taken though ClearML says nothing new. */
export function portsAreDue(
  { endpoints }: Pick<RouteTable, 'endpoints'>,
  noPort: NoPort | undefined,
): boolean {
  if (noPort === undefined) return false;
  for (const endpoint of endpoints.values()) {
    if (endpoint.tcp !== undefined && noPort(endpoint) !== endpoint.tcp.noPort) return true;
  }
  return false;
}
