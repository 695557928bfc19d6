import type { SettingName } from '../../../router/settings/schema.ts';
import type { PortRange } from '../../../router/settings/tcp_range.ts';
import { namesOf } from '../../names.ts';
import type { StackConfig } from '../stack_config.ts';
import type { Secret } from '../values/secret.ts';
import { valueAt } from '../values/value_at.ts';
import { routerSourceRanges } from './client_addresses.ts';
import { findsPeers } from './pods.ts';
import { podRange, OWN_PORTS } from './ports.ts';
import { pagesUrl, routerUrl } from './router_url.ts';
import { shutdownDelaySeconds } from './shutdown_delay.ts';

/**
 * What the settings of the router process are made of, beside config.
 *
 * @typeParam Late a text that is known once the objects are made: an output of Pulumi, which this folder does not load.
 */
export interface SettingSources<Late> {
  readonly config: StackConfig;
  /** Variables that hold the path of a file in the pod. */
  readonly files: Readonly<Record<string, string>>;
  readonly namespace: Late;
  /** Undefined where TCP is off. */
  readonly tcpAddress: Late | undefined;
  /** Networks that tasks' addresses may lie in. */
  readonly taskNetworks: readonly string[];
}

/** Undefined leaves the setting to the router's default. `atKey` is the value of the setting's key of config. */
type Value = <Late>(sources: SettingSources<Late>, atKey: unknown) => Late | string | undefined;

/** Paths of all keys below a part of config, such as `portRange.start`. */
type KeysOf<T> = T extends string | number | boolean | Secret | readonly unknown[] | undefined
  ? never
  : { [K in keyof T & string]: K | `${K}.${KeysOf<NonNullable<T[K]>>}` }[keyof T & string];

type Key = KeysOf<Omit<StackConfig, 'pod' | 'transforms'>>;

/** What decides on a setting: a key of config, or `pod.env` alone, and then why there is no key. */
type Decision = readonly [key: Key, value?: Value] | { readonly onlyEnv: string };

/** A variable that is no setting of the router, and that its client of ClearML reads all the same. */
type ProxyVariable = 'HTTP_PROXY' | 'HTTPS_PROXY' | 'NO_PROXY';

const FITS = 'fits every installation as it is';
const SIGN_IN = 'sign-in is switched off by two settings that are meant, not by a key';

