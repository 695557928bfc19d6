import type { SettingValues } from './schema.ts';
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

const authDisabledOnPurpose: Rule = (values) => {
  if (values.AUTH_ENABLED !== false || values.AUTH_DISABLED_ACKNOWLEDGED === ACKNOWLEDGEMENT) {
    return undefined;
  }
  return {
    names: ['AUTH_ENABLED'],
    message: `false opens every task to everybody who reaches the router; to mean it, also set AUTH_DISABLED_ACKNOWLEDGED=${ACKNOWLEDGEMENT}`,
  };
};

const tcpWhole: Rule = (values) => {
  const names = ['TCP_ROUTER_ADDRESS', 'TCP_PORT_START', 'TCP_PORT_END'] as const;
  const missing = names.filter((name) => values[name] === undefined);
  if (missing.length === 0 || missing.length === names.length) return undefined;
  return { names: missing, message: `required, since TCP needs all of ${names.join(', ')}` };
};

const rangeAscends: Rule = ({ TCP_PORT_START: start, TCP_PORT_END: end }) => {
  if (start === undefined || end === undefined || start <= end) return undefined;
  return {
    names: ['TCP_PORT_START', 'TCP_PORT_END'],
    message: `the range is reversed: it starts at ${start} and ends at ${end}`,
  };
};

const listensForRange: Rule = (values) => {
  const { TCP_LISTEN_START: listen, TCP_PORT_START: start, TCP_PORT_END: end } = values;
  if (listen === undefined || start !== undefined || end !== undefined) return undefined;
  return {
    names: ['TCP_LISTEN_START'],
    message: 'has no effect without TCP_PORT_START and TCP_PORT_END; set them, or remove this',
  };
};

const listenRangeEnds: Rule = (values) => {
  const range = listenRange(values);
  // A range without TCP_LISTEN_START ends where TCP_PORT_END says.
  if (range === undefined || range.end <= LAST_PORT) return undefined;
  return {
    names: ['TCP_LISTEN_START'],
    message: `the range would be listened for at ${range.start} to ${range.end}, and ${LAST_PORT} is the last port; choose ${LAST_PORT - (range.end - range.start)} or lower`,
  };
};

function portOutsideRange(name: 'HTTP_PORT' | 'ADMIN_PORT'): Rule {
  return (values) => {
    const { TCP_LISTEN_START: listen, [name]: port } = values;
    const range = listenRange(values);
    if (range === undefined || port === undefined) return undefined;
    if (port < range.start || port > range.end) return undefined;
    const what =
      listen === undefined ? 'the TCP port range' : 'the ports from TCP_LISTEN_START on,';
    return { names: [name], message: `${port} lies in ${what} ${range.start} to ${range.end}` };
  };
}

const portsDiffer: Rule = ({ HTTP_PORT: http, ADMIN_PORT: admin }) => {
  if (http === undefined || http === 0 || http !== admin) return undefined;
  return {
    names: ['HTTP_PORT', 'ADMIN_PORT'],
    message: `both are ${http}; the admin port must not be reachable as users' traffic is`,
  };
};

const proxyHeaderFromSomebody: Rule = (values) => {
  const { TCP_PROXY_PROTOCOL: mode, TRUSTED_PROXIES: proxies } = values;
  if (mode !== 'accept' || proxies === undefined || proxies.length > 0) return undefined;
  return {
    names: ['TCP_PROXY_PROTOCOL'],
    message:
      'accept believes no peer while TRUSTED_PROXIES is empty; name the addresses of the load balancer there',
  };
};

const someForm: Rule = (values) => {
  if (values.ROUTER_PATH_FORM !== false || values.ROUTER_WILDCARD_HOST !== undefined) {
    return undefined;
  }
  return {
    names: ['ROUTER_PATH_FORM'],
    message: 'false leaves endpoints without a URL; it needs ROUTER_WILDCARD_HOST',
  };
};

const strictWithPods: Rule = ({
  VERIFY_TASK_PODS: namespaces,
  VERIFY_TASK_PODS_STRICT: strict,
}) => {
  if (strict !== true || namespaces === undefined || namespaces.length > 0) return undefined;
  return {
    names: ['VERIFY_TASK_PODS_STRICT'],
    message:
      'refuses every address while VERIFY_TASK_PODS names no pods to look at; name them there',
  };
};

/** Tells apart what browsers tell apart: origins by scheme and host name, and cookies by the name alone. */
const pagesApart: Rule = (values) => {
  const { ROUTER_PAGES_URL: pages, ROUTER_URL: router, ROUTER_WILDCARD_HOST: wildcard } = values;
  if (pages === undefined || router === undefined || pages.origin === router.origin) {
    return undefined;
  }
  const wrong = (message: string): Problem => ({ names: ['ROUTER_PAGES_URL'], message });
  if (pages.secure !== router.secure) return wrong('begins with another scheme than ROUTER_URL');
  if (pages.hostname === router.hostname) {
    return wrong(
      'names the host of ROUTER_URL; cookies do not tell ports apart, so give it another',
    );
  }
  if (wildcard !== undefined && pages.hostname.endsWith(`.${wildcard}`)) {
    return wrong('lies below ROUTER_WILDCARD_HOST, where the hosts of endpoints are');
  }
  return undefined;
};

const leaseWhole: Rule = ({ LEASE_NAMESPACE: namespace, LEASE_NAME: name }) => {
  if ((namespace === undefined) === (name === undefined)) return undefined;
  return {
    names: [namespace === undefined ? 'LEASE_NAMESPACE' : 'LEASE_NAME'],
    message: 'required, since a Lease needs a namespace and a name',
  };
};

export const RULES: readonly Rule[] = [
  authDisabledOnPurpose,
  tcpWhole,
  rangeAscends,
  listensForRange,
  listenRangeEnds,
  portOutsideRange('HTTP_PORT'),
  portOutsideRange('ADMIN_PORT'),
  portsDiffer,
  proxyHeaderFromSomebody,
  someForm,
  strictWithPods,
  pagesApart,
  leaseWhole,
];
