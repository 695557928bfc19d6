import { apiextensions, core } from '@pulumi/kubernetes';
import type { Input } from '@pulumi/pulumi';

import type { StackConfig } from '../config/schema.ts';
import type { Scope } from '../scope.ts';

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

/** The hosts that a certificate has to name. */
export function hostsOf(config: StackConfig): readonly string[] {
  const { hostName, wildcardHost } = config.ingress;
  return [hostName.host, ...(wildcardHost === undefined ? [] : [`*.${wildcardHost}`])];
}

/** The Secret with the certificate; undefined where TLS ends elsewhere or is off. */
export function tlsSecret(scope: Scope): Input<string> | undefined {
  const { ingress, tls } = scope.config;
  if (ingress.tlsSecretName !== undefined) return ingress.tlsSecretName;
  if (tls.issuer !== undefined) return issuedCertificate(scope, tls.issuer);
  if (tls.certificate === undefined || tls.privateKey === undefined) return undefined;
  return new core.v1.Secret(
    `${scope.names.router}-tls`,
    {
      metadata: { namespace: scope.namespace, labels: scope.names.labels },
      type: 'kubernetes.io/tls',
      immutable: true,
      stringData: { 'tls.crt': tls.certificate, 'tls.key': tls.privateKey },
    },
    { parent: scope.parent },
  ).metadata.name;
}

type Issuer = NonNullable<StackConfig['tls']['issuer']>;

/** cert-manager writes the certificate into the Secret that is named here, and renews it there. */
function issuedCertificate(scope: Scope, issuer: Issuer): Input<string> {
  const secretName = `${scope.names.router}-tls`;
  return new apiextensions.CustomResource(
    secretName,
    {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: secretName, namespace: scope.namespace, labels: scope.names.labels },
      spec: {
        secretName,
        dnsNames: hostsOf(scope.config),
        issuerRef: { name: issuer.name, kind: issuer.kind, group: issuer.group },
        privateKey: { rotationPolicy: 'Always' },
      },
    },
    { parent: scope.parent },
  ).metadata.apply(() => secretName);
}
