import type { RouteSource } from '../routes/model/table.ts';
import { pagesApart, pagesUrlOf, securesCookies } from '../settings/urls.ts';
import type { Settings } from '../settings/settings.ts';
import type { SharedState } from '../state/shared_state.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { AccessDecisions } from './access/access.ts';
import { followDefaultLevel, type DefaultLevel } from './access/default_level.ts';
import { EndpointRights } from './access/endpoint_rights.ts';
import { Guests } from './guests/guests.ts';
import { EndedEndpoints } from './ended/ended_endpoints.ts';
import { createTaskWords } from './ended/task_word.ts';
import { DeviceCodes } from './devices/device_code.ts';
import { DeviceSignIns } from './devices/device_sign_ins.ts';
import { DEVICE_SIGN_INS } from './devices/store.ts';
import { OwnPorts, type OwnPortsParts } from './own_ports/own_ports.ts';
import { Grants } from './sharing/grants.ts';
import { Links } from './sharing/links.ts';
import { NOTHING_SHARED, type Shares } from './sharing/shares.ts';
import { GRANTS } from './sharing/store.ts';
import { createAdministratorAudit } from './gate/administrator_audit.ts';
import { PAGES_AUDIENCE, ROUTER_AUDIENCE } from './sealed/audience.ts';
import type { ClearmlAuthority, ClearmlTasks } from '../clearml/clearml.ts';
import { KnownCookies, OwnCookies } from './identity/cookie_names.ts';
import type { Gate } from './gate/decision.ts';
import { createDenialAudit } from './gate/denial_audit.ts';
import { ENDPOINT_TOKENS } from './endpoint_tokens/store.ts';
import { EndpointTokens } from './endpoint_tokens/endpoint_tokens.ts';
import { TaskGate } from './gate/gate.ts';
import { Handover } from './gate/handover.ts';
import { KeyRing, type KeyState } from './identity/key_ring.ts';
import { settleKeys } from './identity/key_settling.ts';
import { createIdentify } from './access/identifier.ts';
import { createOpenGate } from './gate/open_gate.ts';
import { KEY_USES, SealKeys } from './sealed/seal_keys.ts';
import { Sealer } from './sealed/seal.ts';
import { Sessions } from './sessions/sessions.ts';
import { SignInLimits } from './sessions/sign_in_limits.ts';
import { SIGN_OUTS, SignOuts } from './access/sign_outs.ts';
import type { SignInPlaces } from './gate/sign_in_redirect.ts';
import { TokenVerifier } from './identity/token_verifier.ts';
import { createViewer, OPEN_VIEWER, type Viewer } from './gate/viewer.ts';
import { watchSecret } from './identity/watched_secret.ts';

/** What the gate and the sign-in pages are made of. */
export interface AuthParts {
  readonly settings: Settings;
  readonly routes: RouteSource;
  readonly clearml: ClearmlAuthority & Pick<ClearmlTasks, 'tasks' | 'taskSeenBy'>;
  /** How ports are reached that no task asked for; left out where VERIFY_TASK_PODS is not set. */
  readonly pods?: Pick<OwnPortsParts, 'pods' | 'mayReach' | 'serves'> | undefined;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'denials'>;
  /** What the replicas tell each other; undefined where there is no place for it. */
  readonly state: SharedState | undefined;
  /** What owners have given to others; tests replace it. */
  readonly shares?: Shares | undefined;
  /** Milliseconds since the epoch; tests replace it. */
  readonly now?: () => number;
}

/** What the sign-in pages act through. */
export interface SignInActs {
  readonly sessions: Sessions;
  readonly handover: Handover;
  readonly places: SignInPlaces;
}

/** What levels endpoints have, and by what somebody may use them. */
export interface Levels {
  readonly rights: EndpointRights;
  readonly byDefault: Pick<DefaultLevel, 'level' | 'decidedBy'>;
}

/** What the pages of sharing act through. */
export interface SharingActs {
  readonly grants: Grants;
  readonly links: Links;
  /** Undefined where ACCESS_GUESTS is off. */
  readonly guests: Guests | undefined;
  /** ClearML's own word on whom a link lets in. */
  readonly access: Pick<AccessDecisions, 'askAll'>;
}

/** One per process: all of it shares one key ring, one cache of verified tokens and one of access decisions. */
export interface Auth {
  readonly gate: Gate;
  /** Who asks for the router's own pages, and what they may see there. */
  readonly viewer: Viewer;
  /** Undefined with AUTH_ENABLED=false: whoever reaches the router reaches every endpoint. */
  readonly levels: Levels | undefined;
  /** What the sign-in pages act through; undefined with AUTH_ENABLED=false. */
  readonly signIn: SignInActs | undefined;
  /** Undefined where they are off: no place for their records, or no sign-in at all. */
  readonly endpointTokens: EndpointTokens | undefined;
  /** How computers sign in; off where endpoint tokens are. */
  readonly devices: DeviceSignIns | undefined;
  /** What owners gave to others; undefined where that is off, as endpoint tokens then are. */
  readonly sharing: SharingActs | undefined;
  /** Names of every cookie that may carry a token of the user, case-sensitive; none of them reaches a task. */
  readonly cookieNames: () => readonly string[];
  /** Until a signing key has verified the router's own login nobody gets in, and the router is not ready. */
  readonly keyState: () => KeyState;
  /** Ends timers and file watches. */
  readonly close: () => void;
}

const DEVICE_CODES_KEPT = 1_000;

/** Answers are kept by a clock that does not jump: a system clock set back must not prolong a yes. */
const monotonic = () => performance.now();

