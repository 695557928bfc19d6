import type { Served } from '../activity/served.ts';
import type { Container, ModelEndpoints } from '../clearml/model_endpoints.ts';
import { RouterError } from '../errors.ts';
import type { EndpointId } from '../grammar/endpoint_id.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { Leadership } from '../routes/leader.ts';
import type { Endpoint } from '../routes/model/endpoint.ts';
import type { RouteSource } from '../routes/model/table.ts';
import type { EndpointPlaces } from '../settings/urls.ts';
import type { Log } from '../telemetry/log.ts';
import { choose } from './choice.ts';
import { statusOf, type Reading } from './numbers.ts';
import { OtherReports } from './other_reports.ts';
import { containerIds, Places } from './places.ts';

/** What a reporter needs. */
export interface ReporterParts {
  /** MODEL_ENDPOINTS_SECONDS: between two reports of an endpoint that is used. Milliseconds. */
  readonly interval: number;
  readonly routerName: string;
  readonly places: EndpointPlaces;
  readonly routes: Pick<RouteSource, 'current'>;
  readonly api: ModelEndpoints;
  readonly leadership: Pick<Leadership, 'isLeader'>;
  /** What all replicas together served, as far as this one knows. */
  readonly served: (id: EndpointId) => Served;
  /** When an endpoint was used last, milliseconds since the epoch. */
  readonly usedAt: (id: EndpointId) => number;
  /** Called with each turn, at every replica. */
  readonly looked?: () => void;
  readonly log: Log;
  /** Milliseconds that never jump; tests replace it. */
  readonly now?: () => number;
}

/** What became of the open web servers with the last turn. */
export interface Listed {
  readonly reported: number;
  /** Left to their tasks, which report themselves. */
  readonly itself: number;
  /** More than are listed. */
  readonly leftOut: number;
}

/** An endpoint that is to stand on the page. */
interface Place {
  readonly endpoint: Endpoint;
  readonly container: Container;
}

/** What stands there by this process. */
interface Entry {
  readonly place: Place;
  readonly last: Reading;
  /** Requests of before this process knew of any. */
  readonly earlier: number;
}

/** How long the page may lack news of an endpoint that is not used. */
const QUIET_MS = 5 * 60_000;
/** How long an endpoint stays there whose router is gone, in times of the longest pause between its reports. */
const PAUSES_KEPT = 3;
const ASKED_AT_ONCE = 4;
/** Until a server is asked again that lacks these calls. */
const LACKS_MS = 60 * 60_000;
const LONGEST_PAUSE_MS = 10 * 60_000;

const NONE = { itself: 0, leftOut: 0 };

/** Lists the open web servers behind this router on ClearML's page of model endpoints, while this replica leads. */
export class Reporter {
  readonly #parts: ReporterParts;
  readonly #now: () => number;
  readonly #quietMs: number;
  readonly #loop: Loop;
  readonly #idsBegin: string;
  readonly #entries = new Map<EndpointId, Entry>();
  #others: OtherReports;
  #lacksUntil = -Infinity;
  #listed = NONE;