/** Every setting of the router process, in the order in which the pod gets them. */
const DECISIONS: Readonly<Record<SettingName | ProxyVariable, Decision>> = {
  ROUTER_NAME: ['router.name'],
  ROUTER_URL: ['ingress.hostName', ({ config }) => routerUrl(config)],
  ROUTER_WILDCARD_HOST: ['ingress.wildcardHost'],
  ROUTER_PATH_FORM: ['ingress.pathForm', where(false, 'false')],
  ROUTER_PAGES_URL: [
    'ingress.pagesHostName',
    ({ config }, host) => (host === undefined ? undefined : pagesUrl(config)),
  ],
  CLEARML_API_HOST: ['clearml.apiServerUrlReference'],
  CLEARML_API_ACCESS_KEY: ['clearml.apiServerKey', inFile],
  CLEARML_API_SECRET_KEY: ['clearml.apiServerSecret', inFile],
  AUTH_BASE64_JWKS_KEY: ['clearml.jwksKey', inFile],
  ROUTER_SECRET: ['router.secret', inFile],
  CLEARML_WEB_URL: ['clearml.webServerUrl'],
  AUTH_COOKIE_NAME: ['clearml.authCookieName'],
  SSL_VERIFY: ['clearml.sslVerify', where(false, 'false')],
  CLEARML_CA_FILE: ['clearml.caCertificates', inFile],
  LISTEN_QUEUE_NAME: ['router.queues'],
  ROUTER_ADMINISTRATORS: ['router.administrators'],
  ACCESS_DEFAULT: ['router.access.default'],
  ACCESS_WIDEST: ['router.access.widest'],
  ACCESS_GUESTS: ['router.access.guests', where(true, 'true')],
  TASK_NETWORKS: ['router.taskNetworks', ({ taskNetworks }) => textOf(taskNetworks)],
  VERIFY_TASK_PODS: ['router.verifyPods.namespaces'],
  VERIFY_TASK_PODS_STRICT: ['router.verifyPods.strict', where(true, 'true')],
  TASK_POD_NAME_PREFIX: ['router.verifyPods.namePrefix'],
  OWN_PORTS: ['router.ownPorts', where(true, 'true')],
  TASK_CA_FILE: ['router.taskCa', inFile],
  TASK_ANSWER_SECONDS: ['router.taskAnswerSeconds'],
  TRUSTED_PROXIES: ['router.trustedProxies'],
  STATIC_ROUTES_FILE: ['router.staticRoutesConfigMap', inFile],
  IDLE_POLICY: [
    'router.idle',
    (_, policy) => (policy === undefined ? undefined : JSON.stringify(policy)),
  ],
  MODEL_ENDPOINTS_SECONDS: ['router.modelEndpointsSeconds'],
  TCP_ROUTER_ADDRESS: ['tcpSession.routerAddress', ({ tcpAddress }) => tcpAddress],
  TCP_PORT_START: ['tcpSession.portRange.start'],
  TCP_PORT_END: ['tcpSession.portRange.end'],
  TCP_LISTEN_START: [
    'tcpSession.portRange',
    ({ config }) => mappedStart(config.tcpSession?.portRange),
  ],
  TCP_ONLY_VISIBLE: ['tcpSession.onlyVisible', where(true, 'true')],
  TCP_MAX_PORTS_PER_TASK: ['tcpSession.portsPerTask'],
  TCP_MAX_PORTS_PER_USER: ['tcpSession.portsPerUser'],
  TCP_PROXY_PROTOCOL: ['tcpSession.proxyProtocol', where(true, 'accept')],
  TCP_SOURCE_RANGES: [
    'tcpSession.sourceRanges',
    ({ config: { tcpSession } }) => textOf(tcpSession && routerSourceRanges(tcpSession)),
  ],
  HTTP_PORT: ['service.port', () => String(OWN_PORTS.http)],
  HEALTH_PORT: ['service.port', () => String(OWN_PORTS.health)],
  ADMIN_PORT: ['service.port', () => String(OWN_PORTS.admin)],
  SHUTDOWN_DELAY_SECONDS: [
    'router.shutdownDelaySeconds',
    ({ config }) => String(shutdownDelaySeconds(config)),
  ],
  DRAIN_SECONDS: ['router.drainSeconds'],
  MAX_CONNECTIONS: ['router.limits.connections.total'],
  MAX_CONNECTIONS_PER_ADDRESS: ['router.limits.advanced.connections.perAddress'],
  MAX_REQUESTS: ['router.limits.requests.total'],
  MAX_REQUESTS_PER_USER: ['router.limits.advanced.requests.perUser'],
  MAX_REQUESTS_PER_TASK: ['router.limits.advanced.requests.perTask'],
  MAX_REQUESTS_PER_ADDRESS: ['router.limits.advanced.requests.perAddress'],
  MAX_WEBSOCKETS: ['router.limits.webSockets.total'],
  MAX_WEBSOCKETS_PER_USER: ['router.limits.advanced.webSockets.perUser'],
  MAX_WEBSOCKETS_PER_TASK: ['router.limits.advanced.webSockets.perTask'],
  MAX_WEBSOCKETS_PER_ADDRESS: ['router.limits.advanced.webSockets.perAddress'],
  LEASE_NAMESPACE: [
    'availability.leaderElection',
    ({ namespace }, isElected) => (isElected === true ? namespace : undefined),
  ],
  LEASE_NAME: [
    'availability.leaderElection',
    ({ config }, isElected) => (isElected === true ? config.router.name : undefined),
  ],
  PEERS_HOST: [
    'availability.leaderElection',
    // The search domain of the pod's namespace makes it whole.
    ({ config }) => (findsPeers(config) ? namesOf(config.router.name).peers : undefined),
  ],
  LOG_LEVEL: ['router.logLevel'],
  HTTP_PROXY: ['clearml.proxy', asProxy],
  HTTPS_PROXY: ['clearml.proxy', asProxy],
  NO_PROXY: ['clearml.proxy', asProxy],
  ACCESS_CACHE_SECONDS: { onlyEnv: `${FITS}; shorter asks ClearML more often` },
  ACCESS_STALE_SECONDS: { onlyEnv: FITS },
  AUTH_DISABLED_ACKNOWLEDGED: { onlyEnv: SIGN_IN },
  AUTH_ENABLED: { onlyEnv: SIGN_IN },
  AUTH_SECURE_ENABLED: { onlyEnv: 'follows from the scheme of ingress.hostName' },
  BIND_ADDRESS: { onlyEnv: 'a pod has addresses of its own, and probes come to them' },
  OVERLOAD_DELAY_SECONDS: { onlyEnv: FITS },
  OVERLOAD_MEMORY_PERCENT: { onlyEnv: 'a share of pod.resources.limits, which has a key' },
  POLL_INTERVAL: { onlyEnv: FITS },
  STATE_FILE: { onlyEnv: 'in a cluster the same is kept in a ConfigMap' },
  TCP_MAX_CONNECTIONS: { onlyEnv: FITS },
  TCP_MAX_CONNECTIONS_PER_CLIENT: {
    onlyEnv: 'means clients only where their addresses are seen, which no other key can tell',
  },
  TCP_MAX_CONNECTIONS_PER_PORT: { onlyEnv: FITS },
};

