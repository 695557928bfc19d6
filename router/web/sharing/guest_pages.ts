import { isOwnForm } from '../../auth/gate/cross_site.ts';
import type { Denied, DenialReason } from '../../auth/gate/decision.ts';
import { readGuestName } from '../../auth/guests/guest.ts';
import type { Guests } from '../../auth/guests/guests.ts';
import { ROUTER_AUDIENCE } from '../../auth/sealed/audience.ts';
import type { Answer } from '../../pages/answer.ts';
import type { OwnRequest } from '../../pages/own_pages.ts';
import type { RouterUrl } from '../../settings/values.ts';
import { pageAnswer } from '../parts/page_assets.ts';
import type { PageDenials } from '../parts/page_denials.ts';
import type { PageAnswer } from '../parts/reply.ts';
import { readBody } from '../parts/request_body.ts';
import type { GuestActs, GuestLink } from './guest_acts.ts';
import { guestPage, SIGN_IN_QUERY } from './guest_page.ts';
import { GRANTS_AWAY } from './words.ts';

export interface GuestPagesParts {
  readonly acts: GuestActs;
  readonly guests: Pick<Guests, 'cookiesFor' | 'visitCookie'>;
  readonly refuse: PageDenials;
  readonly pagesUrl: RouterUrl;
}

/** Whoever is refused for one of these has no account here that holds; others are not taken for strangers. */
const STRANGERS: ReadonlySet<DenialReason> = new Set([
  'no-token',
  'token-invalid',
  'token-expired',
  'token-revoked',
]);

const NO_NAME = 'Type a name of 1 to 64 characters, of letters, numbers and signs alone.';

/** The page of a link as somebody sees it who is not signed in, where the link lets in guests. */
export class GuestPages {
  readonly #parts: GuestPagesParts;

  constructor(parts: GuestPagesParts) {
    this.#parts = parts;
  }

  /** Undefined where the way is to sign-in, as for every other link: one that is wrong looks like one that lets in no guests. */
  async answer(
    { reason, status }: Denied,
    request: OwnRequest,
    text: string,
  ): Promise<PageAnswer | Answer | undefined> {
    const { acts, refuse, pagesUrl } = this.#parts;
    const { message, query } = request;
    const posts = message.method === 'POST';
    if (!STRANGERS.has(reason) || (!posts && status !== 302)) return undefined;
    const opened = acts.open(text);
    if (opened === undefined) return undefined;
    if (!posts) return query === SIGN_IN_QUERY ? undefined : this.#show(200, opened, '', undefined);
    if (!isOwnForm(message.headers, pagesUrl)) return refuse.foreign(request);
    const typed = new URLSearchParams((await readBody(message)) ?? '').get('name');
    // The button of somebody who was signed in when they opened the page.
    if (typed === null) return undefined;
    const name = readGuestName(typed);
    if (name === undefined) return this.#show(400, opened, typed, NO_NAME);
    return this.#admit(opened, name, request.clientAddress);
  }

  async #admit(
    opened: GuestLink,
    name: string,
    client: string,
  ): Promise<PageAnswer | Answer | undefined> {
    const { acts, guests } = this.#parts;
    const admitted = await acts.admit(opened, name, client);
    if (admitted === 'spent') return undefined;
    if (admitted === 'unavailable') return GRANTS_AWAY;
    const { session } = admitted;
    const setCookie = this.#isHere(opened)
      ? await guests.cookiesFor(session, ROUTER_AUDIENCE)
      : await guests.visitCookie(session, opened.endpoint.id);
    if (setCookie === undefined) return GRANTS_AWAY;
    const headers = {
      Location: opened.url,
      'Set-Cookie': setCookie,
      'Referrer-Policy': 'no-referrer',
    };
    return { status: 303, headers, body: undefined };
  }

  #show(status: number, opened: GuestLink, typed: string, problem: string | undefined): PageAnswer {
    const leadsTo = this.#isHere(opened) ? [] : [new URL(opened.url).origin];
    const page = pageAnswer(status, guestPage(opened, typed, problem, Date.now()), leadsTo);
    // As of the page for who is signed in.
    return { ...page, headers: { ...page.headers, 'Referrer-Policy': 'strict-origin' } };
  }

  #isHere({ url }: GuestLink): boolean {
    return url.startsWith(`${this.#parts.pagesUrl.origin}/`);
  }
}
