import { stateWords } from './health_words.ts';
import type { ListedEndpoint } from './listing.ts';

/** Endpoints on one page: more would only be scrolled past, and each costs two kilobytes. */
const PAGE_SIZE = 100;
const LONGEST_FILTER = 200;

/** The endpoints of one page. */
export interface Selection {
  /** What was asked for; empty for everything. */
  readonly filter: string;
  readonly endpoints: readonly ListedEndpoint[];
  /** How many match, and how many there are. */
  readonly matching: number;
  readonly total: number;
  /** From 1. */
  readonly page: number;
  readonly pages: number;
}

/** What a filter is held against: everything that the page says of an endpoint in words. */
function textOf({ id, name, task, http, tcp }: ListedEndpoint): string {
  const { name: taskName, project, type, owner } = task;
  const states = [http, tcp].map((way) => way && stateWords(way));
  const port = tcp?.port === null ? undefined : tcp?.port;
  return [id, name, taskName, project, type, owner, port, ...states].join('\n').toLowerCase();
}

/** Reads `?q=` (every word must occur) and `?page=`; whatever does not fit means everything and the first page. */
export function selectEndpoints(all: readonly ListedEndpoint[], query: URLSearchParams): Selection {
  const filter = (query.get('q') ?? '').trim().slice(0, LONGEST_FILTER);
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const matching =
    words.length === 0
      ? all
      : all.filter((endpoint) => {
          const text = textOf(endpoint);
          return words.every((word) => text.includes(word));
        });
  const pages = Math.max(1, Math.ceil(matching.length / PAGE_SIZE));
  const asked = Number(query.get('page') ?? 1);
  const page = Number.isInteger(asked) ? Math.min(Math.max(asked, 1), pages) : 1;
  return {
    filter,
    endpoints: matching.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE),
    matching: matching.length,
    total: all.length,
    page,
    pages,
  };
}
