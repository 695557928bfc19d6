import { REMOVED_SETTINGS, type SettingName, SETTINGS } from '../../../router/settings/schema.ts';
import { exposureOf, exposuresNamed } from '../decisions/exposure.ts';
import { keyOfSetting } from '../decisions/router_settings.ts';
import { tlsModesNamed } from '../decisions/tls.ts';
import { policyRules } from './policy_rules.ts';
import { autoscalerProblems, extraObjectProblems, transformProblems } from './object_rules.ts';
import type { Problem, Rule } from '../values/problem.ts';
import { entryOf } from '../values/value_at.ts';
import type { StackConfig } from '../stack_config.ts';

/** Variables of `pod.env` that a key sets, and settings of the router with a value that it would refuse. */
function environmentProblems({ pod }: StackConfig): Problem[] {
  return Object.entries(pod.env).flatMap(([name, value]) => {
    const message = environmentProblem(name, value);
    return message === undefined ? [] : [{ path: ['pod', 'env', name], message }];
  });
}

/** `IsRelaxedEnvVarName` of k8s.io/apimachinery/pkg/util/validation. */
const VARIABLE = /^[ -<>-~]+$/;

function environmentProblem(name: string, value: unknown): string | undefined {
  if (!VARIABLE.test(name)) return 'is no name of a variable: printable ASCII without "="';
  const variable = name.toUpperCase();
  // A setting whose value lies in a file; there are some, too, whose own name ends so.
  const setting = variable.replace(/_FILE$/, '');
  const removed = entryOf(REMOVED_SETTINGS, setting);
  if (removed !== undefined) return removed;
  const key = keyOfSetting(variable) ?? keyOfSetting(setting);
  if (key !== undefined) return `set by ${key}; use that`;
  // What lies in a Secret or ConfigMap is judged by the router alone.
  if (!Object.hasOwn(SETTINGS, name) || typeof value !== 'string') return undefined;
  const { error } = SETTINGS[name as SettingName].safeParse(value);
  return error?.issues.map(({ message }) => message).join('; ');
}

function exposureProblems(config: StackConfig): Problem[] {
  const named = exposuresNamed(config);
  if (named.length <= 1) return [];
  const message = `several exposures are on (${named.join(', ')}); keep exactly one`;
  return [{ path: ['ingress', 'enabled'], message }];
}

function gatewayProblems({ gateway }: StackConfig): Problem[] {
  if (!gateway.enabled || gateway.parentRefs.length > 0) return [];
  const message = 'missing; name the Gateway that carries the route: parentRefs: [{name: NAME}]';
  return [{ path: ['gateway', 'parentRefs'], message }];
}

/** Keys of an exposure, and whether they are set: whoever sets those of one that is not in use expects something of them. */
const EXPOSURE_KEYS: readonly (readonly [
  exposure: 'ingress' | 'gateway' | 'openshiftRoute',
  key: string,
  isSet: (config: StackConfig) => boolean,
])[] = [
  ['ingress', 'className', ({ ingress }) => ingress.className !== undefined],
  ['ingress', 'annotations', ({ ingress }) => isFilled(ingress.annotations)],
  ['ingress', 'waitForAddress', ({ ingress }) => ingress.waitForAddress],
  [
    'ingress',
    'controller',
    ({ ingress: { className, controller } }) =>
      className === undefined && (controller ?? 'other') !== 'other',
  ],
  ['gateway', 'parentRefs', ({ gateway }) => gateway.parentRefs.length > 0],
  ['gateway', 'annotations', ({ gateway }) => isFilled(gateway.annotations)],
  ['openshiftRoute', 'annotations', ({ openshiftRoute }) => isFilled(openshiftRoute.annotations)],
];

function isFilled(texts: Readonly<Record<string, string>>): boolean {
  return Object.keys(texts).length > 0;
}

const unusedRules = EXPOSURE_KEYS.map(([section, key, isSet]): Rule<StackConfig> => (config) => {
  const named = exposuresNamed(config);
  const exposure = exposureOf(config);
  if (named.length > 1 || section === exposure || !isSet(config)) return [];
  const reason =
    exposure === 'none'
      ? 'nothing exposes the router (ingress.enabled is false)'
      : `what exposes the router is ${named[0] ?? 'an Ingress'}`;
  return [{ path: [section, key], message: `has no effect: ${reason}` }];
});

function tlsProblems(config: StackConfig): Problem[] {
  const named = tlsModesNamed(config);
  const [first] = named;
  if (first === undefined) return [];
  const path = first.split('.');
  if (named.length > 1) {
    return [{ path, message: `several certificates are given (${named.join(', ')}); keep one` }];
  }
  if (config.ingress.hostName.scheme === 'http' && first !== 'ingress.tlsSecretName') {
    return [{ path, message: 'has no effect while ingress.hostName starts with http://' }];
  }
  const exposure = exposureOf(config);
  if (exposure === 'ingress' || exposure === 'openshiftRoute') return [];
  const where =
    exposure === 'gateway'
      ? "at the Gateway's listener"
      : 'in front of the Service, which has none';
  const message = `TLS ends ${where}; remove this, and write ingress.hostName with https:// if it does`;
  return [{ path, message }];
}

