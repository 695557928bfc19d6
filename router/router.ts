import { createAuth } from './auth/auth.ts';
import { createClearMl } from './clearml/client.ts';
import { createLeadership } from './lease/elect.ts';
import { listen } from './listen.ts';
import { createProxyServer } from './proxy/server.ts';
import { createTcpListeners } from './proxy/tcp_listeners.ts';
import { trustedProxies } from './proxy/trusted_proxies.ts';
import { createTunnel } from './proxy/tunnel.ts';
import { readiness } from './readiness.ts';
import { createRoutes } from './routes/create_routes.ts';
import { observeRoutes } from './routes/metrics.ts';
import type { Settings } from './settings/settings.ts';
import { createAdminServer } from './telemetry/admin_server.ts';
import type { Log } from './telemetry/log.ts';
import { createMetrics, createRegistry } from './telemetry/metrics.ts';
import { createEndpointTokensApi } from './web/endpoint_tokens_api.ts';
import { createSignIn } from './web/sign_in.ts';
import { createWeb } from './web/web.ts';

/** A router that serves. */
export interface Router {
  readonly httpPort: number;
  readonly adminPort: number;
  /**
   * Unready at once; new connections are refused, open ones live on for `grace` milliseconds at the most. Resolves when
   * nothing is open any more and the lead was given back.
   */
  readonly drain: (grace: number) => Promise<void>;
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
  const clearml = createClearMl({
    apiHost: settings.CLEARML_API_HOST,
    accessKey: settings.CLEARML_API_ACCESS_KEY,
    secretKey: settings.CLEARML_API_SECRET_KEY,
    sslVerify: settings.SSL_VERIFY,
    caFile: settings.CLEARML_CA_FILE,
    log,
    metrics,
  });
  const leadership = createLeadership(settings, environment, log);
  const routes = createRoutes({
    settings,
    clearml,
    log,
    metrics,
    leadership,
    kubernetesHost: environment['KUBERNETES_SERVICE_HOST'],
    // The listeners follow the table, and the table's ports are claimed at the listeners: each is asked only once both exist.
    ports: {
      claim: (port) => tcp.claim(port),
      release: (port) => tcp.release(port),
    },
  });
  const bindAddress = settings.BIND_ADDRESS;
  const tcp = createTcpListeners({ routes, bindAddress, log, metrics });
  const auth = createAuth({ settings, routes, clearml, log, metrics, environment });
  const tunnel = createTunnel({ hold: auth.gate.hold, log, metrics });
  const proxy = createProxyServer({
    settings: {
      origin: settings.ROUTER_URL.origin,
      wildcardHost: settings.ROUTER_WILDCARD_HOST,
      isTrustedProxy: trustedProxies(settings.TRUSTED_PROXIES),
      secureCookies: settings.AUTH_SECURE_ENABLED ?? settings.ROUTER_URL.secure,
    },
    routes,
    gate: auth.gate,
    pages: [
      createWeb({ settings, routes, viewer: auth.viewer }),
      createSignIn({ settings, auth, routes, log, metrics }),
      createEndpointTokensApi({ settings, auth, routes, log }),
    ],
    tunnel,
    credentialCookies: auth.cookieNames,
    log,
    accessLog: log,
    metrics,
  });

  let draining = false;
  const admin = createAdminServer({
    registry,
    readiness: () => readiness({ draining, routes: routes.state(), key: auth.keyState() }),
    refresh: () => observeRoutes(routes, metrics),
  });
  const adminPort = await listen(admin, settings.ADMIN_PORT, bindAddress);
  const httpPort = await proxy.listen(settings.HTTP_PORT, bindAddress);
  leadership.start();
  routes.start();

  return {
    httpPort,
    adminPort,
    drain: async (grace) => {
      draining = true;
      // The table is kept true while sessions live on, so that a task that ends still loses its own; another replica leads.
      await leadership.stop();
      await Promise.all([proxy.drain(grace), tcp.drain(grace), tunnel.drain(grace)]);
      await routes.stop();
      auth.close();
      clearml.close();
      admin.close();
      admin.closeAllConnections();
    },
  };
}
