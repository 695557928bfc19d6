import type { ModelEndpoints, ReportedContainer } from '../clearml/model_endpoints.ts';
import { RouterError } from '../errors.ts';
import type { EndpointId } from '../grammar/endpoint_id.ts';
import type { Endpoint } from '../routes/model/endpoint.ts';
import { MOST_LISTED } from './choice.ts';
import type { Places } from './places.ts';

/** What is known of what reports at a URL. */
interface Known {
  /** Containers there that are none of this router's; NaN where ClearML had no answer when it was asked last. */
  readonly others: number;
  /** How often it had none, one after the other. */
  readonly failures: number;
  readonly askedAt: number;
  /** Tasks that they say they are. */
  readonly taskIds: ReadonlySet<string>;
  /** One of them does not say which task it is, or ClearML never answers. */
  readonly unnamed: boolean;
  /** What this router's own, by their ids, had served when they last reported. */
  readonly own: ReadonlyMap<string, number>;
}

/** Who reports an endpoint beside this router: unknown until ClearML was asked. */
export type OtherReport = 'none' | 'task' | 'unknown';

/** URLs of places that are asked about in one look. */
const MOST_NEAR = 100;
/** Other URLs: something there may say that it is a task behind this router. */
const MOST_FAR = 20;
/** Of these two together; those at places come first, and there are no more of them than are listed. */
const MOST_KNOWN = 4_000;
/** Ids of tasks that are kept of one URL; what serves there is one task as a rule. */
const MOST_TASKS = 64;
/** Containers of this router's that are kept, of all URLs: with those that are to go, more than are ever listed. */
const MOST_OWN = 2 * MOST_LISTED;
/** Longer ids than these the router never made. */
const LONGEST_OWN_ID = 512;
/** Without an answer, in one look or of one URL. */
const MOST_FAILURES = 3;
/** How long an answer counts while as many report as before. */
const KNOWN_MS = 10 * 60_000;

/** What this router reports at each URL, by the number of containers. */
export type OwnReports = ReadonlyMap<string, number>;

/**
 * Finds out which tasks report themselves. A container counts as a task's own where it says so, wherever it is, and where it says no
 * task and is at a URL of the task's endpoint or below: anybody with an account can make the router leave an endpoint alone this way,
 * and nothing worse. ClearML tells how many report at each URL, and who only of one URL at a time, which is asked when the number changed.
 */
export class OtherReports {
  readonly #api: Pick<ModelEndpoints, 'reportedUrls' | 'containersAt'>;
  readonly #isOwn: (containerId: string) => boolean;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  #tasks: ReadonlySet<string> = new Set();
  #places: ReadonlySet<EndpointId> = new Set();
  #unknown: ReadonlySet<EndpointId> = new Set();

  /** @param isOwn whether this router made the id of a container. @param now milliseconds that never jump. */
  constructor(
    api: Pick<ModelEndpoints, 'reportedUrls' | 'containersAt'>,
    isOwn: (containerId: string) => boolean,
    now: () => number,
  ) {
    this.#api = api;
    this.#isOwn = isOwn;
    this.#now = now;
  }

