import type { SignInActs } from '../../auth/auth.ts';
import type { Confirmation } from '../../auth/sessions/sessions.ts';
import type { Known } from '../../auth/gate/viewer.ts';
import { isCookie } from '../../auth/identity/identity.ts';
import type { Answer } from '../../pages/answer.ts';
import type { RouteSource } from '../../routes/model/table.ts';
import { pagesApart } from '../../settings/urls.ts';
import type { Settings } from '../../settings/settings.ts';
import { excerpt } from '../../telemetry/hostile_text.ts';
import type { Log } from '../../telemetry/log.ts';
import { FAILURES } from '../sign_in/words.ts';

export interface ActGuardParts {
  readonly settings: Pick<Settings, 'ROUTER_URL' | 'ROUTER_PAGES_URL' | 'ROUTER_PATH_FORM'>;
  readonly routes: RouteSource;
  readonly signIn: Pick<SignInActs, 'sessions'> | undefined;
  readonly log: Log;
}

/** What was typed along with an act. */
export interface TypedKeys {
  readonly access_key?: string | undefined;
  readonly secret_key?: string | undefined;
}

const TITLE = 'Your keys are asked for again';

const NEEDED: Answer = {
  status: 403,
  code: 'keys-needed',
  title: TITLE,
  detail:
    'Pages of tasks share the address of this router, and could send this in your name: it takes your access key and secret key as well ("access_key", "secret_key"), or your user name and password.',
  advice: 'A program that sends its ClearML token as Bearer is not asked.',
};

const OTHER_ACCOUNT =
  'These keys belong to another account than the one that you are signed in with.';

/**
 * Asked before each act that gives a right away which outlives the visit. Where pages of tasks live on the origin of the router's own
 * pages, they can read these and send their forms, and the browser cannot tell: the act takes the user's keys again, which
 * no page has. It is one click where no task's page is (ROUTER_PAGES_URL, or ROUTER_PATH_FORM=false without static routes by
 * path), and for a Bearer token, which no browser adds by itself.
 */
export class ActGuard {
  readonly #parts: ActGuardParts;

  constructor(parts: ActGuardParts) {
    this.#parts = parts;
  }

  /** Whether an act of this user takes the keys. */
  asksKeys(known: Known): boolean {
    return isCookie(known.credential) && this.#sharesOrigin();
  }

  /** Undefined where the act may be done. */
  async refusal(known: Known, typed: TypedKeys, client: string): Promise<Answer | undefined> {
    const { identity } = known;
    if (!this.asksKeys(known) || identity === undefined) return undefined;
    const { signIn, log } = this.#parts;
    const { access_key: accessKey = '', secret_key: secretKey = '' } = typed;
    // A colon would move the border between the two in HTTP Basic (RFC 7617, section 2).
    const whole = accessKey !== '' && secretKey !== '' && !accessKey.includes(':');
    if (!whole || signIn === undefined) return NEEDED;
    const keys = { accessKey, secretKey, clientAddress: client };
    const confirmation = await signIn.sessions.confirm(keys, identity);
    const { outcome } = confirmation;
    const who = { user: excerpt(identity.userId), client: excerpt(client) };
    log.info({ event: 'keys_asked_again', outcome, ...who }, 'Keys were asked for again');
    return outcome === 'ok' ? undefined : refused(confirmation);
  }

  #sharesOrigin(): boolean {
    const { settings, routes } = this.#parts;
    if (pagesApart(settings)) return false;
    return settings.ROUTER_PATH_FORM || routes.current().staticPaths.size > 0;
  }
}

function refused(confirmation: Exclude<Confirmation, { outcome: 'ok' }>): Answer {
  const { outcome } = confirmation;
  if (outcome === 'ok' || outcome === 'other-account') {
    return { status: 403, code: 'other-account', title: TITLE, detail: OTHER_ACCOUNT };
  }
  const { status, code, words } = FAILURES[outcome];
  const headers = outcome === 'limited' ? ['Retry-After', String(confirmation.retryAfter)] : [];
  // 401 would say that the session does not hold.
  return { status: status === 401 ? 403 : status, code, title: TITLE, detail: words, headers };
}
