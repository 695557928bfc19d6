import type { EndpointId } from '../grammar/endpoint_id.ts';
import type { Endpoint } from '../routes/model/endpoint.ts';
import type { RouteTable } from '../routes/model/table.ts';
import { isBackground, isMonitoring, isSavedAgain } from './app_rules.ts';
import { Polls } from './polls.ts';

/** What a request shows of whether somebody made it. */
export interface UseSigns {
  readonly method: string;
  /** Digits, as they came. */
  readonly contentLength: string | undefined;
  readonly chunked: boolean;
  /** Sec-Fetch-Mode. */
  readonly fetchMode: string | undefined;
  readonly userAgent: string | undefined;
  readonly accept: string | undefined;
}

function lengthOf({ contentLength, chunked }: UseSigns): number {
  if (chunked) return Infinity;
  return contentLength === undefined ? 0 : Number(contentLength);
}

/**
 * Whether it comes from a page that was opened before. Browsers say so to https; to plain http they say nothing, and are told by their
 * name alone.
 */
function isOfPage({ fetchMode, userAgent }: UseSigns): boolean {
  return fetchMode === undefined
    ? userAgent?.startsWith('Mozilla/') === true
    : fetchMode !== 'navigate';
}

/** Whether its answer is one that a page keeps open, with heartbeats on it. */
export function isEventStream({ accept }: UseSigns): boolean {
  return accept?.includes('text/event-stream') === true;
}

/**
 * Says which requests are a use of their endpoint: what a person or a program did, and not what an open tab or a monitor does by itself.
 * With a body or by another method than GET and HEAD it is one, and so are navigations and what programs ask for, but not health and
 * metrics. What a page fetches is one the first times, and not any more once the same comes again and again.
 */
export class UseJudge {
  readonly #now: () => number;
  readonly #polls = new Map<EndpointId, Polls>();

  /** @param now milliseconds, by a clock that does not jump. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Asked once of each request, since it remembers what comes again.
   *
   * @param path as the app knows it, without the prefix that it may keep.
   * @param byToken whether it came with a Bearer token that let it in, as programs do.
   */
  isUse(
    { id, http }: Pick<Endpoint, 'id' | 'http'>,
    path: string,
    signs: UseSigns,
    byToken: boolean,
  ): boolean {
    const length = lengthOf(signs);
    if (isBackground(path, length)) return false;
    if (isSavedAgain(path)) return !this.#comesAgain(id, `${length} ${path}`);
    if ((signs.method !== 'GET' && signs.method !== 'HEAD') || length > 0) return true;
    if (signs.fetchMode === 'navigate') return true;
    if (byToken || !isOfPage(signs)) {
      return !isMonitoring(path) && !(http?.state === 'open' && http.healthPath === path);
    }
    // Of plain http this is all that tells a navigation.
    if (signs.fetchMode === undefined && signs.accept?.startsWith('text/html') === true) {
      return true;
    }
    return !this.#comesAgain(id, path);
  }

  #comesAgain(id: EndpointId, what: string): boolean {
    let polls = this.#polls.get(id);
    if (polls === undefined) this.#polls.set(id, (polls = new Polls()));
    return polls.comesAgain(what, this.#now());
  }

  /** Forgets what is routed no more. */
  forget({ endpoints }: RouteTable): void {
    for (const id of this.#polls.keys()) if (!endpoints.has(id)) this.#polls.delete(id);
  }
}
