import { setTimeout as sleep } from 'node:timers/promises';
import { checkCookieName } from './auth/identity/cookie_name_check.ts';
import { noPortAt } from './auth/access/port_rule.ts';
import { createClearMlFor } from './clearml/for_settings.ts';
import type { DrainTimes } from './drain_times.ts';
import { createFront } from './front.ts';
import { IdleWatch } from './idle/idle_watch.ts';
import { observeIdle } from './idle/metrics.ts';
import { createSight } from './idle/sight.ts';
import { createLeadership } from './lease/elect.ts';
import { boundConnections } from './sockets/bound_connections.ts';
import { listen } from './sockets/listen.ts';
import { budgetOfProcess } from './load/byte_budget.ts';
import { overloadBoundsOf } from './load/limit_settings.ts';
import { watchOverload } from './load/overload.ts';
import { Activity } from './activity/activity.ts';
import { checkHealth } from './activity/check.ts';
import { usedAt } from './activity/health.ts';
import { observeBalancedRoutes, observeHealth } from './activity/metrics.ts';
import { createPeersFor } from './peers/for_settings.ts';
import { observePeers } from './peers/metrics.ts';
import { sharedView } from './peers/shared_view.ts';
import { TOLD_PATH } from './peers/told.ts';
import { createReporterFor } from './serving/for_settings.ts';
import { observeModelEndpoints } from './serving/metrics.ts';
import { Tally } from './serving/tally.ts';
import { tcpLimits } from './tcp/connection_limits.ts';
import { inNetworks } from './settings/networks.ts';
import { createTcpListeners } from './tcp/listeners.ts';
import { skipProxyHeaders } from './tcp/skip_proxy_headers.ts';
import { readiness } from './readiness.ts';
import { createRoutes } from './routes/create_routes.ts';
import { followTaskPods } from './routes/asks/follow_task_pods.ts';
import { observeRoutes } from './routes/metrics.ts';
import type { Settings } from './settings/settings.ts';
import { followSecretKeys, SECRET_USES } from './secret_keys.ts';
import { listenPortOf } from './settings/tcp_range.ts';
import { keepStamped } from './stamped_answers.ts';
import { createSharedStateFor } from './state/for_settings.ts';
import { createAdminServer } from './telemetry/admin_server.ts';
import { createHealthServer } from './telemetry/health_server.ts';
import type { Log } from './telemetry/log.ts';
import { createMetrics, createRegistry } from './telemetry/metrics.ts';

/** Connections of those who ask for health, metrics, or what a replica saw, by port; each question is over within milliseconds. */
const MOST_ASKING_CONNECTIONS = 1024;