/** Joins the parts that decide who gets in. With AUTH_ENABLED=false there is no key, and the gate stands open. */
export function createAuth(parts: AuthParts): Auth {
  const { settings, routes, clearml, log, metrics, state, now = Date.now } = parts;
  const own = new OwnCookies(securesCookies(settings));
  const cookies = new KnownCookies(own, settings.AUTH_COOKIE_NAME);
  const denied = createDenialAudit(log, metrics);
  if (!settings.AUTH_ENABLED) {
    return {
      gate: createOpenGate(routes, denied),
      viewer: OPEN_VIEWER,
      levels: undefined,
      signIn: undefined,
      endpointTokens: undefined,
      devices: undefined,
      sharing: undefined,
      cookieNames: () => cookies.all,
      keyState: () => 'settled',
      close: () => {},
    };
  }
  const ring = new KeyRing(settings.AUTH_BASE64_JWKS_KEY);
  const verifier = new TokenVerifier(ring, now, settings.ROUTER_ADMINISTRATORS);
  const sealKeys = new SealKeys(ring, settings.ROUTER_SECRET, KEY_USES.sealedTokens);
  const grantKeys = new SealKeys(ring, settings.ROUTER_SECRET, KEY_USES.grants);
  const sealer = new Sealer(sealKeys.current, now);
  const endpointTokens =
    state === undefined
      ? undefined
      : new EndpointTokens(state.section(ENDPOINT_TOKENS), sealer, now);
  const steady = parts.now ?? monotonic;
  const { ROUTER_URL: routerUrl } = settings;
  // A Sealer of its own: whoever comes can have device codes sealed, and must not crowd out what is kept opened of users.
  const codeSealer = new Sealer(sealKeys.current, now, DEVICE_CODES_KEPT);
  const devices =
    state === undefined || endpointTokens === undefined
      ? undefined
      : new DeviceSignIns({
          section: state.section(DEVICE_SIGN_INS),
          codes: new DeviceCodes(codeSealer, routerUrl.origin, now),
          sealer,
          tokens: endpointTokens,
          now,
          steady,
        });
  const grants =
    state === undefined
      ? undefined
      : new Grants({ section: state.section(GRANTS), keys: grantKeys.current, routes, log, now });
  const signOuts = new SignOuts(state?.section(SIGN_OUTS), state?.looked, now, log);
  const pagesUrl = pagesUrlOf(settings);
  const pagesAudience = pagesApart(settings) ? PAGES_AUDIENCE : ROUTER_AUDIENCE;
  const identify = createIdentify({ verifier, sealer, pagesAudience, endpointTokens });
  const cookieNames = () => cookies.names;
  const times = {
    keepYes: settings.ACCESS_CACHE_SECONDS,
    keepStale: settings.ACCESS_STALE_SECONDS,
  };
  const access = new AccessDecisions(clearml, times, steady, signOuts);
  const defaultLevel = followDefaultLevel(settings.ACCESS_DEFAULT, clearml);
  const rights = new EndpointRights({
    defaultLevel: defaultLevel.level,
    widest: settings.ACCESS_WIDEST,
    shares: parts.shares ?? grants ?? NOTHING_SHARED,
  });
  const limits = new SignInLimits(settings.TRUSTED_PROXIES.length > 0, steady);
  const sessions = new Sessions({
    clearml,
    verifier,
    sealer,
    signOuts,
    identify,
    limits,
    cookieNames,
    cookies: own,
    pagesAudience,
    now,
  });
  const guests =
    grants === undefined || !settings.ACCESS_GUESTS
      ? undefined
      : new Guests({ grants, rights, sealer, cookies: own, routerUrl, now });
  const handover = new Handover({
    sealer,
    sessions,
    guests,
    routerUrl,
    pagesUrl,
    cookies: own,
    now,
  });
  const places: SignInPlaces = {
    pagesUrl,
    clearmlWebUrl: settings.CLEARML_WEB_URL,
    cookies: own,
  };
  const ownPorts =
    settings.OWN_PORTS && parts.pods !== undefined
      ? new OwnPorts({
          ...parts.pods,
          tasks: clearml,
          routes,
          now: steady,
        })
      : undefined;
  const ended = new EndedEndpoints(routes, now);
  const ready = () => ring.keys.length > 0;
  const gate = new TaskGate({
    routes,
    access,
    rights,
    administered: createAdministratorAudit(log, now),
    identify,
    handover,
    guests,
    endpointTokens,
    ownPorts,
    ended,
    taskWord: createTaskWords(clearml),
    cookieNames,
    ready,
    places,
    routerUrl,
    denied,
    now,
  });
  signOuts.onChange(() => gate.recheck());
  grants?.onChange(() => gate.recheck());
  const endSettling = settleKeys(settings, clearml, {
    ring,
    cookies,
    changed: () => {
      verifier.forget();
      sealer.forget();
      grants?.rekeyed();
    },
    log,
  });
  const endSecretWatch = watchSecret(
    settings.sources.ROUTER_SECRET,
    settings.ROUTER_SECRET,
    (values) => {
      log.info({ event: 'router_secret_changed' }, 'The file of ROUTER_SECRET changed');
      sealKeys.replace(values);
      grantKeys.replace(values);
      sealer.forget();
      grants?.rekeyed();
    },
  );
  return {
    gate,
    viewer: createViewer({ access, rights, routes, identify, cookieNames, places }),
    levels: { rights, byDefault: defaultLevel },
    signIn: { sessions, handover, places },
    endpointTokens,
    devices,
    sharing: grants && { grants, links: new Links(grants, now), guests, access },
    cookieNames: () => cookies.all,
    keyState: () => ring.state,
    close: () => {
      endSettling();
      endSecretWatch();
      signOuts.close();
      endpointTokens?.close();
      grants?.close();
      defaultLevel.end();
      ended.close();
      gate.close();
    },
  };
}
