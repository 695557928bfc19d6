import type { RouteSource } from '../routes/table.ts';
import type { Settings } from '../settings/settings.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { AccessDecisions } from './access.ts';
import type { ClearmlAuthority } from './clearml_authority.ts';
import { CookieNameBook, ownCookies } from './cookie_names.ts';
import { createEndpointTokens } from './create_endpoint_tokens.ts';
import type { Gate } from './decision.ts';
import { createDenialAudit } from './denial_audit.ts';
import type { EndpointTokens } from './endpoint_tokens.ts';
import { TaskGate } from './gate.ts';
import { Handover } from './handover.ts';
import type { KeyState } from './key_ring.ts';
import { KeyRing } from './key_ring.ts';
import { settleKeys } from './key_settling.ts';
import { createIdentify } from './identifier.ts';
import { createOpenGate } from './open_gate.ts';
import type { Notice, Tell } from './notices.ts';
import { SealKeys } from './seal_keys.ts';
import { Sealer } from './seal.ts';
import { Sessions } from './sessions.ts';
import { SignInLimits } from './sign_in_limits.ts';
import type { SignInPlaces } from './sign_in_redirect.ts';
import { TokenVerifier } from './token_verifier.ts';
import type { Viewer } from './viewer.ts';
import { createViewer, OPEN_VIEWER } from './viewer.ts';
import { watchSecret } from './watched_secret.ts';

/** What the gate and the sign-in pages are made of. */
export interface AuthParts {
  readonly settings: Settings;
  readonly routes: RouteSource;
  readonly clearml: ClearmlAuthority;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'denials' | 'signIns'>;
  /** Where Kubernetes tells a pod about its API server. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Tells the other processes of this router. */
  readonly tell?: Tell;
  /** Milliseconds since the epoch; tests replace it. */
  readonly now?: () => number;
}

/** What the sign-in pages act through. */
export interface SignInActs {
  readonly sessions: Sessions;
  readonly handover: Handover;
  readonly places: SignInPlaces;
}

/** One per process: all of it shares one key ring, one cache of verified tokens and one of access decisions. */
export interface Auth {
  readonly gate: Gate;
  /** Who asks for the router's own pages, and what they may see there. */
  readonly viewer: Viewer;
  /** What the sign-in pages act through; undefined with AUTH_ENABLED=false. */
  readonly signIn: SignInActs | undefined;
  /** Undefined where they are off: no place for their records, or no sign-in at all. */
  readonly endpointTokens: EndpointTokens | undefined;
  /** Names of every cookie that may carry a token of the user, case-sensitive; none of them reaches a task. */
  readonly cookieNames: () => readonly string[];
  /** `settled` once a signing key verified the router's own login; until then nobody gets in, and the router is not ready. */
  readonly keyState: () => KeyState;
  /** What another process of this router told. */
  readonly heed: (notice: Notice) => void;
  /** Ends timers and file watches. */
  readonly close: () => void;
}

/** Answers are kept by a clock that does not jump: a system clock set back must not prolong a yes. */
const monotonic = () => performance.now();

/** Joins the parts that decide who gets in. With AUTH_ENABLED=false there is no key, and the gate stands open. */
export function createAuth(parts: AuthParts): Auth {
  const { settings, routes, clearml, log, metrics, now = Date.now, tell = () => {} } = parts;
  const secureCookies = settings.AUTH_SECURE_ENABLED ?? settings.ROUTER_URL.secure;
  const cookies = new CookieNameBook(ownCookies(secureCookies), settings.AUTH_COOKIE_NAME);
  const denied = createDenialAudit(log, metrics);
  if (!settings.AUTH_ENABLED) {
    return {
      gate: createOpenGate(routes, denied),
      viewer: OPEN_VIEWER,
      signIn: undefined,
      endpointTokens: undefined,
      cookieNames: () => cookies.all,
      keyState: () => 'settled',
      heed: () => {},
      close: () => {},
    };
  }
  const ring = new KeyRing(settings.AUTH_BASE64_JWKS_KEY);
  const verifier = new TokenVerifier(ring, now);
  const sealKeys = new SealKeys(ring, settings.ROUTER_SECRET);
  const sealer = new Sealer(sealKeys.current, now);
  const environment = parts.environment ?? {};
  const endpointTokens = createEndpointTokens(settings, sealer, now, environment, tell);
  const identify = createIdentify({ verifier, sealer, endpointTokens });
  const cookieNames = () => cookies.names;
  const steady = parts.now ?? monotonic;
  const times = {
    keepYes: settings.ACCESS_CACHE_SECONDS,
    keepStale: settings.ACCESS_STALE_SECONDS,
  };
  const access = new AccessDecisions(clearml, times, steady, tell);
  const limits = new SignInLimits(settings.TRUSTED_PROXIES.length > 0, steady, tell);
  const sessions = new Sessions({
    clearml,
    verifier,
    sealer,
    access,
    identify,
    limits,
    cookieNames,
    secureCookies,
    now,
  });
  const { ROUTER_URL: routerUrl } = settings;
  const handover = new Handover({
    sealer,
    sessions,
    routerUrl,
    cookies: cookies.own,
    secureCookies,
    now,
    tell,
  });
  const places: SignInPlaces = {
    routerUrl,
    clearmlWebUrl: settings.CLEARML_WEB_URL,
    attemptCookie: cookies.own.attempt,
    secureCookies,
  };
  const ready = () => ring.state === 'settled';
  const gate = new TaskGate({
    routes,
    access,
    identify,
    handover,
    endpointTokens,
    cookieNames,
    ready,
    places,
    denied,
    now,
  });
  const endSettling = settleKeys(settings, clearml, {
    ring,
    cookies,
    changed: () => {
      verifier.forget();
      sealer.forget();
    },
    log,
  });
  const endSecretWatch = watchRouterSecret(settings, (values) => {
    log.info({ event: 'router-secret-changed' }, 'The file of ROUTER_SECRET changed');
    sealKeys.replace(values);
    sealer.forget();
  });
  return {
    gate,
    viewer: createViewer({ access, identify, cookieNames, places }),
    signIn: { sessions, handover, places },
    endpointTokens,
    cookieNames: () => cookies.all,
    keyState: () => ring.state,
    heed: (notice) => {
      switch (notice.kind) {
        case 'signed-out':
          access.signedOut(notice.tokenKey);
          break;
        case 'refused':
          access.refused(notice.tokenKey);
          break;
        case 'endpoint-token-revoked':
          endpointTokens?.revoked(notice.id);
          break;
        case 'question-spent':
          access.spent(notice.userId);
          return;
        case 'sign-in-failed':
          limits.failed(notice.address, notice.accessKey);
          return;
        case 'code-redeemed':
          handover.redeemed(notice.code);
          return;
      }
      gate.recheck();
    },
    close: () => {
      endSettling();
      endSecretWatch();
      endpointTokens?.close();
      gate.close();
    },
  };
}

function watchRouterSecret(
  { sources, ROUTER_SECRET: values }: Settings,
  changed: (values: readonly string[]) => void,
): () => void {
  const path = sources.ROUTER_SECRET;
  return path === undefined || values === undefined ? () => {} : watchSecret(path, values, changed);
}
