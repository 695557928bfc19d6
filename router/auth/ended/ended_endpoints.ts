import type { EndpointId } from '../../grammar/endpoint_id.ts';
import { ownCopy } from '../../own_copy.ts';
import type { Endpoint } from '../../routes/model/endpoint.ts';
import type { RouteSource, RouteTable } from '../../routes/model/table.ts';
import { excerpt } from '../../telemetry/hostile_text.ts';

/** An endpoint that was routed. */
export interface EndedEndpoint {
  /** As it was routed last. */
  readonly endpoint: Endpoint;
  /** When this replica saw that it is not any more; milliseconds since the epoch. */
  readonly endedAt: number;
}

/** Of more the oldest are forgotten. */
const MOST_KEPT = 1_000;
const KEEP_MS = 24 * 60 * 60_000;

/** Endpoints that were routed within a day, for those who had the right to them: by what this process saw since it started. */
export class EndedEndpoints {
  /** The last ended stand last. */
  readonly #ended = new Map<EndpointId, EndedEndpoint>();
  readonly #now: () => number;
  /** Forgets no more and learns no more. */
  readonly close: () => void;

  constructor(routes: RouteSource, now: () => number) {
    this.#now = now;
    this.close = routes.subscribe((table, previous) => this.#routed(table, previous));
  }

  get(id: EndpointId): EndedEndpoint | undefined {
    const ended = this.#ended.get(id);
    return ended !== undefined && this.#now() - ended.endedAt < KEEP_MS ? ended : undefined;
  }

  #routed({ endpoints }: RouteTable, { endpoints: before }: RouteTable): void {
    if (endpoints === before) return;
    for (const id of this.#ended.keys()) if (endpoints.has(id)) this.#ended.delete(id);
    for (const [id, endpoint] of before) {
      if (endpoints.has(id)) continue;
      this.#ended.set(id, { endpoint: brief(endpoint), endedAt: this.#now() });
    }
    for (const id of this.#ended.keys()) {
      if (this.#ended.size <= MOST_KEPT) return;
      this.#ended.delete(id);
    }
  }
}

/** Tasks and projects are named as their users like. */
function brief(endpoint: Endpoint): Endpoint {
  const { task } = endpoint;
  const name = briefly(task.name);
  const projectName = task.projectName && briefly(task.projectName);
  return { ...endpoint, task: { ...task, name, projectName } };
}

function briefly(text: string): string {
  return ownCopy(excerpt(text));
}