  constructor(parts: ReporterParts) {
    this.#parts = parts;
    this.#now = parts.now ?? (() => performance.now());
    this.#idsBegin = containerIds(parts.routerName);
    this.#quietMs = Math.max(parts.interval, QUIET_MS);
    this.#others = this.#newOthers();
    const { interval } = parts;
    this.#loop = createLoop({
      turn: () => this.turn(),
      interval,
      pauses: { first: interval, longest: Math.max(interval, LONGEST_PAUSE_MS) },
      failed: (error, again) => {
        if (again) return;
        const { message, stack } = error as Error;
        const told = error instanceof RouterError ? message : stack;
        parts.log.warn(
          { event: 'model_endpoints_failed', error: told },
          "ClearML's page of model endpoints is not kept true",
        );
      },
    });
  }

  start(): void {
    this.#loop.start();
  }

  /** What stands on the page stays: another replica goes on with it, or the server forgets it. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  readonly listed = (): Listed => ({ ...this.#listed, reported: this.#entries.size });

  /** The loop calls it. Rejects where ClearML does not answer. */
  async turn(): Promise<void> {
    const { routes, leadership, usedAt, places: urls, routerName } = this.#parts;
    this.#parts.looked?.();
    if (!leadership.isLeader()) {
      this.#forget();
      return;
    }
    const table = routes.current();
    if (table.confirmedAt === 0 || table.stale || this.#now() < this.#lacksUntil) return;
    const places = new Places(table, urls, routerName);
    if (!(await this.#lookAtOthers(places))) return;
    const open = places.open();
    const free = open.filter((endpoint) => this.#others.of(endpoint) !== 'task');
    const chosen = choose(free, (id) => this.#entries.has(id), usedAt);
    this.#listed = {
      itself: open.length - free.length,
      leftOut: free.length - chosen.length,
    };
    const listed = chosen.map((endpoint) => ({ endpoint, container: places.container(endpoint) }));
    await this.#unregister(new Set(listed.map(({ container }) => container.id)));
    await this.#report(listed);
  }

  /** False where the server lacks what this needs. */
  async #lookAtOthers(places: Places): Promise<boolean> {
    const own = new Map<string, number>();
    for (const { place } of this.#entries.values()) {
      const { url } = place.container;
      own.set(url, (own.get(url) ?? 0) + 1);
    }
    try {
      await this.#others.look(places, own);
      return true;
    } catch (error) {
      if (!(error instanceof RouterError) || error.code !== 'CLEARML_CALL_UNKNOWN') throw error;
      if (this.#lacksUntil === -Infinity) {
        this.#parts.log.info(
          { event: 'model_endpoints_lacking' },
          'This ClearML server has no page of model endpoints',
        );
      }
      this.#forget();
      this.#lacksUntil = this.#now() + LACKS_MS;
      return false;
    }
  }

  /** Takes what is not to stand there off the page: of this process, and of the one that led before. */
  async #unregister(wanted: ReadonlySet<string>): Promise<void> {
    const gone = [...this.#others.own().keys()].filter((id) => !wanted.has(id));
    for (const [id, { place }] of this.#entries) {
      if (wanted.has(place.container.id)) continue;
      this.#entries.delete(id);
      gone.push(place.container.id);
    }
    await this.#each([...new Set(gone)], (id) => this.#parts.api.unregister(id));
  }

  /** Those first whose report is oldest, so that none waits for others that fail. */
  async #report(chosen: readonly Place[]): Promise<void> {
    const at = this.#now();
    const reportedAt = (place: Place): number =>
      this.#entries.get(place.endpoint.id)?.last.at ?? -1;
    const due = chosen
      .filter((place) => this.#isDue(place, at))
      .toSorted((a, b) => reportedAt(a) - reportedAt(b));
    const earlier = this.#others.own();
    await this.#each(due, (place) => this.#reportOne(place, earlier));
  }

  #isDue(place: Place, at: number): boolean {
    const { id } = place.endpoint;
    const entry = this.#entries.get(id);
    if (entry === undefined) return this.#others.of(place.endpoint) === 'none';
    const { requests } = entry.last.served;
    return this.#parts.served(id).requests !== requests || at - entry.last.at >= this.#quietMs;
  }

  async #reportOne(place: Place, earlier: ReadonlyMap<string, number>): Promise<void> {
    const { api, served } = this.#parts;
    const { endpoint, container } = place;
    const now: Reading = { served: served(endpoint.id), at: this.#now() };
    let entry = this.#entries.get(endpoint.id);
    if (entry === undefined) {
      await api.register(container, Math.ceil(this.#quietMs / 1_000) * PAUSES_KEPT);
      const before = earlier.get(container.id) ?? 0;
      entry = { place, last: now, earlier: Math.max(before - now.served.requests, 0) };
    }
    this.#entries.set(endpoint.id, { ...entry, place, last: now });
    const status = statusOf(entry.last, now, endpoint.task.startedAt, entry.earlier);
    try {
      await api.report(container, status);
    } catch (error) {
      // A server that has forgotten it, and is set up not to register it for itself.
      if (isRefused(error)) this.#entries.delete(endpoint.id);
      throw error;
    }
  }

  /** A few at a time, while this replica leads. What ClearML refuses of one it may do for the others. */
  async #each<T>(all: readonly T[], act: (one: T) => Promise<void>): Promise<void> {
    const left = [...all];
    let refused: RouterError | undefined;
    const work = async (): Promise<void> => {
      for (let one = left.shift(); one !== undefined; one = left.shift()) {
        if (!this.#parts.leadership.isLeader()) return;
        try {
          await act(one);
        } catch (error) {
          if (!isRefused(error)) {
            left.length = 0;
            throw error;
          }
          refused = error;
        }
      }
    };
    await Promise.all(Array.from({ length: ASKED_AT_ONCE }, work));
    if (refused !== undefined) throw refused;
  }

  #forget(): void {
    this.#entries.clear();
    this.#others = this.#newOthers();
    this.#listed = NONE;
  }

  #newOthers(): OtherReports {
    const { api } = this.#parts;
    return new OtherReports(api, (id) => id.startsWith(this.#idsBegin), this.#now);
  }
}

function isRefused(error: unknown): error is RouterError {
  return error instanceof RouterError && error.code === 'CLEARML_REFUSED';
}
