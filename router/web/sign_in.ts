import type { IncomingMessage } from 'node:http';
import { ROUTER_AUDIENCE } from '../auth/audience.ts';
import type { Auth, SignInActs } from '../auth/auth.ts';
import { isOwnForm } from '../auth/form_origin.ts';
import { prefersHtml } from '../auth/navigation.ts';
import type { WayBack } from '../auth/return_path.ts';
import { safeReturn } from '../auth/return_path.ts';
import type { SignIn } from '../auth/sessions.ts';
import { clearmlSignIn, SIGN_IN_PATH, SIGN_OUT_PATH } from '../auth/sign_in_redirect.ts';
import type { Answer } from '../proxy/answer.ts';
import type { RouteSource } from '../routes/table.ts';
import type { Settings } from '../settings/settings.ts';
import type { Log } from '../telemetry/log.ts';
import { excerpt } from '../telemetry/hostile_text.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { OwnAnswer } from './own_answer.ts';
import { methodNotAllowed, sendReply } from './own_answer.ts';
import type { OwnPages, OwnRequest } from './own_pages.ts';
import { viewerRequest } from './own_pages.ts';
import type { OwnRefusals } from './refusals.ts';
import { readBody } from './request_body.ts';
import type { SignInFields } from './sign_in_fields.ts';
import { readSignInFields } from './sign_in_fields.ts';
import { signInPage, signInPolicy } from './sign_in_page.ts';
import { FAILURES, problemOf } from './sign_in_words.ts';

/** What the sign-in pages are made of. */
export interface SignInParts {
  readonly settings: Settings;
  readonly auth: Pick<Auth, 'signIn' | 'viewer'>;
  readonly routes: RouteSource;
  readonly refuse: OwnRefusals;
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

  async answer(request: OwnRequest): Promise<OwnAnswer | Answer | undefined> {
    const { method } = request.message;
    if (request.path === SIGN_IN_PATH) {
      if (method === 'GET' || method === 'HEAD') return this.#show(request);
      return method === 'POST' ? this.#signIn(request) : methodNotAllowed('GET, HEAD, POST');
    }
    if (request.path !== SIGN_OUT_PATH) return undefined;
    return method === 'POST' ? this.#signOut(request) : methodNotAllowed('POST');
  }

  /** A visitor who is known and came from an endpoint's own host goes straight back there; everybody else sees the form. */
  async #show({ message, query }: OwnRequest): Promise<OwnAnswer> {
    const { auth } = this.#parts;
    const asked = new URLSearchParams(query);
    const back = this.#wayBack(asked.get('next'));
    const state = asked.get('state') ?? undefined;
    const viewer = viewerRequest(message);
    const known = await auth.viewer.identify(viewer);
    if (known.outcome === 'known' && known.identity !== undefined) {
      const onward =
        back === undefined || state === undefined || back.audience === ROUTER_AUDIENCE
          ? undefined
          : await this.#acts.handover.leave(known.identity, back, state);
      if (onward !== undefined) return redirect(302, onward);
    } else if (back !== undefined && back.audience !== ROUTER_AUDIENCE) {
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

  async #signIn(request: OwnRequest): Promise<OwnAnswer | Answer> {
    const { message, clientAddress } = request;
    if (!isOwnForm(message.headers, this.#acts.places.routerUrl)) {
      return this.#parts.refuse.foreign(request);
    }
    const body = await readBody(message);
    const fields = body === undefined ? undefined : readSignInFields(message, body);
    if (fields === undefined) return this.#failed(message, undefined, 'incomplete', undefined);
    const { accessKey, secretKey } = fields;
    const result = await this.#acts.sessions.signIn({ accessKey, secretKey, clientAddress });
    this.#record(result, clientAddress);
    if (result.outcome !== 'ok') {
      const wait = result.outcome === 'limited' ? result.retryAfter : undefined;
      return this.#failed(message, fields, result.outcome, wait);
    }
    const { identity, setCookie } = result;
    const back = this.#wayBack(fields.next);
    if (fields.json) {
      const user = { id: identity.userId, name: identity.userName };
      return { status: 200, headers: { 'Set-Cookie': setCookie }, body: { json: { user } } };
    }
    if (back === undefined) return redirect(303, '/', setCookie);
    const onward =
      fields.state === undefined || back.audience === ROUTER_AUDIENCE
        ? undefined
        : await this.#acts.handover.leave(identity, back, fields.state);
    return redirect(303, onward ?? back.location, setCookie);
  }

  async #signOut(request: OwnRequest): Promise<OwnAnswer | Answer> {
    const { message, clientAddress } = request;
    if (!isOwnForm(message.headers, this.#acts.places.routerUrl)) {
      return this.#parts.refuse.foreign(request);
    }
    const { setCookie, userIds } = await this.#acts.sessions.signOut(message.rawHeaders);
    const users = userIds.map((id) => excerpt(id));
    this.#parts.log.info(
      { event: 'sign-out', users, client: excerpt(clientAddress) },
      'Signed out',
    );
    return redirect(303, SIGN_IN_PATH, setCookie);
  }

  #failed(
    message: IncomingMessage,
    fields: SignInFields | undefined,
    outcome: keyof typeof FAILURES,
    retryAfter: number | undefined,
  ): OwnAnswer {
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
  ): OwnAnswer {
    const { clearmlWebUrl } = this.#acts.places;
    const page = signInPage({ ...view, next: view.back?.location, clearmlWebUrl });
    const headers = { 'Content-Security-Policy': signInPolicy(this.#endpointHosts()) };
    return { status, headers, body: { page } };
  }

  #wayBack(next: string | null | undefined): WayBack | undefined {
    const { settings, routes } = this.#parts;
    return next === null || next === undefined
      ? undefined
      : safeReturn(next, {
          routerUrl: settings.ROUTER_URL,
          wildcardHost: settings.ROUTER_WILDCARD_HOST,
          pathForm: settings.ROUTER_PATH_FORM,
          table: routes.current(),
        });
  }

  /** Sources of a policy: all hosts that a sign-in may lead on to. */
  #endpointHosts(): readonly string[] {
    const { settings, routes } = this.#parts;
    const { secure, host, hostname } = settings.ROUTER_URL;
    const scheme = secure ? 'https://' : 'http://';
    const port = host.slice(hostname.length);
    const wildcard = settings.ROUTER_WILDCARD_HOST;
    const hosts = [...routes.current().staticHosts.keys()];
    if (wildcard !== undefined) hosts.push(`*.${wildcard}`);
    return hosts.map((one) => scheme + one + port);
  }

  #record(result: SignIn, clientAddress: string): void {
    const { log, metrics } = this.#parts;
    const { outcome } = result;
    const counted = outcome === 'ok' || outcome === 'unavailable' ? outcome : 'refused';
    metrics.signIns.inc({ outcome: counted });
    const user = result.outcome === 'ok' ? excerpt(result.identity.userId) : undefined;
    log.info({ event: 'sign-in', outcome, user, client: excerpt(clientAddress) }, 'Sign-in');
  }
}

function redirect(
  status: 302 | 303,
  location: string,
  setCookie: readonly string[] = [],
): OwnAnswer {
  return { status, headers: { Location: location, 'Set-Cookie': setCookie }, body: undefined };
}
