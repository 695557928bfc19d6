import * as z from 'zod';
import * as values from './values.ts';

/** How much may be open at once; 0 is no limit. */
const limit = values.whole(0, 1_000_000);

/**
 * Every setting of the process, by the name of its environment variable. Each may also be given as `<NAME>_FILE`, the path
 * of a file that holds the value. A setting without `.optional()` or a default is required.
 */
export const SETTINGS = {
  ROUTER_NAME: values.plainName.prefault('router'),
  ROUTER_URL: values.routerUrl,
  ROUTER_WILDCARD_HOST: values.hostName.optional(),
  ROUTER_PATH_FORM: values.flag.prefault('true'),
  ROUTER_PAGES_URL: values.routerUrl.optional(),
  CLEARML_API_HOST: values.serviceUrl,
  CLEARML_API_ACCESS_KEY: z.string(),
  CLEARML_API_SECRET_KEY: z.string(),
  CLEARML_WEB_URL: values.serviceUrl.optional(),
  CLEARML_CA_FILE: z.string().optional(),
  SSL_VERIFY: values.flag.prefault('true'),
  AUTH_ENABLED: values.flag.prefault('true'),
  AUTH_DISABLED_ACKNOWLEDGED: z.string().optional(),
  AUTH_COOKIE_NAME: values.cookieName.optional(),
  AUTH_SECURE_ENABLED: values.flag.optional(),
  AUTH_BASE64_JWKS_KEY: values.secrets(1),
  ROUTER_SECRET: values.secrets(16).optional(),
  ROUTER_ADMINISTRATORS: values.names.prefault(''),
  STATE_FILE: z.string().optional(),
  /** Left out: `owner` where the server shows every task to everybody, else `visible`. */
  ACCESS_DEFAULT: values.endpointLevel.optional(),
  ACCESS_WIDEST: values.endpointLevel.prefault('visible'),
  ACCESS_GUESTS: values.flag.prefault('false'),
  ACCESS_CACHE_SECONDS: values.seconds(0, 86_400).prefault('30'),
  ACCESS_STALE_SECONDS: values.seconds(0, 604_800).prefault('600'),
  LISTEN_QUEUE_NAME: values.names.prefault(''),
  TASK_NETWORKS: values.cidrs.optional(),
  VERIFY_TASK_PODS: values.namespaces.prefault(''),
  VERIFY_TASK_PODS_STRICT: values.flag.prefault('false'),
  OWN_PORTS: values.flag.prefault('false'),
  TASK_POD_NAME_PREFIX: z.string().prefault('clearml-id-'),
  /** Left out, certificates of tasks are not checked. */
  TASK_CA_FILE: z.string().optional(),
  /** Left out, the head of an answer takes as long as it takes. */
  TASK_ANSWER_SECONDS: values.seconds(0.05, 86_400).optional(),
  STATIC_ROUTES_FILE: z.string().optional(),
  IDLE_POLICY: values.idlePolicy.optional(),
  /** Left out, nothing is listed on ClearML's page of model endpoints. */
  MODEL_ENDPOINTS_SECONDS: values.seconds(1, 3600).optional(),
  POLL_INTERVAL: values.seconds(0.05, 3600).prefault('2'),
  TCP_ROUTER_ADDRESS: values.connectAddress.optional(),
  TCP_PORT_START: values.whole(1, 65_535).optional(),
  TCP_PORT_END: values.whole(1, 65_535).optional(),
  /**
   * First of the ports that the process itself listens on, where something in front maps the public ones to them: port
   * TCP_PORT_START + n is listened for at TCP_LISTEN_START + n. Left out, TCP_PORT_START.
   */
  TCP_LISTEN_START: values.whole(1, 65_535).optional(),
  TCP_SOURCE_RANGES: values.cidrs.prefault(''),
  TCP_PROXY_PROTOCOL: z
    .enum(['off', 'accept'], { error: 'expected off or accept' })
    .prefault('off'),
  TCP_ONLY_VISIBLE: values.flag.prefault('false'),
  TCP_MAX_PORTS_PER_TASK: values.whole(1, 65_535).prefault('8'),
  TCP_MAX_PORTS_PER_USER: values.whole(1, 65_535).prefault('64'),
  TCP_MAX_CONNECTIONS: values.whole(1, 1_000_000).prefault('32768'),
  TCP_MAX_CONNECTIONS_PER_PORT: values.whole(1, 1_000_000).prefault('8192'),
  TCP_MAX_CONNECTIONS_PER_CLIENT: values.whole(1, 1_000_000).optional(),
  TRUSTED_PROXIES: values.cidrs.prefault(''),
  BIND_ADDRESS: values.ipAddress.optional(),
  HTTP_PORT: values.whole(0, 65_535).prefault('8080'),
  /** Left out, health is asked at ADMIN_PORT alone. */
  HEALTH_PORT: values.whole(0, 65_535).optional(),
  ADMIN_PORT: values.whole(0, 65_535).prefault('8081'),
  SHUTDOWN_DELAY_SECONDS: values.seconds(0, 3600).prefault('0'),
  DRAIN_SECONDS: values.seconds(0, 86_400).prefault('300'),
  LEASE_NAMESPACE: z.string().optional(),
  LEASE_NAME: z.string().optional(),
  /** A name whose addresses in DNS are those of all replicas; each is asked at ADMIN_PORT. */
  PEERS_HOST: values.hostName.optional(),
  /** Limits hold for each process. 0 is no limit. */
  MAX_CONNECTIONS: limit.prefault('16384'),
  /** This and the other two by address are 1024, 2048 and 2048 where TRUSTED_PROXIES is set, else off unless given. */
  MAX_CONNECTIONS_PER_ADDRESS: limit.optional(),
  /** In flight at the same time. */
  MAX_REQUESTS: limit.prefault('8192'),
  MAX_REQUESTS_PER_USER: limit.prefault('1024'),
  MAX_REQUESTS_PER_TASK: limit.prefault('4096'),
  MAX_REQUESTS_PER_ADDRESS: limit.optional(),
  /** Open at the same time, tunnels included. */
  MAX_WEBSOCKETS: limit.prefault('16384'),
  MAX_WEBSOCKETS_PER_USER: limit.prefault('1024'),
  MAX_WEBSOCKETS_PER_TASK: limit.prefault('4096'),
  MAX_WEBSOCKETS_PER_ADDRESS: limit.optional(),
  /** Mean delay of the event loop at which new requests get 503; 0 does not look at it. */
  OVERLOAD_DELAY_SECONDS: values.seconds(0, 60).prefault('0.5'),
  /** Share of the heap's or the container's memory at which new requests get 503; 0 does not look at it. */
  OVERLOAD_MEMORY_PERCENT: values.whole(0, 100).prefault('85'),
  LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error'], { error: 'expected debug, info, warn or error' })
    .prefault('info'),
} as const satisfies Record<string, z.ZodType>;

/** Settings that are no more, and what does their work now. Whoever still sets one is told, and the router does not start. */
export const REMOVED_SETTINGS: Readonly<Record<string, string>> = {
  WORKERS:
    "is no more: Kubernetes' replicas do this and survive the loss of one; remove it and set availability.replicas",
};

export type SettingName = keyof typeof SETTINGS;

/** The parsed value of each setting, by name. */
export type SettingValues = { readonly [N in SettingName]: z.infer<(typeof SETTINGS)[N]> };

/** All names, in the order of the schema: the order in which problems are listed. */
export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];
