import type { Viewer } from '../../auth/gate/viewer.ts';
import type { Answer } from '../../pages/answer.ts';
import type { Lister } from './lister.ts';
import { overviewPage } from './page.ts';
import { methodNotAllowed, sendReply, type PageAnswer } from '../parts/reply.ts';
import { type OwnPages, type OwnRequest } from '../../pages/own_pages.ts';
import { viewerRequest } from '../parts/viewer_request.ts';
import { pageAnswer } from '../parts/page_assets.ts';
import type { PageDenials } from '../parts/page_denials.ts';
import type { Listing } from './listing.ts';
import { selectEndpoints, type Selection } from './selection.ts';

export interface OverviewParts {
  readonly lister: Lister;
  readonly viewer: Viewer;
  readonly refuse: PageDenials;
  /** ROUTER_NAME */
  readonly routerName: string;
  /** Where `pip` finds the Python package. */
  readonly wheelUrl: string;
  /** Where the router's own pages are, as an origin. */
  readonly routerUrl: string;
}

/** `/`: what the user may open, for people. */
export function createOverview(parts: OverviewParts): OwnPages {
  const { lister, viewer, refuse, routerName, wheelUrl, routerUrl } = parts;
  const reply = async (request: OwnRequest): Promise<PageAnswer | Answer> => {
    const { message, query } = request;
    if (message.method !== 'GET' && message.method !== 'HEAD') return methodNotAllowed('GET, HEAD');
    const known = await viewer.identify(viewerRequest(message));
    if (known.outcome === 'denied') return refuse.denied(known, request);
    const select = ({ endpoints }: Listing): Selection =>
      selectEndpoints(endpoints, new URLSearchParams(query));
    const listing = await lister(known, (all) => select(all).endpoints);
    if ('outcome' in listing) return refuse.denied(listing, request);
    const selection = select(listing);
    const context = { routerName, wheelUrl, routerUrl, now: Date.now() };
    const page = overviewPage(listing, selection, context);
    return pageAnswer(200, page);
  };
  return async (request, response) => {
    if (request.path !== '/') return false;
    sendReply(request.message, response, await reply(request));
    return true;
  };
}
