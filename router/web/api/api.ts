import type { Denied } from '../../auth/gate/decision.ts';
import { isOwnForm } from '../../auth/gate/cross_site.ts';
import type { Known, Viewer } from '../../auth/gate/viewer.ts';
import type { Answer } from '../../pages/answer.ts';
import type { RouterUrl } from '../../settings/values.ts';
import { methodNotAllowed, sendReply, type PageAnswer } from '../parts/reply.ts';
import { type OwnPages, type OwnRequest } from '../../pages/own_pages.ts';
import { viewerRequest } from '../parts/viewer_request.ts';
import type { PageDenials } from '../parts/page_denials.ts';

/** One operation of the API. The OpenAPI document describes each of them, and a test holds that it does. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** As OpenAPI writes it: `{id}` stands for one segment. */
  readonly path: string;
  /** @param id what stands for `{id}`; empty where the path has none. */
  readonly answer: (
    request: OwnRequest,
    known: Known,
    id: string,
  ) => Promise<PageAnswer | Answer | Denied>;
}

/** What stands for `{id}` in a path; undefined where the path is another. */
function idIn(path: string, template: string): string | undefined {
  const [before = '', after] = template.split('{id}');
  if (after === undefined) return path === template ? '' : undefined;
  if (!path.startsWith(before) || !path.endsWith(after)) return undefined;
  const id = path.slice(before.length, path.length - after.length);
  return id === '' || id.includes('/') ? undefined : id;
}

function allowed(operations: readonly Operation[]): string {
  return operations
    .flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    .join(', ');
}

/** Serves operations to whoever is signed in; what changes something only to requests of the router's own pages and of programs. */
export function createApi(
  operations: readonly Operation[],
  viewer: Viewer,
  refuse: PageDenials,
  pagesUrl: RouterUrl,
): OwnPages {
  const reply = async (
    request: OwnRequest,
    here: readonly Operation[],
  ): Promise<PageAnswer | Answer> => {
    const { message, path } = request;
    const method = message.method === 'HEAD' ? 'GET' : message.method;
    const operation = here.find((one) => one.method === method);
    if (operation === undefined) return methodNotAllowed(allowed(here));
    // Sign-in leads back with a GET, and most of these are no pages.
    const known = await viewer.identify(viewerRequest(message, method === 'GET' ? undefined : '/'));
    if (known.outcome === 'denied') return refuse.denied(known, request);
    if (method !== 'GET' && !isOwnForm(message.headers, pagesUrl)) {
      return refuse.foreign(request, known.identity);
    }
    const came = await operation.answer(request, known, idIn(path, operation.path) ?? '');
    return 'outcome' in came ? refuse.denied(came, request) : came;
  };
  return async (request, response) => {
    const here = operations.filter(({ path }) => idIn(request.path, path) !== undefined);
    if (here.length === 0) return false;
    sendReply(request.message, response, await reply(request, here));
    return true;
  };
}
