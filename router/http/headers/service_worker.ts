import { liesBelow } from '../../grammar/path.ts';
import type { Target } from '../../routes/model/target.ts';
import type { RequestHead } from './request_head.ts';

/** The path of the page that registers the worker, as far as its browser tells; undefined where it tells none, or the host alone. */
function registeringPath({ rawHeaders }: RequestHead): string | undefined {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() !== 'referer') continue;
    const path = URL.parse(rawHeaders[index + 1] ?? '')?.pathname;
    return path === '/' ? undefined : path;
  }
  return undefined;
}

/**
 * Whether a script that a browser fetches for a service worker (`Service-Worker: script`) is one of an endpoint, for a page of that
 * endpoint. A worker stays, and answers for all pages below its script: none may be made of what the router serves itself, and no
 * task's page makes one for another task.
 */
export function ownsWorker(head: RequestHead, target: Target): boolean {
  if (target.kind !== 'endpoint' && target.kind !== 'static') return false;
  if (target.cut === 0 || (target.kind === 'endpoint' && target.form === 'wildcard')) return true;
  const page = registeringPath(head);
  return page === undefined || liesBelow(page, head.url.slice(0, target.cut));
}
