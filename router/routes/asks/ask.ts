import { runtimeKey, type RuntimeKey } from '../../grammar/runtime_keys.ts';

/** What a task says about one HTTP endpoint; still the task's word, nothing checked. */
export interface HttpAsk {
  readonly address: string;
  readonly port: string;
  /** Name of the static route it asks for. */
  readonly staticRoute: string | undefined;
  /** `router_health_path` as it stands; empty where the task names none. */
  readonly healthPath: string;
  /** `router_keep_prefix`; empty where the task does not say. */
  readonly keepPrefix: string;
  /** `router_scheme`; empty where the task does not say. */
  readonly scheme: string;
  /** `router_http_stamp` as it stands. */
  readonly stamp: string;
}

/** What stands in a task's runtime about one TCP endpoint: its ask, or the router's answer over it. */
export interface TcpAsk {
  readonly address: string;
  readonly port: string;
  /** `_ADDRESS` of the same endpoint: serves where `external_address` is empty. */
  readonly httpAddress: string;
  readonly upstreamAddress: string;
  readonly upstreamPort: string;
  /** `router_tcp_answer` as it stands. */
  readonly recordedAnswer: string;
  /** `router_tcp_stamp` as it stands. */
  readonly stamp: string;
  /** `router_proxy_protocol`; empty where the task does not ask for it. */
  readonly proxyProtocol: string;
}

/** All that a task asks under one suffix. */
export interface EndpointAsk {
  readonly name: string | undefined;
  /** `router_access` as it stands; empty where the task does not say. */
  readonly access: string;
  readonly http: HttpAsk | undefined;
  readonly tcp: TcpAsk | undefined;
}

const HTTP_PORT: RuntimeKey = '_PORT';
const TCP_PORT: RuntimeKey = 'external_tcp_port';

/** An ask is known by its port: `_SERVICE` holds only the last of several asks of one endpoint. */
function namesThatAsk(runtime: ReadonlyMap<string, string>): Set<string | undefined> {
  const names = new Set<string | undefined>();
  for (const [key, value] of runtime) {
    if (value === '') continue;
    for (const port of [HTTP_PORT, TCP_PORT]) {
      if (key === port) names.add(undefined);
      else if (key.startsWith(`${port}__`) && key.length > port.length + 2) {
        names.add(key.slice(port.length + 2));
      }
    }
  }
  return names;
}

/** The asks in a runtime, the unnamed endpoint first, the others by name. */
export function readAsks(runtime: ReadonlyMap<string, string>): readonly EndpointAsk[] {
  const names = namesThatAsk(runtime);
  const unnamed = names.delete(undefined) ? [undefined] : [];
  const named = [...names].filter((name) => name !== undefined);
  return [...unnamed, ...named.toSorted((a, b) => (a < b ? -1 : 1))].map((name): EndpointAsk => {
    const value = (key: RuntimeKey): string => runtime.get(runtimeKey(key, name)) ?? '';
    const http = value('_PORT') === '' ? undefined : readHttp(value);
    const tcp = value('external_tcp_port') === '' ? undefined : readTcp(value);
    return { name, access: value('router_access'), http, tcp };
  });
}

function readHttp(value: (key: RuntimeKey) => string): HttpAsk {
  // The mode is what the server said of the route when the task asked; the route's name alone decides.
  const route = value('_ROUTER_ENDPOINT_MODE_PARAM');
  return {
    address: value('_ADDRESS'),
    port: value('_PORT'),
    staticRoute: route === '' ? undefined : route,
    healthPath: value('router_health_path'),
    keepPrefix: value('router_keep_prefix'),
    scheme: value('router_scheme'),
    stamp: value('router_http_stamp'),
  };
}

function readTcp(value: (key: RuntimeKey) => string): TcpAsk {
  return {
    address: value('external_address'),
    port: value('external_tcp_port'),
    httpAddress: value('_ADDRESS'),
    upstreamAddress: value('upstream_task_address'),
    upstreamPort: value('upstream_task_port'),
    recordedAnswer: value('router_tcp_answer'),
    stamp: value('router_tcp_stamp'),
    proxyProtocol: value('router_proxy_protocol'),
  };
}
