import { setTimeout as sleep } from 'node:timers/promises';
import type { EndpointRights } from './auth/access/endpoint_rights.ts';
import { createAuth, type Auth } from './auth/auth.ts';
import type { ClearmlAuthority } from './clearml/clearml.ts';
import type { DrainTimes } from './drain_times.ts';
import { limitsOf } from './load/limit_settings.ts';
import type { ByteBudget } from './load/byte_budget.ts';
import type { Overload } from './load/overload.ts';
import type { Activity } from './activity/activity.ts';
import type { PeersView } from './peers/peers.ts';
import { inNetworks } from './settings/networks.ts';
import { createProxyServer } from './server.ts';
import { tcpLimits } from './tcp/connection_limits.ts';
import { createTunnel } from './websocket/tunnel.ts';
import type { TaskPods } from './routes/asks/task_pods.ts';
import type { Routes } from './routes/routes.ts';
import { pagesApart, securesCookies } from './settings/urls.ts';
import type { Settings } from './settings/settings.ts';
import type { SharedState } from './state/shared_state.ts';
import type { Log } from './telemetry/log.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { createOwnPages, type WebParts } from './web/web.ts';

/** What a front needs. */
export interface FrontParts {
  readonly settings: Settings;
  readonly routes: Pick<
    Routes,
    'current' | 'subscribe' | 'state' | 'stampedUse' | 'mayReach' | 'serves'
  >;
  readonly clearml: ClearmlAuthority & WebParts['clearml'];
  /** Undefined where VERIFY_TASK_PODS is not set. */
  readonly taskPods: Pick<TaskPods, 'ownAddress' | 'isAlone'> | undefined;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly activity: Activity;
  /** The other replicas; undefined where PEERS_HOST is not set. */
  readonly peers: PeersView | undefined;
  readonly idle: WebParts['idle'];
  readonly overload: Overload;
  readonly state: SharedState | undefined;
  readonly budget: ByteBudget;
  /** Of the names of tasks' `__Host-` cookies. */
  readonly cookieKeys: () => readonly Uint8Array[];
}

/** The part of a router that meets users over HTTP. */
export interface Front {
  /** Resolves with the bound HTTP port. */
  readonly listen: () => Promise<number>;
  readonly keyState: Auth['keyState'];
  /** Who may use endpoints; undefined with AUTH_ENABLED=false. */
  readonly rights: EndpointRights | undefined;
  /** No new connections after the delay; resolves when the last session has ended, or when the grace is over. */
  readonly drain: (times: DrainTimes) => Promise<void>;
}

/** Joins gate, pages, proxy and tunnel. */
export function createFront(parts: FrontParts): Front {
  const { settings, routes, clearml, log, metrics, activity, taskPods } = parts;
  const { mayReach, serves } = routes;
  const pods = taskPods && { pods: taskPods, mayReach, serves };
  const auth = createAuth({ ...parts, pods });
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
      clearmlWebUrl: settings.CLEARML_WEB_URL,
      answerTime: settings.TASK_ANSWER_SECONDS,
    },
    routes,
    gate: auth.gate,
    pages: createOwnPages({
      settings,
      auth,
      routes,
      clearml,
      taskPods,
      activity,
      peers: parts.peers,
      idle: parts.idle,
      log,
      metrics,
    }),
    tunnel,
    credentialCookies: auth.cookieNames,
    cookieKeys: parts.cookieKeys,
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
    rights: auth.levels?.rights,
    drain: async ({ delay, grace }) => {
      proxy.askToLeave();
      await sleep(delay);
      await Promise.all([proxy.drain(grace), tunnel.drain(grace)]);
      auth.close();
    },
  };
}
