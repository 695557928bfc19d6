import { exposureOf, exposuresNamed } from '../exposure/exposure.ts';
import { tlsModesNamed } from '../exposure/tls.ts';
import type { Problem } from './problems.ts';
import type { StackConfig } from './schema.ts';

/** Rules between sections. Sections with problems of their own are judged as far as they could be read. */
export function crossSectionProblems(config: StackConfig): readonly Problem[] {
  const sections = [config.ingress, config.tls, config.gateway, config.openshiftRoute];
  const readable = [...sections, config.service].every(
    (section) => typeof section === 'object' && section !== null,
  );
  if (!readable) return [];
  return [
    ...exposureProblems(config),
    ...unusedProblems(config),
    ...tlsProblems(config),
    ...wildcardProblems(config),
    ...pathFormProblems(config.ingress),
    ...staticRouteProblems(config),
    ...proxyProtocolProblems(config),
  ];
}

function exposureProblems(config: StackConfig): Problem[] {
  const named = exposuresNamed(config);
  const problems: Problem[] = [];
  if (named.length > 1) {
    problems.push({
      path: ['ingress', 'enabled'],
      message: `several exposures are on (${named.join(', ')}); keep exactly one`,
    });
  }
  if (config.gateway.enabled && config.gateway.parentRefs?.length === 0) {
    problems.push({
      path: ['gateway', 'parentRefs'],
      message: 'missing; name the Gateway that carries the route: parentRefs: [{name: NAME}]',
    });
  }
  return problems;
}

/** Keys of an exposure that is not the one in use: whoever sets them expects something of them. */
function unusedProblems(config: StackConfig): Problem[] {
  if (exposuresNamed(config).length > 1) return [];
  const exposure = exposureOf(config);
  const { gateway, ingress, openshiftRoute } = config;
  const isGiven = (texts: Readonly<Record<string, string>> | undefined): boolean =>
    texts !== undefined && Object.keys(texts).length > 0;
  const unused: readonly (readonly [isUnused: boolean, section: string, key: string])[] = [
    [exposure !== 'ingress' && ingress.className !== undefined, 'ingress', 'className'],
    [exposure !== 'ingress' && isGiven(ingress.annotations), 'ingress', 'annotations'],
    [exposure !== 'ingress' && ingress.waitForAddress, 'ingress', 'waitForAddress'],
    [
      exposure !== 'ingress' &&
        ingress.className === undefined &&
        (ingress.controller ?? 'other') !== 'other',
      'ingress',
      'controller',
    ],
    [exposure !== 'gateway' && (gateway.parentRefs ?? []).length > 0, 'gateway', 'parentRefs'],
    [exposure !== 'gateway' && isGiven(gateway.annotations), 'gateway', 'annotations'],
    [
      exposure !== 'openshiftRoute' && isGiven(openshiftRoute.annotations),
      'openshiftRoute',
      'annotations',
    ],
  ];
  const what = exposuresNamed(config)[0] ?? 'an Ingress';
  const reason =
    exposure === 'none'
      ? 'nothing exposes the router (ingress.enabled is false)'
      : `what exposes the router is ${what}`;
  return unused
    .filter(([isUnused]) => isUnused)
    .map(([, section, key]) => ({
      path: [section, key],
      message: `has no effect: ${reason}`,
    }));
}

function tlsProblems(config: StackConfig): Problem[] {
  const named = tlsModesNamed(config);
  const [first] = named;
  if (first === undefined) return [];
  const path = first.split('.');
  if (named.length > 1) {
    return [{ path, message: `several certificates are given (${named.join(', ')}); keep one` }];
  }
  if (config.ingress.hostName?.scheme === 'http' && first !== 'ingress.tlsSecretName') {
    return [{ path, message: 'has no effect while ingress.hostName starts with http://' }];
  }
  const exposure = exposureOf(config);
  if (exposure === 'ingress' || exposure === 'openshiftRoute') return [];
  const where =
    exposure === 'gateway'
      ? "at the Gateway's listener"
      : 'in front of the Service, which has none';
  return [
    {
      path,
      message: `TLS ends ${where}; remove this, and write ingress.hostName with https:// if it does`,
    },
  ];
}

function pathFormProblems({ pathForm, wildcardHost }: Partial<StackConfig['ingress']>): Problem[] {
  if (pathForm !== false || wildcardHost !== undefined) return [];
  return [
    {
      path: ['ingress', 'pathForm'],
      message: 'false leaves endpoints without a URL; it needs ingress.wildcardHost',
    },
  ];
}

/** A router refuses to start with such a route: its own pages would be gone. Sections that could not be read are undefined here. */
function staticRouteProblems({ router, ingress }: Partial<StackConfig>): Problem[] {
  const own = ingress?.hostName?.host;
  return (router?.staticRoutes ?? []).flatMap((route, index) =>
    route.type === 'subdomain' && route.host === own
      ? [
          {
            path: ['router', 'staticRoutes', String(index), 'host'],
            message: `this is the host of ingress.hostName itself (${own}); give the route another`,
          },
        ]
      : [],
  );
}

/** Sections that could not be read are undefined here. */
function proxyProtocolProblems(config: Partial<StackConfig>): Problem[] {
  const believed = config.router?.trustedProxies ?? [];
  if (config.tcpSession?.proxyProtocol !== true || config.router === undefined) return [];
  if (believed.length > 0) return [];
  return [
    {
      path: ['tcpSession', 'proxyProtocol'],
      message:
        'believes nobody while router.trustedProxies is empty; name the addresses of the load balancer there',
    },
  ];
}

function wildcardProblems(config: StackConfig): Problem[] {
  const { wildcardHost, hostName } = config.ingress;
  if (wildcardHost === undefined || hostName === undefined) return [];
  if (hostName.host.endsWith(`.${wildcardHost}`)) {
    return [
      {
        path: ['ingress', 'wildcardHost'],
        message: `an endpoint could take the host of ingress.hostName (${hostName.host}), which lies below it; choose another domain`,
      },
    ];
  }
  return [];
}
