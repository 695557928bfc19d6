import type { Viewer } from '../auth/viewer.ts';
import { denialAnswer } from '../proxy/denial_answers.ts';
import type { Answer } from '../proxy/answer.ts';
import type { Lister } from './lister.ts';
import { overviewPage } from './overview_page.ts';
import { methodNotAllowed, sendReply, type OwnAnswer } from './own_answer.ts';
import { viewerRequest, type OwnPages, type OwnRequest } from './own_pages.ts';
import { PAGE_HEADERS } from './page_assets.ts';
import { selectEndpoints } from './selection.ts';

export interface OverviewParts {
  readonly lister: Lister;
  readonly viewer: Viewer;
  /** ROUTER_NAME */
  readonly routerName: string;
}

/** `/`: what the user may open, for people. */
export function createOverview({ lister, viewer, routerName }: OverviewParts): OwnPages {
  const reply = async ({ message, query }: OwnRequest): Promise<OwnAnswer | Answer> => {
    if (message.method !== 'GET' && message.method !== 'HEAD') return methodNotAllowed('GET, HEAD');
    const known = await viewer.identify(viewerRequest(message));
    if (known.outcome === 'denied') return denialAnswer(known);
    const listing = await lister(known);
    if ('outcome' in listing) return denialAnswer(listing);
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
