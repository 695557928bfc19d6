import type { EndpointId } from '../grammar/endpoint_id.ts';
import type { Endpoint } from '../routes/model/endpoint.ts';

/** So many are listed at the most: ClearML's page gets all of them at once, and each is a call every few seconds. */
export const MOST_LISTED = 500;

/** By how much later another endpoint has to be used to take the place of one that is listed. Milliseconds. */
const HEADSTART_MS = 60 * 60_000;

/** Those that are listed: all, or where they are too many those that were used last. */
export function choose(
  endpoints: readonly Endpoint[],
  isListed: (id: EndpointId) => boolean,
  usedAt: (id: EndpointId) => number,
): readonly Endpoint[] {
  if (endpoints.length <= MOST_LISTED) return endpoints;
  return endpoints
    .map((endpoint) => {
      const { id } = endpoint;
      return { endpoint, score: usedAt(id) + (isListed(id) ? HEADSTART_MS : 0) };
    })
    .toSorted((a, b) => b.score - a.score)
    .slice(0, MOST_LISTED)
    .map(({ endpoint }) => endpoint);
}
