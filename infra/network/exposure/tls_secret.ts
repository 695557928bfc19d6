import { apiextensions } from '@pulumi/kubernetes';
import type { Input } from '@pulumi/pulumi';

import { hostsOf } from '../../config/decisions/tls.ts';
import type { StackConfig } from '../../config/stack_config.ts';
import { hidden } from '../../secrets/hidden.ts';
import { immutableSecret } from '../../secrets/immutable_secret.ts';
import { metadataOf, type Scope } from '../../scope.ts';

/** The Secret with the certificate; undefined where TLS ends elsewhere or is off. */
export function tlsSecret(scope: Scope): Input<string> | undefined {
  const { ingress, tls } = scope.config;
  if (ingress.tlsSecretName !== undefined) return ingress.tlsSecretName;
  if (tls.issuer !== undefined) return issuedCertificate(scope, tls.issuer);
  if (tls.certificate === undefined || tls.privateKey === undefined) return undefined;
  return immutableSecret(
    scope,
    'tls',
    { 'tls.crt': tls.certificate, 'tls.key': hidden(tls.privateKey) },
    'kubernetes.io/tls',
  );
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
      metadata: metadataOf(scope, secretName),
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
