import type { RouteSource } from '../routes/table.ts';
import type { Settings } from '../settings/settings.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { AccessDecisions } from './access.ts';
import type { ClearmlAuthority } from './clearml_authority.ts';
import { CookieNameBook, ownCookies } from './cookie_names.ts';
import type { Credential } from './credentials.ts';
import type { Gate } from './decision.ts';
import { createDenialAudit } from './denial_audit.ts';
import { TaskGate } from './gate.ts';
import type { KeyState } from './key_ring.ts';
import { KeyRing } from './key_ring.ts';
import { settleKeys } from './key_settling.ts';
import { createOpenGate } from './open_gate.ts';
import type { SignInPlaces } from './sign_in_redirect.ts';
import { TokenVerifier } from './token_verifier.ts';
import type { Viewer } from './viewer.ts';
import { createViewer, OPEN_VIEWER } from './viewer.ts';

/** What the gate and the sign-in pages are made of. */
export interface AuthParts {
  readonly settings: Settings;
  readonly routes: RouteSource;
  readonly clearml: ClearmlAuthority;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'denials' | 'signIns'>;
  /** Milliseconds since the epoch; tests replace it. */
  readonly now?: () => number;
}

/** One per process: all of it shares one key ring, one cache of verified tokens and one of access decisions. */
export interface Auth {
  readonly gate: Gate;
  /** Who asks for the router's own pages, and what they may see there. */
  readonly viewer: Viewer;
  /** Names of every cookie that may carry a token of the user, case-sensitive; none of them reaches a task. */
  readonly cookieNames: () => readonly string[];
  /** `settled` once a signing key verified the router's own login; until then nobody gets in, and the router is not ready. */
  readonly keyState: () => KeyState;
  /** Ends timers and file watches. */
  readonly close: () => void;
}

/** Answers are kept by a clock that does not jump: a system clock set back must not prolong a yes. */
const monotonic = () => performance.now();

/** Joins the parts that decide who gets in. With AUTH_ENABLED=false there is no key, and the gate stands open. */
export function createAuth(parts: AuthParts): Auth {
  const { settings, routes, clearml, log, metrics, now = Date.now } = parts;
  const secure = settings.AUTH_SECURE_ENABLED ?? settings.ROUTER_URL.secure;
  const cookies = new CookieNameBook(ownCookies(secure), settings.AUTH_COOKIE_NAME);
  const denied = createDenialAudit(log, metrics);
  const cookieNames = () => {
    const { session, clearml } = cookies.names;
    const own = [session, cookies.own.attempt];
    return clearml === undefined ? own : [...own, clearml];
  };
  if (!settings.AUTH_ENABLED) {
    return {
      gate: createOpenGate(routes, denied),
      viewer: OPEN_VIEWER,
      cookieNames,
      keyState: () => 'settled',
      close: () => {},
    };
  }
  const ring = new KeyRing(settings.AUTH_BASE64_JWKS_KEY);
  const verifier = new TokenVerifier(ring, now);
  const times = {
    keepYes: settings.ACCESS_CACHE_SECONDS,
    keepStale: settings.ACCESS_STALE_SECONDS,
  };
  const access = new AccessDecisions(clearml, times, parts.now ?? monotonic);
  const places: SignInPlaces = {
    routerUrl: settings.ROUTER_URL,
    clearmlWebUrl: settings.CLEARML_WEB_URL,
    attemptCookie: cookies.own.attempt,
    secureCookies: secure,
  };
  const identify = (credential: Credential) => verifier.check(credential.text);
  const gate = new TaskGate({
    routes,
    access,
    identify,
    cookieNames: () => cookies.names,
    ready: () => ring.state === 'settled',
    places,
    denied,
    now,
  });
  const endSettling = settleKeys(settings, clearml, {
    ring,
    cookies,
    changed: () => verifier.forget(),
    log,
  });
  return {
    gate,
    viewer: createViewer({ access, identify, cookieNames: () => cookies.names, places }),
    cookieNames,
    keyState: () => ring.state,
    close: () => {
      endSettling();
      gate.close();
    },
  };
}