/** A router that serves. */
export interface Router {
  readonly httpPort: number;
  /** Undefined where HEALTH_PORT is not set. */
  readonly healthPort: number | undefined;
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
  const stampKeys = followSecretKeys(settings, SECRET_USES.stamps);
  const peerKeys = followSecretKeys(settings, SECRET_USES.peers);
  const cookieKeys = followSecretKeys(settings, SECRET_USES.hostCookies);
  const taskPods = followTaskPods(settings, environment, log);
  const routes = createRoutes({
    settings,
    clearml,
    log,
    metrics,
    leadership,
    stampKeys: stampKeys.current,
    migration: state && keepStamped(state),
    taskPods,
    kubernetesHost: environment['KUBERNETES_SERVICE_HOST'],
    // The listeners follow the table, and the table's ports are claimed at the listeners: each is asked only once both exist.
    ports: {
      claim: (port) => tcp.claim(port),
      release: (port) => tcp.release(port),
    },
    needsOwners: () => (front.rights?.byDefault ?? 'visible') !== 'visible',
    usedAt: (id) => Math.max(usedAt(activity.of, id), peers?.seen(id).usedAt ?? 0),
    noPort: settings.TCP_ONLY_VISIBLE
      ? (endpoint) => noPortAt(front.rights?.level(endpoint))
      : undefined,
  });
  const bindAddress = settings.BIND_ADDRESS;
  const activity = new Activity(routes, { check: checkHealth(settings.ROUTER_URL) });
  const tally = new Tally();
  const peers = createPeersFor(settings, peerKeys.current, {
    routes,
    activity,
    metrics,
    log,
    heardServed: settings.MODEL_ENDPOINTS_SECONDS === undefined ? undefined : tally.heard,
  });
  const reporter = createReporterFor(settings, {
    routes,
    leadership,
    clearml,
    activity,
    peers,
    tally,
    log,
  });
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
    taskPods,
    log,
    metrics,
    activity,
    peers,
    idle: settings.IDLE_POLICY && ((taskId: string) => idle?.of(taskId)),
    overload,
    state,
    budget,
    cookieKeys: cookieKeys.current,
  });

  const idle =
    settings.IDLE_POLICY &&
    new IdleWatch({
      policy: settings.IDLE_POLICY,
      routerName: settings.ROUTER_NAME,
      routes,
      clearml,
      leadership,
      // With a Lease there may be others.
      sight: createSight(activity.of, peers, settings.LEASE_NAME === undefined),
      log,
    });
  const cookieName = checkCookieName(settings, clearml, log);
  let draining = false;
  const checks = () =>
    readiness({
      draining,
      routes: routes.state(),
      key: front.keyState(),
      cookieName: cookieName(),
      state: state?.problem(),
    });
  const admin = createAdminServer({
    contentType: registry.contentType,
    metrics: () => registry.metrics(),
    readiness: checks,
    refresh: () => {
      observeRoutes(routes, metrics);
      if (idle !== undefined) observeIdle(idle.all(), metrics);
      if (reporter !== undefined) observeModelEndpoints(reporter.listed(), metrics);
      observeBalancedRoutes(routes.current(), activity.ejections, metrics);
      observeHealth(routes.current(), sharedView(activity.of, peers), metrics);
      if (peers !== undefined) observePeers(peers.state(), metrics);
      const key = front.keyState();
      metrics.signingKeyWrong.set(key === 'outdated' || key === 'mismatch' ? 1 : 0);
    },
    peers: peers && {
      path: TOLD_PATH,
      answer: ({ url = '', headers }) => peers.answer(url, headers.authorization),
    },
  });
  const { HEALTH_PORT: port } = settings;
  const health = port === undefined ? undefined : { port, server: createHealthServer(checks) };
  // Load balancers ask for health at the port that is for it alone, or at the admin port where there is none.
  if (settings.TCP_PROXY_PROTOCOL === 'accept') skipProxyHeaders(health?.server ?? admin);
  for (const server of [health?.server, admin]) {
    if (server !== undefined) boundConnections(server, MOST_ASKING_CONNECTIONS);
  }
  const adminPort = await listen(admin, settings.ADMIN_PORT, bindAddress);
  const healthPort = health && (await listen(health.server, health.port, bindAddress));
  const httpPort = await front.listen();
  leadership.start();
  routes.start();
  activity.checks.start();
  peers?.start();
  idle?.start();
  reporter?.start();

  return {
    httpPort,
    healthPort,
    adminPort,
    drain: async (times) => {
      draining = true;
      // The table is kept true while sessions live on, so that a task that ends still loses its own; another replica leads.
      await Promise.all([
        leadership.stop(),
        reporter?.stop(),
        front.drain(times),
        sleep(times.delay).then(() => tcp.drain(times.grace)),
      ]);
      // Its last round waits for others, and nobody for it.
      void peers?.stop();
      await idle?.stop();
      await routes.stop();
      stampKeys.close();
      peerKeys.close();
      cookieKeys.close();
      activity.close();
      state?.close();
      overload.close();
      clearml.close();
      for (const server of [health?.server, admin]) {
        server?.close();
        server?.closeAllConnections();
      }
    },
  };
}
