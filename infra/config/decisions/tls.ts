import type { StackConfig } from '../stack_config.ts';

/** The keys of config that give a certificate. */
export function tlsModesNamed(config: Pick<StackConfig, 'ingress' | 'tls'>): readonly string[] {
  return [
    ...(config.ingress.tlsSecretName === undefined ? [] : ['ingress.tlsSecretName']),
    ...(config.tls.certificate === undefined ? [] : ['tls.certificate']),
    ...(config.tls.issuer === undefined ? [] : ['tls.issuer']),
  ];
}

/** Whether users come over https: as the host name is written, or else where a certificate is given. */
export function isSecure(config: Pick<StackConfig, 'ingress' | 'tls'>): boolean {
  const { scheme } = config.ingress.hostName;
  return scheme === undefined ? tlsModesNamed(config).length > 0 : scheme === 'https';
}

/** A host to try: of all names below a wildcard, one. */
export function sampleOf(host: string): string {
  return host.replace(/^\*/, 'any');
}

/** The hosts that a certificate has to name. */
export function hostsOf(config: StackConfig): readonly string[] {
  const { hostName, pagesHostName, wildcardHost } = config.ingress;
  return [
    hostName.host,
    ...(pagesHostName === undefined ? [] : [pagesHostName]),
    ...(wildcardHost === undefined ? [] : [`*.${wildcardHost}`]),
  ];
}