function pathFormProblems({ ingress: { pathForm, wildcardHost } }: StackConfig): Problem[] {
  if (pathForm || wildcardHost !== undefined) return [];
  const message = 'false leaves endpoints without a URL; it needs ingress.wildcardHost';
  return [{ path: ['ingress', 'pathForm'], message }];
}

function pagesOwnHostProblems({ ingress: { hostName, pagesHostName } }: StackConfig): Problem[] {
  if (pagesHostName !== hostName.host) return [];
  const message = `this is the host of ingress.hostName itself (${pagesHostName}); give the pages another`;
  return [{ path: ['ingress', 'pagesHostName'], message }];
}

function pagesWildcardProblems({ ingress }: StackConfig): Problem[] {
  const { pagesHostName, wildcardHost } = ingress;
  if (wildcardHost === undefined || pagesHostName?.endsWith(`.${wildcardHost}`) !== true) return [];
  const message = `an endpoint could take it, for it lies below ingress.wildcardHost (${wildcardHost})`;
  return [{ path: ['ingress', 'pagesHostName'], message }];
}

/** A router refuses to start with such a route: its own pages would be gone. */
function staticRouteRule(
  key: 'hostName' | 'pagesHostName',
  hostOf: (ingress: StackConfig['ingress']) => string | undefined,
): Rule<StackConfig> {
  return ({ router, ingress }) =>
    (router.staticRoutes ?? []).flatMap((route, index) => {
      if (route.type !== 'subdomain' || route.host !== hostOf(ingress)) return [];
      const message = `this is the host of ingress.${key} itself (${route.host}); give the route another`;
      return [{ path: ['router', 'staticRoutes', String(index), 'host'], message }];
    });
}

function proxyProtocolProblems({ router, tcpSession }: StackConfig): Problem[] {
  if (tcpSession?.proxyProtocol !== true || (router.trustedProxies ?? []).length > 0) return [];
  const message =
    'believes nobody while router.trustedProxies is empty; name the addresses of the load balancer there';
  return [{ path: ['tcpSession', 'proxyProtocol'], message }];
}

function wildcardProblems({ ingress: { wildcardHost, hostName } }: StackConfig): Problem[] {
  if (wildcardHost === undefined || !hostName.host.endsWith(`.${wildcardHost}`)) return [];
  const message = `an endpoint could take the host of ingress.hostName (${hostName.host}), which lies below it; choose another domain`;
  return [{ path: ['ingress', 'wildcardHost'], message }];
}

/** What owners give is kept in a ConfigMap beside the Lease, or in a file that `pod.env` names. */
function guestProblems({ availability, pod, router }: StackConfig): Problem[] {
  const isKept = availability.leaderElection || Object.hasOwn(pod.env, 'STATE_FILE');
  if (isKept || !router.access.guests) return [];
  const message =
    'has no effect: links are kept in a ConfigMap beside the Lease, and availability.leaderElection is false; switch that on';
  return [{ path: ['router', 'access', 'guests'], message }];
}

function ownPortsProblems({ router }: StackConfig): Problem[] {
  if (!router.ownPorts || router.verifyPods !== undefined) return [];
  const message = 'opens nothing: whose pod is whose only router.verifyPods tells; set it';
  return [{ path: ['router', 'ownPorts'], message }];
}

function onlyVisibleProblems({ router, tcpSession }: StackConfig): Problem[] {
  const { widest } = router.access;
  if (tcpSession?.onlyVisible !== true || widest === 'visible') return [];
  const message = `leaves every port unused: router.access.widest is ${widest}; remove tcpSession, or make that visible`;
  return [{ path: ['tcpSession', 'onlyVisible'], message }];
}

/** Rules between sections. */
export const crossSectionRules: readonly Rule<StackConfig>[] = [
  environmentProblems,
  exposureProblems,
  gatewayProblems,
  ...unusedRules,
  tlsProblems,
  wildcardProblems,
  pathFormProblems,
  pagesOwnHostProblems,
  pagesWildcardProblems,
  staticRouteRule('hostName', ({ hostName }) => hostName.host),
  staticRouteRule('pagesHostName', ({ pagesHostName }) => pagesHostName),
  proxyProtocolProblems,
  guestProblems,
  onlyVisibleProblems,
  ownPortsProblems,
  ...policyRules,
  transformProblems,
  extraObjectProblems,
  autoscalerProblems,
];
