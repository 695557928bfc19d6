import { ROUTER_AUDIENCE } from '../auth/sealed/audience.ts';
import type { Auth } from '../auth/auth.ts';
import { isEntryPath } from '../auth/gate/handover.ts';
import { isPlain } from '../auth/sessions/return_path.ts';
import type { Answer } from '../pages/answer.ts';
import { denialAnswer } from '../pages/denial_answers.ts';
import { handoverAnswer, NO_SUCH_PAGE } from '../pages/own_answers.ts';
import { hostnameOf } from '../grammar/authority.ts';
import type { RouterUrl } from '../settings/values.ts';
import { sendReply, type PageAnswer } from './parts/reply.ts';
import { type OwnPages, type OwnRequest } from '../pages/own_pages.ts';
import { viewerRequest } from './parts/viewer_request.ts';

/** Paths that pages of the router's own have. */
const OWN = /^\/(?:auth\/.*|api\/.*|share\/.*)?$/;

/**
 * Answers on the host of ROUTER_URL, where the router's own pages are on a host of their own: none of them is ever shown beside the
 * pages of tasks. Their paths lead there, with method and body, and sign-in comes back here.
 */
export function createWayToPages(
  pagesUrl: RouterUrl,
  signIn: Pick<NonNullable<Auth['signIn']>, 'handover'> | undefined,
): OwnPages {
  const reply = async ({ message, path }: OwnRequest): Promise<PageAnswer | Answer> => {
    const request = viewerRequest(message);
    if (signIn !== undefined && isEntryPath(request.rawUrl)) {
      const arrival = { ...request, kind: 'request' } as const;
      const entered = await signIn.handover.enter(arrival, ROUTER_AUDIENCE);
      return entered.outcome === 'denied' ? denialAnswer(entered) : handoverAnswer(entered);
    }
    if (!OWN.test(path) || !isPlain(request.rawUrl)) return NO_SUCH_PAGE;
    const headers = { Location: pagesUrl.origin + request.rawUrl };
    return { status: 307, headers, body: undefined };
  };
  return async (request, response) => {
    const { message } = request;
    if (hostnameOf(message.headers.host ?? '') === hostnameOf(pagesUrl.host)) return false;
    sendReply(message, response, await reply(request));
    return true;
  };
}