  /** Rejects as the calls of the API do, but for URLs about which ClearML has no answer. */
  async look(places: Pick<Places, 'near'>, own: OwnReports): Promise<void> {
    const counts = new Map<string, number>();
    for (const { url, containers } of await this.#api.reportedUrls()) counts.set(url, containers);
    for (const url of this.#known.keys()) if (!counts.has(url)) this.#known.delete(url);
    const endpointsNear = new Map<string, readonly Endpoint[]>();
    const isRoom = this.#known.size < MOST_KNOWN;
    const near: string[] = [];
    const far: string[] = [];
    for (const [url, containers] of counts) {
      const endpoints = places.near(url);
      endpointsNear.set(url, endpoints);
      if (this.#isExplained(url, containers, own.get(url) ?? 0)) continue;
      if (endpoints.length > 0) near.push(url);
      else if (isRoom || this.#known.has(url)) far.push(url);
    }
    await this.#askAbout(near, MOST_NEAR);
    await this.#askAbout(far, MOST_FAR);
    this.#judge(counts, endpointsNear, own);
  }

  of({ id, task }: Endpoint): OtherReport {
    if (this.#tasks.has(task.id) || this.#places.has(id)) return 'task';
    return this.#unknown.has(id) ? 'unknown' : 'none';
  }

  /** What this router's own containers had served when they last reported, as far as it was asked; by their ids. */
  own(): ReadonlyMap<string, number> {
    return new Map([...this.#known.values()].flatMap(({ own }) => [...own]));
  }

  #isExplained(url: string, containers: number, own: number): boolean {
    const known = this.#known.get(url);
    if (known === undefined) {
      if (own === 0 || containers !== own) return false;
      this.#known.set(url, { ...NOBODY, askedAt: this.#now() });
      return true;
    }
    return known.others + own === containers && this.#now() - known.askedAt < KNOWN_MS;
  }

  /** Those first of which nothing is known, then those that were asked longest ago. */
  async #askAbout(urls: readonly string[], most: number): Promise<void> {
    const askedAt = (url: string): number => this.#known.get(url)?.askedAt ?? -1;
    const order = urls.toSorted((a, b) => askedAt(a) - askedAt(b));
    let failures = 0;
    for (const url of order.slice(0, most)) {
      try {
        this.#known.set(url, this.#read(await this.#api.containersAt(url), this.#roomFor(url)));
      } catch (error) {
        if (!isOfOneUrl(error)) throw error;
        this.#known.set(url, this.#unanswered(this.#known.get(url)));
        failures += 1;
        if (failures === MOST_FAILURES) return;
      }
    }
  }

  /** What was known of it holds a while longer: ours stays beside what is there, or waits. */
  #unanswered(known: Known | undefined): Known {
    const { failures, unnamed, ...before } = known ?? NOBODY;
    const more = failures + 1;
    return {
      ...before,
      others: Number.NaN,
      failures: more,
      unnamed: unnamed || more >= MOST_FAILURES,
      askedAt: this.#now(),
    };
  }

  /** How many more of this router's containers are kept at a URL. */
  #roomFor(url: string): number {
    let room = MOST_OWN;
    for (const [other, { own }] of this.#known) if (other !== url) room -= own.size;
    return room;
  }

  /** Keeps no more than fits the memory, whoever made it up. */
  #read(containers: readonly ReportedContainer[], room: number): Known {
    const own = new Map<string, number>();
    const others = containers.filter(({ id, requests }) => {
      if (!this.#isOwn(id)) return true;
      if (own.size < room && id.length <= LONGEST_OWN_ID) own.set(id, requests);
      return false;
    });
    const taskIds = new Set<string>();
    for (const other of others) {
      for (const id of other.taskIds) if (taskIds.size < MOST_TASKS) taskIds.add(id);
    }
    return {
      others: others.length,
      failures: 0,
      askedAt: this.#now(),
      taskIds,
      unnamed: others.some((other) => other.taskIds.length === 0),
      own,
    };
  }

  #judge(
    counts: ReadonlyMap<string, number>,
    endpointsNear: ReadonlyMap<string, readonly Endpoint[]>,
    own: OwnReports,
  ): void {
    const [places, unknown] = [new Set<EndpointId>(), new Set<EndpointId>()];
    for (const [url, containers] of counts) {
      const known = this.#known.get(url);
      const ids = (endpointsNear.get(url) ?? []).map(({ id }) => id);
      if (known?.unnamed === true) for (const id of ids) places.add(id);
      if ((known?.failures ?? 1) > 0 && containers > (own.get(url) ?? 0)) {
        for (const id of ids) unknown.add(id);
      }
    }
    this.#tasks = new Set([...this.#known.values()].flatMap(({ taskIds }) => [...taskIds]));
    this.#places = places;
    this.#unknown = unknown;
  }
}

const NOBODY: Omit<Known, 'askedAt'> = {
  others: 0,
  failures: 0,
  taskIds: new Set(),
  unnamed: false,
  own: new Map(),
};

/** What is wrong with one URL, as a server that fails over what was reported there, says nothing of the others. */
function isOfOneUrl(error: unknown): boolean {
  return (
    error instanceof RouterError &&
    error.code !== 'CLEARML_UNAUTHORIZED' &&
    error.code !== 'CLEARML_CALL_UNKNOWN'
  );
}
