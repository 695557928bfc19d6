import { SERVICE_PATH, type EndpointId } from '../grammar/endpoint_id.ts';
import type { Endpoint } from '../routes/model/endpoint.ts';
import type { RouteTable, StaticRoute } from '../routes/model/table.ts';
import { staticRouteUrl } from '../routes/static/static_routes.ts';
import { programUrl, type EndpointPlaces } from '../settings/urls.ts';
import type { Container } from '../clearml/model_endpoints.ts';

const LONGEST_NAME = 200;

/** What a terminal or a browser acts on, or what turns the direction of writing: names are what people chose. */
const ACTIVE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;

/** A name of somebody's for ClearML's page: one line, and never empty, which the server refuses. */
function plain(name: string, instead: string): string {
  const text = name
    .slice(0, 2 * LONGEST_NAME)
    .replace(ACTIVE, ' ')
    .trim();
  return text === '' ? instead : Array.from(text).slice(0, LONGEST_NAME).join('');
}

/** What all ids of this router's containers begin with. */
export function containerIds(routerName: string): string {
  return `task-router:${routerName}:`;
}

function listOf<T>(one: T | undefined): readonly T[] {
  return one === undefined ? [] : [one];
}

/** What a table says of places, without a look at each of its endpoints. */
type Table = Pick<RouteTable, 'endpoints' | 'labels' | 'staticPaths' | 'staticHosts'>;

/** The static routes that are served, by the endpoints that serve them. */
function servedRoutes({ staticPaths, staticHosts }: Table): ReadonlyMap<EndpointId, StaticRoute> {
  const routes = new Map<EndpointId, StaticRoute>();
  for (const route of [...staticPaths.values(), ...staticHosts.values()]) {
    if (route.enabled) for (const { id } of route.endpoints) routes.set(id, route);
  }
  return routes;
}

/** The open web servers of a table, and what stands on the page of each. */
export class Places {
  readonly #table: Table;
  readonly #urls: EndpointPlaces;
  readonly #routerName: string;
  readonly #routes: ReadonlyMap<EndpointId, StaticRoute>;

  constructor(table: Table, urls: EndpointPlaces, routerName: string) {
    this.#table = table;
    this.#urls = urls;
    this.#routerName = routerName;
    this.#routes = servedRoutes(table);
  }

  /** All to which some URL leads. */
  open(): readonly Endpoint[] {
    return [...this.#table.endpoints.values()].filter(
      (endpoint) => endpoint.http?.state === 'open' && this.#urlOf(endpoint) !== undefined,
    );
  }

  container(endpoint: Endpoint): Container {
    const { task, id, name } = endpoint;
    const taskName = plain(task.name, task.id);
    return {
      id: containerIds(this.#routerName) + id,
      endpointName: this.#routes.get(id)?.name ?? (name === undefined ? taskName : plain(name, id)),
      modelName: taskName,
      url: this.#urlOf(endpoint) ?? '',
      taskId: task.id,
    };
  }

  /** The endpoints whose URL this is, or is below, in whichever form; `reported` is anybody's text. */
  near(reported: string): readonly Endpoint[] {
    const url = URL.parse(reported);
    if (url === null) return [];
    const { router, wildcardHost } = this.#urls;
    const { endpoints, labels, staticPaths, staticHosts } = this.#table;
    const host = staticHosts.get(url.hostname);
    if (host !== undefined) return host.endpoints;
    if (wildcardHost !== undefined && url.hostname.endsWith(`.${wildcardHost}`)) {
      return listOf(labels.get(url.hostname.slice(0, -wildcardHost.length - 1)));
    }
    if (url.hostname !== router.hostname) return [];
    if (!url.pathname.startsWith(SERVICE_PATH)) {
      return staticPaths.get(url.pathname.split('/', 2)[1] ?? '')?.endpoints ?? [];
    }
    const [id = ''] = url.pathname.slice(SERVICE_PATH.length).split('/', 1);
    return listOf(endpoints.get(id));
  }

  /** As the task is told. */
  #urlOf(endpoint: Endpoint): string | undefined {
    const route = this.#routes.get(endpoint.id);
    return route === undefined
      ? programUrl(this.#urls, endpoint)
      : staticRouteUrl(route, this.#urls.router);
  }
}
