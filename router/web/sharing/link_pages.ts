import type { IncomingMessage } from 'node:http';
import { isOwnForm } from '../../auth/gate/cross_site.ts';
import type { Denied } from '../../auth/gate/decision.ts';
import type { Viewer } from '../../auth/gate/viewer.ts';
import { findCookie } from '../../auth/identity/cookie_header.ts';
import type { OwnCookies } from '../../auth/identity/cookie_names.ts';
import { isLinkText, SHARE_PATH } from '../../auth/sharing/links.ts';
import type { Answer } from '../../pages/answer.ts';
import type { OwnPages, OwnRequest } from '../../pages/own_pages.ts';
import { browserUrl, type EndpointPlaces } from '../../settings/urls.ts';
import type { RouterUrl } from '../../settings/values.ts';
import { named, type NamedUser } from '../parts/named.ts';
import { pageAnswer } from '../parts/page_assets.ts';
import type { PageDenials } from '../parts/page_denials.ts';
import { methodNotAllowed, sendReply, type PageAnswer } from '../parts/reply.ts';
import { viewerRequest } from '../parts/viewer_request.ts';
import type { GuestPages } from './guest_pages.ts';
import { NO_SUCH_LINK, type LinkActs, type OpenedLink } from './link_acts.ts';
import { linkPage } from './link_page.ts';
import { SHARING_OFF } from './words.ts';

export interface LinkPagesParts {
  /** Undefined where sharing is off, as the cookies then are. */
  readonly acts: LinkActs | undefined;
  readonly cookies: OwnCookies | undefined;
  /** Undefined where no guests are let in. */
  readonly guests: GuestPages | undefined;
  readonly viewer: Viewer;
  readonly refuse: PageDenials;
  readonly places: EndpointPlaces;
  readonly pagesUrl: RouterUrl;
}

/** How long a person may take to sign in. */
const KEPT_SECONDS = 1800;

/**
 * `/share/<id>.<secret>`: what a link leads to, and a button that lets in, so that a look ahead of a mail program or a messenger spends
 * nothing. While somebody signs in the link waits in a cookie: the ways to sign-in and back are written into logs, and into those of
 * ClearML's web server, too. The page tells nobody its address.
 */
export function createLinkPages(parts: LinkPagesParts): OwnPages {
  const pages = new LinkPages(parts);
  return async (request, response) => {
    if (!request.path.startsWith(SHARE_PATH)) return false;
    sendReply(request.message, response, await pages.answer(request));
    return true;
  };
}

class LinkPages {
  readonly #parts: LinkPagesParts;

  constructor(parts: LinkPagesParts) {
    this.#parts = parts;
  }

  async answer(request: OwnRequest): Promise<PageAnswer | Answer> {
    const { message, path, clientAddress } = request;
    const { acts, guests, viewer, refuse, pagesUrl } = this.#parts;
    const { method } = message;
    const reads = method === 'GET' || method === 'HEAD';
    if (!reads && method !== 'POST') return methodNotAllowed('GET, HEAD, POST');
    const text = path.slice(SHARE_PATH.length);
    const known = await viewer.identify(viewerRequest(message, SHARE_PATH));
    if (known.outcome === 'denied') {
      const asGuest = await guests?.answer(known, request, text);
      return asGuest ?? this.#toSignIn(known, request, text);
    }
    const { identity } = known;
    if (acts === undefined || identity === undefined) return SHARING_OFF;
    const user = { ...known, identity };
    if (reads) {
      if (text === '') return this.#back(message);
      const opened = await acts.open(user, text, clientAddress);
      if (!('link' in opened)) return this.#refused(opened, request);
      return this.#show(opened, named(identity));
    }
    if (!isOwnForm(message.headers, pagesUrl)) return refuse.foreign(request, identity);
    const opened = await acts.redeem(user, text, clientAddress);
    if (!('link' in opened)) return this.#refused(opened, request);
    const headers = { Location: this.#destination(opened), 'Referrer-Policy': 'no-referrer' };
    return { status: 303, headers, body: undefined };
  }

  #refused(refused: Answer | Denied, request: OwnRequest): Answer {
    return 'outcome' in refused ? this.#parts.refuse.denied(refused, request) : refused;
  }

  #toSignIn(denied: Denied, request: OwnRequest, text: string): Answer {
    const { refuse, cookies } = this.#parts;
    const keeps = denied.status === 302 && cookies !== undefined && isLinkText(text);
    const setCookie = keeps ? [cookies.set(cookies.share, text, KEPT_SECONDS)] : [];
    return refuse.denied(
      { ...denied, setCookie: [...(denied.setCookie ?? []), ...setCookie] },
      request,
    );
  }

  /** After sign-in: to the link that waited. */
  #back({ rawHeaders }: IncomingMessage): PageAnswer | Answer {
    const { cookies } = this.#parts;
    const kept = cookies && findCookie(rawHeaders, cookies.share);
    if (cookies === undefined || kept === undefined || !isLinkText(kept)) return NO_SUCH_LINK;
    const headers = {
      Location: SHARE_PATH + kept,
      'Set-Cookie': [cookies.set(cookies.share, '', 0)],
      'Referrer-Policy': 'no-referrer',
    };
    return { status: 303, headers, body: undefined };
  }

  #show(opened: OpenedLink, user: NamedUser): PageAnswer {
    const { pagesUrl } = this.#parts;
    const destination = this.#destination(opened);
    const origin = destination.startsWith('/') ? pagesUrl.origin : new URL(destination).origin;
    const leadsTo = origin === pagesUrl.origin ? [] : [origin];
    const page = pageAnswer(200, linkPage(opened, user, Date.now()), leadsTo);
    // Not `no-referrer`: with it, browsers send `Origin: null` along with the form. This one tells no more than the host.
    return { ...page, headers: { ...page.headers, 'Referrer-Policy': 'strict-origin' } };
  }

  /** The one endpoint that the link leads to, else the list of what is open to the user. */
  #destination({ endpoints }: OpenedLink): string {
    const [endpoint, another] = endpoints;
    if (endpoint === undefined || another !== undefined) return '/';
    const url = endpoint.http && browserUrl(this.#parts.places, endpoint);
    return url ?? '/';
  }
}
