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
  return [...exposureProblems(config), ...tlsProblems(config), ...wildcardProblems(config)];
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
