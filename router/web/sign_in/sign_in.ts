import type { IncomingMessage } from 'node:http';
import type { Auth, SignInActs } from '../../auth/auth.ts';
import { isOwnForm } from '../../auth/gate/cross_site.ts';
import { prefersHtml } from '../../grammar/accept.ts';
import { safeReturn, type WayBack } from '../../auth/sessions/return_path.ts';
import type { SignIn } from '../../auth/sessions/sessions.ts';
import { clearmlSignIn, SIGN_IN_PATH, SIGN_OUT_PATH } from '../../auth/gate/sign_in_redirect.ts';
import type { Answer } from '../../pages/answer.ts';
import type { RouteSource } from '../../routes/model/table.ts';
import { pagesApart, siblingOrigin } from '../../settings/urls.ts';
import type { Settings } from '../../settings/settings.ts';
import type { Log } from '../../telemetry/log.ts';
import { excerpt } from '../../telemetry/hostile_text.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { named } from '../parts/named.ts';
import { methodNotAllowed, sendReply, type PageAnswer } from '../parts/reply.ts';
import type { OwnPages, OwnRequest } from '../../pages/own_pages.ts';
import { viewerRequest } from '../parts/viewer_request.ts';
import type { PageDenials } from '../parts/page_denials.ts';
import { readBody } from '../parts/request_body.ts';
import { readSignInFields, type SignInFields } from './fields.ts';
import { signInPage, signInPolicy } from './page.ts';
import { FAILURES, problemOf } from './words.ts';

/** What the sign-in pages are made of. */
export interface SignInParts {
  readonly settings: Settings;
  readonly auth: Pick<Auth, 'signIn' | 'viewer'>;
  readonly routes: RouteSource;
  readonly refuse: PageDenials;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'signIns'>;
}

/** `/auth/sign-in` and `/auth/sign-out`. With AUTH_ENABLED=false there is nothing to sign in to, and no such page. */
export function createSignIn(parts: SignInParts): OwnPages {
  const { signIn } = parts.auth;
  if (signIn === undefined) return async () => false;
  const pages = new SignInPages(parts, signIn);
  return async (request, response) => {
    const answer = await pages.answer(request);
    if (answer === undefined) return false;
    sendReply(request.message, response, answer);
    return true;
  };
}

class SignInPages {
  readonly #parts: SignInParts;
  readonly #acts: SignInActs;

  constructor(parts: SignInParts, acts: SignInActs) {
    this.#parts = parts;
    this.#acts = acts;
  }

