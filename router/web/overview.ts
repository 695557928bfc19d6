import type { Viewer } from '../auth/viewer.ts';
import type { Answer } from '../proxy/answer.ts';
import type { Lister } from './lister.ts';
import { overviewPage } from './overview_page.ts';
import { methodNotAllowed, sendReply, type OwnAnswer } from './own_answer.ts';
import { viewerRequest, type OwnPages, type OwnRequest } from './own_pages.ts';
import { PAGE_HEADERS } from './page_assets.ts';
import type { OwnRefusals } from './refusals.ts';
import { selectEndpoints } from './selection.ts';

export interface OverviewParts {
  readonly lister: Lister;
  readonly viewer: Viewer;
  readonly refuse: OwnRefusals;
  /** ROUTER_NAME */
  readonly routerName: string;
}

/** `/`: what the user may open, for people. */
export function createOverview({ lister, viewer, refuse, routerName }: OverviewParts): OwnPages {
  const reply = async (request: OwnRequest): Promise<OwnAnswer | Answer> => {
    const { message, query } = request;
    if (message.method !== 'GET' && message.method !== 'HEAD') return methodNotAllowed('GET, HEAD');
    const known = await viewer.identify(viewerRequest(message));
    if (known.outcome === 'denied') return refuse.denied(known, request);
    const listing = await lister(known);
    if ('outcome' in listing) return refuse.denied(listing, request);
    const selection = selectEndpoints(listing.endpoints, new URLSearchParams(query));
    const page = overviewPage(listing, selection, { routerName, now: Date.now() });
    return { status: 200, headers: PAGE_HEADERS, body: { page } };
  };
  return async (request, response) => {
    if (request.path !== '/') return false;
    sendReply(request.message, response, await reply(request));
    return true;
  };
}
