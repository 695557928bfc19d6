import { core } from '@pulumi/kubernetes';
import type { Output } from '@pulumi/pulumi';

import type { Scope } from './scope.ts';

/** The Service in front of the router's HTTP port; returns its name. */
export function httpService(scope: Scope): Output<string> {
  return new core.v1.Service(
    scope.names.router,
    {
      metadata: {
        name: scope.names.router,
        namespace: scope.namespace,
        labels: scope.names.labels,
        // The Deployment is awaited; this would wait for the same pods.
        annotations: { 'pulumi.com/skipAwait': 'true' },
      },
      spec: {
        type: 'ClusterIP',
        selector: scope.names.selector,
        ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }],
      },
    },
    { parent: scope.parent },
  ).metadata.name;
}
