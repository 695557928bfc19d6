import { networking } from '@pulumi/kubernetes';
import type { Input, Resource } from '@pulumi/pulumi';

import { isIpAddress } from './config/values.ts';
import type { Scope } from './scope.ts';

/** The Ingress that leads `ingress.hostName` to the HTTP Service. */
export function ingressFor(scope: Scope, serviceName: Input<string>): Resource {
  const { className, annotations, hostName, tlsSecretName, waitForAddress } = scope.config.ingress;
  // A rule's host must be a name; an address matches the rule without one.
  const host = isIpAddress(hostName.host) ? undefined : hostName.host;
  const hostOrAny = host === undefined ? {} : { host };
  return new networking.v1.Ingress(
    scope.names.router,
    {
      metadata: {
        name: scope.names.router,
        namespace: scope.namespace,
        labels: scope.names.labels,
        annotations: {
          ...annotations,
          // Many controllers never publish an address, and the wait for one would fail the update.
          ...(waitForAddress ? {} : { 'pulumi.com/skipAwait': 'true' }),
        },
      },
      spec: {
        ...(className === undefined ? {} : { ingressClassName: className }),
        ...(tlsSecretName === undefined
          ? {}
          : {
              tls: [
                { secretName: tlsSecretName, ...(host === undefined ? {} : { hosts: [host] }) },
              ],
            }),
        rules: [
          {
            ...hostOrAny,
            http: {
              paths: [
                {
                  path: '/',
                  pathType: 'Prefix',
                  backend: { service: { name: serviceName, port: { name: 'http' } } },
                },
              ],
            },
          },
        ],
      },
    },
    { parent: scope.parent, customTimeouts: { create: '5m', update: '5m' } },
  );
}
