import { sameUpstream, type Endpoint } from '../routes/model/endpoint.ts';

/** The ways into an endpoint. TCP is the range's ports and the tunnel together. */
export type Way = 'http' | 'tcp';

/** What failed at another address, or before the task started anew, says nothing of what is there now. */
export function moved(before: Endpoint | undefined, now: Endpoint, way: Way): boolean {
  const was = before?.[way];
  const is = now[way];
  if (was?.state !== 'open' || is?.state !== 'open') return true;
  return before?.task.startedAt !== now.task.startedAt || !sameUpstream(was.upstream, is.upstream);
}