/** Decisions by name of the variable; a name that comes from outside may be anything. */
const BY_NAME: ReadonlyMap<string, Decision> = new Map(Object.entries(DECISIONS));

/** The key of config that decides on a setting; undefined where only `pod.env` does, and for what is no setting. */
export function keyOfSetting(name: string): string | undefined {
  const decision = BY_NAME.get(name);
  return decision === undefined || 'onlyEnv' in decision ? undefined : decision[0];
}

/**
 * The environment of the router process. Secrets come as files: their values stay out of the pod's spec, which Pulumi
 * would otherwise hide as a whole in every diff, and a rotated Secret is read without a restart.
 */
export function routerSettings<Late>(
  sources: SettingSources<Late>,
): Readonly<Record<string, Late | string>> {
  const { config, files } = sources;
  const settings: Record<string, Late | string> = { ...plainEnvironment(config) };
  for (const [name, decision] of BY_NAME) {
    if ('onlyEnv' in decision) continue;
    const [key, value = (_, atKey) => textOf(atKey)] = decision;
    const file = [name, `${name}_FILE`].find((variable) => Object.hasOwn(files, variable));
    const text = value(sources, valueAt(config, key.split('.')));
    if (file !== undefined) settings[file] = files[file] ?? '';
    else if (text !== undefined) settings[name] = text;
  }
  return settings;
}

/** Variables that decide how Node runs whatever it is given. */
const OF_NODE = ['NODE_OPTIONS', 'NODE_TLS_REJECT_UNAUTHORIZED', 'NODE_EXTRA_CA_CERTS'];

/**
 * Variables that decide about the router and that a source of `pod.envFrom` could set, which nobody sees at preview. Set to an empty text
 * each is as good as not set, and Kubernetes takes what `env` says before what `envFrom` does
 * (https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#environment-variables).
 *
 * @param given names that the container sets.
 */
export function keptFromSources({ pod }: StackConfig, given: ReadonlySet<string>): string[] {
  const decisive = [...BY_NAME.keys()].flatMap((name) => [
    name,
    `${name}_FILE`,
    ...(name.endsWith('_PROXY') ? [name.toLowerCase()] : []),
  ]);
  return [...decisive, ...OF_NODE].filter(
    (name) => !given.has(name) && pod.envFrom.some(({ prefix = '' }) => name.startsWith(prefix)),
  );
}

/** Variables of `pod.env` that are texts; the others are the container's own. */
function plainEnvironment({ pod }: StackConfig): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(pod.env).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}

/** The text for a key that is `wanted`; the router's default says the same as the other value. */
function where(wanted: boolean, text: string): Value {
  return (_, atKey) => (atKey === wanted ? text : undefined);
}

/** The value lies in a file of the pod; the object that makes the file names its path. */
function inFile(): undefined {
  return undefined;
}

/** `workload/outgoing_proxy.ts` gives the value, since the kubelet puts user name and password into it. */
function asProxy(): undefined {
  return undefined;
}

/** Undefined where the pod listens on the ports of the range themselves. */
function mappedStart(range: PortRange | undefined): string | undefined {
  if (range === undefined) return undefined;
  const { start } = podRange(range);
  return start === range.start ? undefined : String(start);
}

function textOf(value: unknown): string | undefined {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.join(',');
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
