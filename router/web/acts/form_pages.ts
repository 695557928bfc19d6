import type { Denied } from '../../auth/gate/decision.ts';
import { isOwnForm } from '../../auth/gate/cross_site.ts';
import type { Viewer } from '../../auth/gate/viewer.ts';
import type { Answer } from '../../pages/answer.ts';
import type { OwnPages, OwnRequest } from '../../pages/own_pages.ts';
import type { RouterUrl } from '../../settings/values.ts';
import type { PageDenials } from '../parts/page_denials.ts';
import { methodNotAllowed, sendReply, type PageAnswer } from '../parts/reply.ts';
import { readBody } from '../parts/request_body.ts';
import { viewerRequest } from '../parts/viewer_request.ts';
import type { User } from './user.ts';

/** What a page or an act came to. */
type Came = PageAnswer | Answer | Denied;

/** One path of a page of plain forms. `T` is what it acts through. */
interface FormPath<T> {
  /** Shows it, with what stands in the query; undefined where there is nothing to be shown. */
  readonly show?: (through: T, user: User, fields: URLSearchParams) => Promise<Came>;
  /** Does what a form asks for. `client` is the address that it came from. */
  readonly act: (through: T, user: User, fields: URLSearchParams, client: string) => Promise<Came>;
}

export type FormPaths<T> = ReadonlyMap<string, FormPath<T>>;

export interface FormPagesParts {
  readonly viewer: Pick<Viewer, 'identify'>;
  readonly refuse: PageDenials;
  readonly pagesUrl: RouterUrl;
}

/** A page of plain forms and where it acts. */
export interface FormPages<T> {
  /** What its paths act through; undefined where that is off. */
  readonly through: T | undefined;
  /** Where sign-in comes back to from an act, which no sign-in can repeat. */
  readonly home: string;
  readonly paths: FormPaths<T>;
  /** What is said where that is off, and where nobody signs in. */
  readonly off: Answer;
}

/**
 * Serves pages of plain forms to whoever is signed in. An act is taken from the forms of the router's own pages alone: a page of
 * another site can send a form with the user's cookie, too.
 */
export function createFormPages<T>(pages: FormPages<T>, parts: FormPagesParts): OwnPages {
  return async (request, response) => {
    const path = pages.paths.get(request.path);
    if (path === undefined) return false;
    const came = await answer(request, path, pages, parts);
    sendReply(
      request.message,
      response,
      'outcome' in came ? parts.refuse.denied(came, request) : came,
    );
    return true;
  };
}

async function answer<T>(
  request: OwnRequest,
  { show, act }: FormPath<T>,
  { through, home, off }: FormPages<T>,
  { viewer, refuse, pagesUrl }: FormPagesParts,
): Promise<Came> {
  const { message, query, clientAddress } = request;
  const { method } = message;
  const shows = show !== undefined && (method === 'GET' || method === 'HEAD');
  if (!shows && method !== 'POST') {
    return methodNotAllowed(show === undefined ? 'POST' : 'GET, HEAD, POST');
  }
  const known = await viewer.identify(viewerRequest(message, shows ? undefined : home));
  if (known.outcome === 'denied') return known;
  const { identity } = known;
  if (through === undefined || identity === undefined) return off;
  const user: User = { ...known, identity };
  if (shows) return show(through, user, new URLSearchParams(query));
  if (!isOwnForm(message.headers, pagesUrl)) return refuse.foreign(request, identity);
  return act(through, user, new URLSearchParams((await readBody(message)) ?? ''), clientAddress);
}
