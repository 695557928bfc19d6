import type { SettingName, SettingValues } from './schema.ts';
import { listenRange } from './tcp_range.ts';

/** One thing that is wrong with the settings: the names it concerns, and what was expected instead. */
export interface Problem {
  readonly names: readonly string[];
  readonly message: string;
}

/** What can be said of several settings together. A rule sees only the values that are right by themselves. */
type Rule = (values: Partial<SettingValues>) => Problem | undefined;

const ACKNOWLEDGEMENT = 'anyone-can-reach-every-task';

const LAST_PORT = 65_535;

/** A rule whose words always concern the same settings; `check` says what is wrong, undefined where nothing is. */
function rule(
  names: readonly SettingName[],
  check: (values: Partial<SettingValues>) => string | undefined | false,
): Rule {
  return (values) => {
    const message = check(values);
    return typeof message === 'string' ? { names, message } : undefined;
  };
}

const tcpWhole: Rule = (values) => {
  const names = ['TCP_ROUTER_ADDRESS', 'TCP_PORT_START', 'TCP_PORT_END'] as const;
  const missing = names.filter((name) => values[name] === undefined);
  if (missing.length === 0 || missing.length === names.length) return undefined;
  return { names: missing, message: `required, since TCP needs all of ${names.join(', ')}` };
};

/** The ports that are the router's own, whatever tasks ask for. */
type OwnPort = 'HTTP_PORT' | 'HEALTH_PORT' | 'ADMIN_PORT';

/** @param reason why two of them are not one; 0 takes a free port for each. */
function portsApart(one: OwnPort, other: OwnPort, reason: string): Rule {
  return rule([one, other], ({ [one]: port, [other]: same }) => {
    if (port === undefined || port === 0 || port !== same) return undefined;
    return `both are ${port}; ${reason}`;
  });
}

function portOutsideRange(name: OwnPort): Rule {
  return rule([name], (values) => {
    const { TCP_LISTEN_START: listen, [name]: port } = values;
    const range = listenRange(values);
    if (range === undefined || port === undefined) return undefined;
    if (port < range.start || port > range.end) return undefined;
    const what =
      listen === undefined ? 'the TCP port range' : 'the ports from TCP_LISTEN_START on,';
    return `${port} lies in ${what} ${range.start} to ${range.end}`;
  });
}

/** Tells apart what browsers tell apart: origins by scheme and host name, and cookies by the name alone. */
const pagesApart = rule(['ROUTER_PAGES_URL'], (values) => {
  const { ROUTER_PAGES_URL: pages, ROUTER_URL: router, ROUTER_WILDCARD_HOST: wildcard } = values;
  if (pages === undefined || router === undefined || pages.origin === router.origin) {
    return undefined;
  }
  if (pages.secure !== router.secure) return 'begins with another scheme than ROUTER_URL';
  if (pages.hostname === router.hostname) {
    return 'names the host of ROUTER_URL; cookies do not tell ports apart, so give it another';
  }
  return (
    wildcard !== undefined &&
    pages.hostname.endsWith(`.${wildcard}`) &&
    'lies below ROUTER_WILDCARD_HOST, where the hosts of endpoints are'
  );
});

const leaseWhole: Rule = ({ LEASE_NAMESPACE: namespace, LEASE_NAME: name }) => {
  if ((namespace === undefined) === (name === undefined)) return undefined;
  return {
    names: [namespace === undefined ? 'LEASE_NAMESPACE' : 'LEASE_NAME'],
    message: 'required, since a Lease needs a namespace and a name',
  };
};

