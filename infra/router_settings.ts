import type { Input } from '@pulumi/pulumi';

import type { PortRange } from '../router/settings/tcp_range.ts';
import type { StackConfig } from './config/schema.ts';
import type { Credentials } from './credentials.ts';
import { isSecure } from './exposure/tls.ts';
import { listenRange, OWN_PORTS } from './ports.ts';
import { shutdownDelaySeconds } from './shutdown_delay.ts';
import { STATIC_ROUTES_KEY } from './static_routes.ts';
import type { RouterSecret } from './router_secret.ts';

/** Folder of the pod where the Secret's keys lie as files. */
export const CREDENTIALS_FOLDER = '/etc/task-router/credentials';

/** Folder of the pod where the router's own secret lies. */
export const ROUTER_SECRET_FOLDER = '/etc/task-router/secret';

/** Folder of the pod where further CA certificates lie. */
export const CA_FOLDER = '/etc/task-router/ca';

/** Folder of the pod where static routes lie. */
export const STATIC_ROUTES_FOLDER = '/etc/task-router/static-routes';

/** URL that users open. Without a scheme in config, a certificate decides. */
export function routerUrl(config: StackConfig): string {
  const { host, port } = config.ingress.hostName;
  const name = host.includes(':') ? `[${host}]` : host;
  const scheme = isSecure(config) ? 'https' : 'http';
  return `${scheme}://${name}${port === undefined ? '' : `:${port}`}`;
}

/** What the settings of the router process are made of, beside config. */
export interface SettingSources {
  readonly config: StackConfig;
  readonly credentials: Credentials;
  readonly routerSecret: RouterSecret | undefined;
  /** Undefined where the single pod leads without an election. */
  readonly leaseName: string | undefined;
  /** File of further CA certificates in its folder, where there is one. */
  readonly caFile: string | undefined;
  readonly namespace: Input<string>;
  readonly tcpAddress: Input<string> | undefined;
  /** Networks that tasks' addresses may lie in. */
  readonly taskNetworks: readonly string[];
}

/**
 * The environment of the router process. Secrets come as files: their values stay out of the pod's spec, which Pulumi
 * would otherwise hide as a whole in every diff, and a rotated Secret is read without a restart.
 */
export function routerSettings(sources: SettingSources): Record<string, Input<string>> {
  const { config, credentials, tcpAddress } = sources;
  const { clearml, router, tcpSession } = config;
  const range = tcpSession?.portRange;
  const settings: Record<string, Input<string> | undefined> = {
    ...config.pod.env,
    ROUTER_NAME: router.name,
    ROUTER_URL: routerUrl(config),
    ROUTER_WILDCARD_HOST: config.ingress.wildcardHost,
    ROUTER_PATH_FORM: config.ingress.pathForm ? undefined : 'false',
    CLEARML_API_HOST: clearml.apiServerUrlReference,
    CLEARML_API_ACCESS_KEY_FILE: `${CREDENTIALS_FOLDER}/${credentials.accessKey}`,
    CLEARML_API_SECRET_KEY_FILE: `${CREDENTIALS_FOLDER}/${credentials.secretKey}`,
    AUTH_BASE64_JWKS_KEY_FILE: `${CREDENTIALS_FOLDER}/${credentials.signingKey}`,
    ROUTER_SECRET_FILE:
      sources.routerSecret === undefined
        ? undefined
        : `${ROUTER_SECRET_FOLDER}/${sources.routerSecret.key}`,
    CLEARML_WEB_URL: clearml.webServerUrl,
    AUTH_COOKIE_NAME: clearml.authCookieName,
    SSL_VERIFY: clearml.sslVerify ? undefined : 'false',
    CLEARML_CA_FILE: sources.caFile === undefined ? undefined : `${CA_FOLDER}/${sources.caFile}`,
    LISTEN_QUEUE_NAME: listed(router.queues),
    TASK_NETWORKS: listed(sources.taskNetworks),
    VERIFY_TASK_PODS: listed(router.verifyPods?.namespaces ?? []),
    TASK_POD_NAME_PREFIX: router.verifyPods?.namePrefix,
    TRUSTED_PROXIES: listed(router.trustedProxies ?? []),
    STATIC_ROUTES_FILE:
      router.staticRoutes === undefined && router.staticRoutesConfigMap === undefined
        ? undefined
        : `${STATIC_ROUTES_FOLDER}/${STATIC_ROUTES_KEY}`,
    TCP_ROUTER_ADDRESS: tcpAddress,
    TCP_PORT_START: range?.start.toString(),
    TCP_PORT_END: range?.end.toString(),
    TCP_LISTEN_START: range === undefined ? undefined : mappedStart(range),
    TCP_PROXY_PROTOCOL: tcpSession?.proxyProtocol === true ? 'accept' : undefined,
    TCP_SOURCE_RANGES: listed(tcpSession?.sourceRanges ?? []),
    HTTP_PORT: String(OWN_PORTS.http),
    ADMIN_PORT: String(OWN_PORTS.admin),
    SHUTDOWN_DELAY_SECONDS: String(shutdownDelaySeconds(config)),
    DRAIN_SECONDS: String(router.drainSeconds),
    ...limitSettings(router.limits),
    LEASE_NAMESPACE: sources.leaseName === undefined ? undefined : sources.namespace,
    LEASE_NAME: sources.leaseName,
    LOG_LEVEL: router.logLevel,
  };
  return Object.fromEntries(
    Object.entries(settings).filter(
      (entry): entry is [string, Input<string>] => entry[1] !== undefined,
    ),
  );
}

/** Undefined where the pod listens on the ports of the range themselves. */
function mappedStart(range: PortRange): string | undefined {
  const { start } = listenRange(range);
  return start === range.start ? undefined : String(start);
}

function limitSettings({
  connections,
  requests,
  webSockets,
}: StackConfig['router']['limits']): Record<string, string | undefined> {
  const numbers: Record<string, number | undefined> = {
    MAX_CONNECTIONS: connections.total,
    MAX_CONNECTIONS_PER_ADDRESS: connections.perAddress,
    MAX_REQUESTS: requests.total,
    MAX_REQUESTS_PER_USER: requests.perUser,
    MAX_REQUESTS_PER_TASK: requests.perTask,
    MAX_REQUESTS_PER_ADDRESS: requests.perAddress,
    MAX_WEBSOCKETS: webSockets.total,
    MAX_WEBSOCKETS_PER_USER: webSockets.perUser,
    MAX_WEBSOCKETS_PER_TASK: webSockets.perTask,
    MAX_WEBSOCKETS_PER_ADDRESS: webSockets.perAddress,
  };
  return Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name, value?.toString()]),
  );
}

function listed(items: readonly string[]): string | undefined {
  return items.length === 0 ? undefined : items.join(',');
}
