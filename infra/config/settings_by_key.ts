import type { SettingName } from '../../router/settings/schema.ts';

/** Settings of the router process that the program sets, and the key of config that decides on each. */
export const SETTING_KEYS: Readonly<Record<string, string>> = {
  ROUTER_NAME: 'router.name',
  ROUTER_URL: 'ingress.hostName',
  ROUTER_WILDCARD_HOST: 'ingress.wildcardHost',
  ROUTER_PATH_FORM: 'ingress.pathForm',
  CLEARML_API_HOST: 'clearml.apiServerUrlReference',
  CLEARML_API_ACCESS_KEY: 'clearml.apiServerKey',
  CLEARML_API_SECRET_KEY: 'clearml.apiServerSecret',
  CLEARML_WEB_URL: 'clearml.webServerUrl',
  CLEARML_CA_FILE: 'clearml.caCertificates',
  AUTH_BASE64_JWKS_KEY: 'clearml.jwksKey',
  AUTH_COOKIE_NAME: 'clearml.authCookieName',
  SSL_VERIFY: 'clearml.sslVerify',
  LISTEN_QUEUE_NAME: 'router.queues',
  TASK_NETWORKS: 'router.taskNetworks',
  VERIFY_TASK_PODS: 'router.verifyPods',
  TASK_POD_NAME_PREFIX: 'router.verifyPods',
  TRUSTED_PROXIES: 'router.trustedProxies',
  STATIC_ROUTES_FILE: 'router.staticRoutesConfigMap',
  TCP_ROUTER_ADDRESS: 'tcpSession.routerAddress',
  TCP_PORT_START: 'tcpSession.portRange.start',
  TCP_PORT_END: 'tcpSession.portRange.end',
  TCP_PROXY_PROTOCOL: 'tcpSession.proxyProtocol',
  TCP_SOURCE_RANGES: 'tcpSession.sourceRanges',
  HTTP_PORT: 'service.port',
  ADMIN_PORT: 'service.port',
  SHUTDOWN_DELAY_SECONDS: 'router.shutdownDelaySeconds',
  DRAIN_SECONDS: 'router.drainSeconds',
  LEASE_NAMESPACE: 'availability.leaderElection',
  LEASE_NAME: 'availability.leaderElection',
  LOG_LEVEL: 'router.logLevel',
  ROUTER_SECRET: 'router.secret',
  HTTP_PROXY: 'clearml.proxy',
  HTTPS_PROXY: 'clearml.proxy',
  NO_PROXY: 'clearml.proxy',
};

/** Settings that only `pod.env` sets, and why each has no key of its own. Their values are checked as the router checks them. */
export const FREE_SETTINGS: Readonly<Partial<Record<SettingName, string>>> = {
  ACCESS_CACHE_SECONDS: 'fits every installation as it is; shorter asks ClearML more often',
  ACCESS_STALE_SECONDS: 'fits every installation as it is',
  AUTH_DISABLED_ACKNOWLEDGED:
    'sign-in is switched off by two settings that are meant, not by a key',
  AUTH_ENABLED: 'sign-in is switched off by two settings that are meant, not by a key',
  AUTH_SECURE_ENABLED: 'follows from the scheme of ingress.hostName',
  BIND_ADDRESS: 'a pod has addresses of its own, and probes come to them',
  POLL_INTERVAL: 'fits every installation as it is',
  STATE_FILE: 'in a cluster the same is kept in a ConfigMap',
  TCP_MAX_CONNECTIONS: 'fits every installation as it is',
  TCP_MAX_CONNECTIONS_PER_CLIENT:
    'means clients only where their addresses are seen, which no other key can tell',
  TCP_MAX_CONNECTIONS_PER_PORT: 'fits every installation as it is',
  WORKERS: 'more pods do the same, and survive the loss of one',
};
