import { setTimeout as sleep } from 'node:timers/promises';
import { createAuth, type Auth } from './auth/auth.ts';
import type { ClearmlAuthority } from './clearml/clearml.ts';
import type { DrainTimes } from './drain_times.ts';
import { limitsOf } from './load/limit_settings.ts';
import type { ByteBudget } from './load/byte_budget.ts';
import type { Overload } from './load/overload.ts';
import type { Activity } from './activity/activity.ts';
import { inNetworks } from './settings/networks.ts';
import { createProxyServer } from './server.ts';
import { tcpLimits } from './tcp/connection_limits.ts';
import { createTunnel } from './websocket/tunnel.ts';
import type { Routes } from './routes/routes.ts';
import { pagesApart, securesCookies } from './settings/urls.ts';
import type { Settings } from './settings/settings.ts';
import type { SharedState } from './state/shared_state.ts';
import type { Log } from './telemetry/log.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { createOwnPages } from './web/web.ts';

/** What a front needs. */
export interface FrontParts {
  readonly settings: Settings;
  readonly routes: Pick<Routes, 'current' | 'subscribe' | 'state'>;
  readonly clearml: ClearmlAuthority;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly activity: Activity;
  readonly overload: Overload;
  readonly state: SharedState | undefined;
  readonly budget: ByteBudget;
}

/** The part of a router that meets users over HTTP. */
export interface Front {
  /** Resolves with the bound HTTP port. */
  readonly listen: () => Promise<number>;
  readonly keyState: Auth['keyState'];
  /** No new connections after the delay; resolves when the last session has ended, or when the grace is over. */
  readonly drain: (times: DrainTimes) => Promise<void>;
}

/** Joins gate, pages, proxy and tunnel. */
export function createFront(parts: FrontParts): Front {
  const { settings, routes, log, metrics, activity } = parts;
  const auth = createAuth(parts);
  const tunnel = createTunnel({
    hold: auth.gate.hold,
    routes,
    log,
    metrics,
    activity,
    limits: tcpLimits(settings),
  });
  const proxy = createProxyServer({
    settings: {
      origin: settings.ROUTER_URL.origin,
      pagesOrigin: pagesApart(settings) ? settings.ROUTER_PAGES_URL?.origin : undefined,
      wildcardHost: settings.ROUTER_WILDCARD_HOST,
      pathForm: settings.ROUTER_PATH_FORM,
      isTrustedProxy: inNetworks(settings.TRUSTED_PROXIES),
      secureCookies: securesCookies(settings),
      answerTime: settings.TASK_ANSWER_SECONDS,
    },
    routes,
    gate: auth.gate,
    pages: createOwnPages({ settings, auth, routes, activity, log, metrics }),
    tunnel,
    credentialCookies: auth.cookieNames,
    log,
    accessLog: log,
    metrics,
    activity,
    limits: limitsOf(settings),
    budget: parts.budget,
    overload: parts.overload,
  });
  return {
    listen: () => proxy.listen(settings.HTTP_PORT, settings.BIND_ADDRESS),
    keyState: auth.keyState,
    drain: async ({ delay, grace }) => {
      proxy.askToLeave();
      await sleep(delay);
      await Promise.all([proxy.drain(grace), tunnel.drain(grace)]);
      auth.close();
    },
  };
}
