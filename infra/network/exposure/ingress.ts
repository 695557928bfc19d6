import { networking, type types } from '@pulumi/kubernetes';
import type { Input } from '@pulumi/pulumi';

import { isIpAddress } from '../../config/values/values.ts';
import { metadataOf, type Scope } from '../../scope.ts';
import { ingressAnnotations } from './controllers.ts';
import { hostsOf } from '../../config/decisions/tls.ts';

/** The Ingress that leads the hosts to the HTTP Service. */
export function ingressFor(
  scope: Scope,
  serviceName: Input<string>,
  secretName: Input<string> | undefined,
): networking.v1.Ingress {
  const { config, names } = scope;
  const { className, waitForAddress } = config.ingress;
  // A rule's host must be a name; an address matches the rule without one.
  const hosts = hostsOf(config).filter((host) => !isIpAddress(host));
  const http: types.input.networking.v1.HTTPIngressRuleValue = {
    paths: [
      {
        path: '/',
        pathType: 'Prefix',
        backend: { service: { name: serviceName, port: { name: 'http' } } },
      },
    ],
  };
  return new networking.v1.Ingress(
    names.router,
    {
      metadata: {
        ...metadataOf(scope, names.router),
        annotations: {
          ...ingressAnnotations(config),
          // Many controllers never publish an address, and the wait for one would fail the update.
          ...(waitForAddress ? {} : { 'pulumi.com/skipAwait': 'true' }),
        },
      },
      spec: {
        ...(className === undefined ? {} : { ingressClassName: className }),
        ...(secretName === undefined
          ? {}
          : { tls: [{ secretName, ...(hosts.length === 0 ? {} : { hosts: [...hosts] }) }] }),
        rules: hosts.length === 0 ? [{ http }] : hosts.map((host) => ({ host, http })),
      },
    },
    { parent: scope.parent, customTimeouts: { create: '5m', update: '5m' } },
  );
}