  async answer(request: OwnRequest): Promise<PageAnswer | Answer | undefined> {
    const { message, path } = request;
    const { method } = message;
    const signsIn = path === SIGN_IN_PATH;
    if (!signsIn && path !== SIGN_OUT_PATH) return undefined;
    if (signsIn && (method === 'GET' || method === 'HEAD')) return this.#show(request);
    if (method !== 'POST') return methodNotAllowed(signsIn ? 'GET, HEAD, POST' : 'POST');
    if (!isOwnForm(message.headers, this.#acts.places.pagesUrl)) {
      return this.#parts.refuse.foreign(request);
    }
    return signsIn ? this.#signIn(request) : this.#signOut(request);
  }

  /** A visitor who is known and came from an endpoint's own host goes straight back there, and so does a guest on the way to it; everybody else sees the form. */
  async #show({ message, query }: OwnRequest): Promise<PageAnswer> {
    const { auth } = this.#parts;
    const asked = new URLSearchParams(query);
    const back = this.#wayBack(asked.get('next'));
    const state = asked.get('state') ?? undefined;
    const viewer = viewerRequest(message);
    const known = await auth.viewer.identify(viewer);
    if (known.outcome === 'known' && known.identity !== undefined) {
      const onward =
        back === undefined || state === undefined || isHere(back)
          ? undefined
          : await this.#acts.handover.leave(known.identity, back, state);
      if (onward !== undefined) return redirect(302, onward);
    } else if (back !== undefined && !isHere(back)) {
      const asGuest =
        state === undefined
          ? undefined
          : await this.#acts.handover.leaveAsGuest(message.rawHeaders, back, state);
      if (asGuest !== undefined) return redirect(302, asGuest.location, asGuest.setCookie);
      const elsewhere = clearmlSignIn(viewer, this.#acts.places);
      if (elsewhere !== undefined) return redirect(302, elsewhere.location, elsewhere.setCookie);
    }
    const page = this.#page(200, {
      back,
      state,
      problem: problemOf(asked.get('reason')),
      signedInAs: known.outcome === 'known' ? known.identity?.userName : undefined,
    });
    const stale = known.outcome === 'denied' && (known.status === 302 || known.status === 401);
    const cleared = stale ? this.#acts.sessions.clear(message.rawHeaders) : [];
    return { ...page, headers: { ...page.headers, 'Set-Cookie': cleared } };
  }

  async #signIn({ message, clientAddress }: OwnRequest): Promise<PageAnswer> {
    const body = await readBody(message);
    const fields = body === undefined ? undefined : readSignInFields(message, body);
    if (fields === undefined) return this.#failed(message, undefined, 'incomplete', undefined);
    const { accessKey, secretKey } = fields;
    const { rawHeaders } = message;
    const wish = { accessKey, secretKey, clientAddress, rawHeaders };
    const result = await this.#acts.sessions.signIn(wish);
    this.#record(result, clientAddress);
    if (result.outcome !== 'ok') {
      const wait = result.outcome === 'limited' ? result.retryAfter : undefined;
      return this.#failed(message, fields, result.outcome, wait);
    }
    const { identity, setCookie } = result;
    const back = this.#wayBack(fields.next);
    if (fields.json) {
      const json = { user: named(identity) };
      return { status: 200, headers: { 'Set-Cookie': setCookie }, body: { json } };
    }
    if (back === undefined) return redirect(303, '/', setCookie);
    const { state } = fields;
    if (state === undefined || isHere(back)) {
      return redirect(303, back.location, setCookie);
    }
    // A session of several cookies and a code of the same length are more than some proxies take in one head.
    if (setCookie.length > 1) return redirect(303, continuation(back, state), setCookie);
    const onward = await this.#acts.handover.leave(identity, back, state);
    return redirect(303, onward ?? back.location, setCookie);
  }

  async #signOut(request: OwnRequest): Promise<PageAnswer | Answer> {
    const { message, clientAddress } = request;
    const { setCookie, userIds, complete } = await this.#acts.sessions.signOut(message.rawHeaders);
    const users = userIds.map((id) => excerpt(id));
    this.#parts.log.info(
      { event: 'sign_out', users, client: excerpt(clientAddress) },
      'Signed out',
    );
    if (complete) return redirect(303, SIGN_IN_PATH, setCookie);
    const reason = 'too-many-cookies';
    const denied = { outcome: 'denied', status: 431, reason, setCookie } as const;
    return this.#parts.refuse.denied(denied, request);
  }

  #failed(
    message: IncomingMessage,
    fields: SignInFields | undefined,
    outcome: keyof typeof FAILURES,
    retryAfter: number | undefined,
  ): PageAnswer {
    const { status, code, words } = FAILURES[outcome];
    const headers = retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) };
    if (fields?.json === true || !prefersHtml(message.headers.accept)) {
      return { status, headers, body: { json: { error: { code, message: words } } } };
    }
    const back = this.#wayBack(fields?.next);
    const page = this.#page(status, {
      back,
      state: fields?.state,
      problem: words,
      signedInAs: undefined,
    });
    return { ...page, headers: { ...page.headers, ...headers } };
  }

  #page(
    status: number,
    view: {
      readonly back: WayBack | undefined;
      readonly state: string | undefined;
      readonly problem: string | undefined;
      readonly signedInAs: string | undefined;
    },
  ): PageAnswer {
    const { clearmlWebUrl } = this.#acts.places;
    const page = signInPage({ ...view, next: view.back?.location, clearmlWebUrl });
    const headers = { 'Content-Security-Policy': signInPolicy(this.#endpointHosts()) };
    return { status, headers, body: { page } };
  }

  #wayBack(next: string | null | undefined): WayBack | undefined {
    const { settings, routes } = this.#parts;
    if (next === null || next === undefined) return undefined;
    return safeReturn(next, settings, routes.current());
  }

  /** Sources of a policy: all hosts that a sign-in may lead on to. */
  #endpointHosts(): readonly string[] {
    const { settings, routes } = this.#parts;
    const { ROUTER_URL: routerUrl, ROUTER_WILDCARD_HOST: wildcard } = settings;
    const hosts = [...routes.current().staticHosts.keys()];
    if (wildcard !== undefined) hosts.push(`*.${wildcard}`);
    const origins = hosts.map((one) => siblingOrigin(routerUrl, one));
    return pagesApart(settings) ? [routerUrl.origin, ...origins] : origins;
  }

  #record(result: SignIn, clientAddress: string): void {
    const { log, metrics } = this.#parts;
    const { outcome } = result;
    const counted = outcome === 'ok' || outcome === 'unavailable' ? outcome : 'refused';
    metrics.signIns.inc({ outcome: counted });
    const user = result.outcome === 'ok' ? excerpt(result.identity.userId) : undefined;
    log.info({ event: 'sign_in', outcome, user, client: excerpt(clientAddress) }, 'Sign-in');
  }
}

/** Whether a way back stays on this host, whose session the visitor has. */
function isHere({ location }: WayBack): boolean {
  return location.startsWith('/');
}

/** This page again, which sends whoever is signed in straight on. */
function continuation({ location }: WayBack, state: string): string {
  return `${SIGN_IN_PATH}?${new URLSearchParams({ next: location, state }).toString()}`;
}

function redirect(
  status: 302 | 303,
  location: string,
  setCookie: readonly string[] = [],
): PageAnswer {
  return { status, headers: { Location: location, 'Set-Cookie': setCookie }, body: undefined };
}
