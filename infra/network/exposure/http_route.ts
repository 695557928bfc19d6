import { apiextensions } from '@pulumi/kubernetes';
import type { Input, Resource } from '@pulumi/pulumi';

import { requestTimeout } from '../../config/decisions/request_timeout.ts';
import { isIpAddress } from '../../config/values/values.ts';
import { metadataOf, type Scope } from '../../scope.ts';
import { hostsOf } from '../../config/decisions/tls.ts';

/** The HTTPRoute that leads the hosts from existing Gateways to the HTTP Service. TLS ends at the Gateways' listeners. */
export function httpRoute(scope: Scope, serviceName: Input<string>): Resource {
  const { config, names } = scope;
  const { annotations, parentRefs } = config.gateway;
  const request = requestTimeout(config.gateway);
  const hostnames = hostsOf(config).filter((host) => !isIpAddress(host));
  return new apiextensions.CustomResource(
    names.router,
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { ...metadataOf(scope, names.router), annotations },
      spec: {
        parentRefs,
        ...(hostnames.length === 0 ? {} : { hostnames }),
        rules: [
          {
            matches: [{ path: { type: 'PathPrefix', value: '/' } }],
            ...(request === undefined ? {} : { timeouts: { request } }),
            backendRefs: [{ name: serviceName, port: config.service.port }],
          },
        ],
      },
    },
    { parent: scope.parent },
  );
}