export const RULES: readonly Rule[] = [
  rule(
    ['AUTH_ENABLED'],
    ({ AUTH_ENABLED: enabled, AUTH_DISABLED_ACKNOWLEDGED: acknowledged }) =>
      enabled === false &&
      acknowledged !== ACKNOWLEDGEMENT &&
      `false opens every task to everybody who reaches the router; to mean it, also set AUTH_DISABLED_ACKNOWLEDGED=${ACKNOWLEDGEMENT}`,
  ),
  tcpWhole,
  rule(
    ['TCP_PORT_START', 'TCP_PORT_END'],
    ({ TCP_PORT_START: start, TCP_PORT_END: end }) =>
      start !== undefined &&
      end !== undefined &&
      start > end &&
      `the range is reversed: it starts at ${start} and ends at ${end}`,
  ),
  rule(
    ['TCP_LISTEN_START'],
    ({ TCP_LISTEN_START: listen, TCP_PORT_START: start, TCP_PORT_END: end }) =>
      listen !== undefined &&
      start === undefined &&
      end === undefined &&
      'has no effect without TCP_PORT_START and TCP_PORT_END; set them, or remove this',
  ),
  rule(['TCP_LISTEN_START'], (values) => {
    const range = listenRange(values);
    // A range without TCP_LISTEN_START ends where TCP_PORT_END says.
    if (range === undefined || range.end <= LAST_PORT) return undefined;
    return `the range would be listened for at ${range.start} to ${range.end}, and ${LAST_PORT} is the last port; choose ${LAST_PORT - (range.end - range.start)} or lower`;
  }),
  portOutsideRange('HTTP_PORT'),
  portOutsideRange('HEALTH_PORT'),
  portOutsideRange('ADMIN_PORT'),
  portsApart('HTTP_PORT', 'HEALTH_PORT', "users' traffic is served on a port of its own"),
  portsApart(
    'HTTP_PORT',
    'ADMIN_PORT',
    "the admin port must not be reachable as users' traffic is",
  ),
  portsApart(
    'HEALTH_PORT',
    'ADMIN_PORT',
    'the admin port, with the metrics, must not be reachable as the health port is; choose another, or remove HEALTH_PORT',
  ),
  rule(
    ['TCP_PROXY_PROTOCOL'],
    ({ TCP_PROXY_PROTOCOL: mode, TRUSTED_PROXIES: proxies }) =>
      mode === 'accept' &&
      proxies?.length === 0 &&
      'accept believes no peer while TRUSTED_PROXIES is empty; name the addresses of the load balancer there',
  ),
  rule(
    ['ROUTER_PATH_FORM'],
    ({ ROUTER_PATH_FORM: pathForm, ROUTER_WILDCARD_HOST: wildcard }) =>
      pathForm === false &&
      wildcard === undefined &&
      'false leaves endpoints without a URL; it needs ROUTER_WILDCARD_HOST',
  ),
  rule(
    ['VERIFY_TASK_PODS_STRICT'],
    ({ VERIFY_TASK_PODS: namespaces, VERIFY_TASK_PODS_STRICT: strict }) =>
      strict === true &&
      namespaces?.length === 0 &&
      'refuses every address while VERIFY_TASK_PODS names no pods to look at; name them there',
  ),
  rule(
    ['OWN_PORTS'],
    ({ OWN_PORTS: own, VERIFY_TASK_PODS: namespaces }) =>
      own === true &&
      namespaces?.length === 0 &&
      'opens nothing while VERIFY_TASK_PODS names no pods to look at; name them there',
  ),
  pagesApart,
  leaseWhole,
  rule(
    ['PEERS_HOST'],
    ({ PEERS_HOST: host, ROUTER_SECRET: secret, AUTH_BASE64_JWKS_KEY: signingKey }) =>
      host !== undefined &&
      secret === undefined &&
      signingKey?.length === 0 &&
      'replicas know each other by a secret, and there is none; set ROUTER_SECRET',
  ),
  rule(
    ['PEERS_HOST'],
    ({ PEERS_HOST: host, ADMIN_PORT: port }) =>
      host !== undefined &&
      port === 0 &&
      'replicas ask each other at one port, and ADMIN_PORT is 0; name one',
  ),
];
