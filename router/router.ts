import { setTimeout as sleep } from 'node:timers/promises';
import { checkCookieName } from './auth/identity/cookie_name_check.ts';
import { createClearMlFor } from './clearml/for_settings.ts';
import type { DrainTimes } from './drain_times.ts';
import { createFront } from './front.ts';
import { createLeadership } from './lease/elect.ts';
import { listen } from './sockets/listen.ts';
import { budgetOfProcess } from './load/byte_budget.ts';
import { overloadBoundsOf } from './load/limit_settings.ts';
import { watchOverload } from './load/overload.ts';
import { Activity } from './activity/activity.ts';
import { tcpLimits } from './tcp/connection_limits.ts';
import { inNetworks } from './settings/networks.ts';
import { createTcpListeners } from './tcp/listeners.ts';
import { skipProxyHeaders } from './tcp/skip_proxy_headers.ts';
import { readiness } from './readiness.ts';
import { createRoutes } from './routes/create_routes.ts';
import { followTaskPods } from './routes/asks/follow_task_pods.ts';
import { observeRoutes } from './routes/metrics.ts';
import type { Settings } from './settings/settings.ts';
import { followStampKeys } from './stamp_keys.ts';
import { listenPortOf } from './settings/tcp_range.ts';
import { keepStamped } from './stamped_answers.ts';
import { createSharedStateFor } from './state/for_settings.ts';
import { createAdminServer } from './telemetry/admin_server.ts';
import type { Log } from './telemetry/log.ts';
import { createMetrics, createRegistry } from './telemetry/metrics.ts';

/** A router that serves. */
export interface Router {
  readonly httpPort: number;
  readonly adminPort: number;
  /**
   * Unready at once; the lead is given back. New connections are refused after the delay; open ones live on for the grace at
   * the most. Resolves when nothing is open any more.
   */
  readonly drain: (times: DrainTimes) => Promise<void>;
}

/**
 * Joins the rooms into a router and starts it. It listens at once, and is ready after the first look at ClearML.
 *
 * @param environment where Kubernetes tells a pod about its API server.
 * @throws RouterError LISTEN_FAILED, or SETTINGS_INVALID for a Lease where there is no Kubernetes.
 */
export async function startRouter(
  settings: Settings,
  log: Log,
  environment: NodeJS.ProcessEnv,
): Promise<Router> {
  const registry = createRegistry();
  const metrics = createMetrics(registry);
  const clearml = createClearMlFor(settings, log, metrics);
  const state = createSharedStateFor(settings, environment, log);
  const leadership = createLeadership(settings, environment, log);
  const stampKeys = followStampKeys(settings);
  const routes = createRoutes({
    settings,
    clearml,
    log,
    metrics,
    leadership,
    stampKeys: stampKeys.current,
    migration: state && keepStamped(state),
    taskPods: followTaskPods(settings, environment, log),
    kubernetesHost: environment['KUBERNETES_SERVICE_HOST'],
    // The listeners follow the table, and the table's ports are claimed at the listeners: each is asked only once both exist.
    ports: {
      claim: (port) => tcp.claim(port),
      release: (port) => tcp.release(port),
    },
  });
  const bindAddress = settings.BIND_ADDRESS;
  const activity = new Activity(routes);
  const overload = watchOverload(overloadBoundsOf(settings), { log, metrics });
  const budget = budgetOfProcess();
  const tcp = createTcpListeners({
    routes,
    budget,
    bindAddress,
    listenPort: listenPortOf(settings),
    log,
    metrics,
    activity,
    limits: tcpLimits(settings),
    mayConnect: inNetworks(settings.TCP_SOURCE_RANGES),
    sendsProxyHeader:
      settings.TCP_PROXY_PROTOCOL === 'accept' ? inNetworks(settings.TRUSTED_PROXIES) : undefined,
  });
  const front = createFront({
    settings,
    routes,
    clearml,
    log,
    metrics,
    activity,
    overload,
    state,
    budget,
  });

  const cookieName = checkCookieName(settings, clearml, log);
  let draining = false;
  const admin = createAdminServer({
    contentType: registry.contentType,
    metrics: () => registry.metrics(),
    readiness: () =>
      readiness({
        draining,
        routes: routes.state(),
        key: front.keyState(),
        cookieName: cookieName(),
        state: state?.problem(),
      }),
    refresh: () => {
      observeRoutes(routes, metrics);
      const key = front.keyState();
      metrics.signingKeyWrong.set(key === 'outdated' || key === 'mismatch' ? 1 : 0);
    },
  });
  if (settings.TCP_PROXY_PROTOCOL === 'accept') skipProxyHeaders(admin);
  const adminPort = await listen(admin, settings.ADMIN_PORT, bindAddress);
  const httpPort = await front.listen();
  leadership.start();
  routes.start();

  return {
    httpPort,
    adminPort,
    drain: async (times) => {
      draining = true;
      // The table is kept true while sessions live on, so that a task that ends still loses its own; another replica leads.
      await Promise.all([
        leadership.stop(),
        front.drain(times),
        sleep(times.delay).then(() => tcp.drain(times.grace)),
      ]);
      await routes.stop();
      stampKeys.close();
      activity.close();
      state?.close();
      overload.close();
      clearml.close();
      admin.close();
      admin.closeAllConnections();
    },
  };
}
