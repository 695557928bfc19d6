import { setTimeout as sleep } from 'node:timers/promises';
import type { Auth } from './auth/auth.ts';
import type { Tell } from './auth/notices.ts';
import { createAuth } from './auth/auth.ts';
import type { Registry } from 'prom-client';
import type { ClearmlAuthority } from './auth/clearml_authority.ts';
import type { DrainTimes } from './drain_times.ts';
import { limitsOf } from './load/limit_settings.ts';
import type { Overload } from './load/overload.ts';
import type { Activity } from './proxy/activity.ts';
import { inNetworks } from './proxy/networks.ts';
import { createProxyServer } from './proxy/server.ts';
import { tcpLimits } from './proxy/connection_limits.ts';
import { createTunnel } from './proxy/tunnel.ts';
import type { Routes } from './routes/routes.ts';
import type { Settings } from './settings/settings.ts';
import type { Log } from './telemetry/log.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { createOwnPages } from './web/web.ts';

/** What a front needs. */
export interface FrontParts {
  readonly settings: Settings;
  /** Where tables come from: this process, or the one that started this worker. */
  readonly routes: Pick<Routes, 'current' | 'subscribe' | 'state'>;
  readonly clearml: ClearmlAuthority;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly activity: Activity;
  readonly overload: Overload;
  readonly environment: NodeJS.ProcessEnv;
  /** Tells the other fronts of this router; left out where there are none. */
  readonly tell?: Tell;
}

/** The part of a router that meets users over HTTP, and of which WORKERS makes several. */
export interface Front {
  /** Resolves with the bound HTTP port. */
  readonly listen: () => Promise<number>;
  readonly keyState: Auth['keyState'];
  /** No new connections after the delay; resolves when the last session has ended, or when the grace is over. */
  readonly drain: (times: DrainTimes) => Promise<void>;
  /** The text of /metrics: `own` is the registry of the process that is asked. */
  readonly measure: (own: Registry) => Promise<string>;
}

/** A front in this very process. */
export interface OwnFront extends Front {
  /** What another front of this router told. */
  readonly heed: Auth['heed'];
}

/** Joins gate, pages, proxy and tunnel. */
export function createFront(parts: FrontParts): OwnFront {
  const { settings, routes, log, metrics, activity } = parts;
  const auth = createAuth(parts);
  const tunnel = createTunnel({
    hold: auth.gate.hold,
    log,
    metrics,
    activity,
    limits: tcpLimits(settings),
  });
  const proxy = createProxyServer({
    settings: {
      origin: settings.ROUTER_URL.origin,
      wildcardHost: settings.ROUTER_WILDCARD_HOST,
      pathForm: settings.ROUTER_PATH_FORM,
      isTrustedProxy: inNetworks(settings.TRUSTED_PROXIES),
      secureCookies: settings.AUTH_SECURE_ENABLED ?? settings.ROUTER_URL.secure,
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
    overload: parts.overload,
  });
  return {
    listen: () => proxy.listen(settings.HTTP_PORT, settings.BIND_ADDRESS),
    keyState: auth.keyState,
    heed: auth.heed,
    drain: async ({ delay, grace }) => {
      proxy.askToLeave();
      await sleep(delay);
      await Promise.all([proxy.drain(grace), tunnel.drain(grace)]);
      auth.close();
    },
    measure: (own) => own.metrics(),
  };
}
