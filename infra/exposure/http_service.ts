import { core } from '@pulumi/kubernetes';
import type { Output } from '@pulumi/pulumi';

import { exposedSpec } from '../load_balancer.ts';
import type { Scope } from '../scope.ts';
import { gkeServiceAnnotations } from './gke.ts';
import { exposureOf } from './exposure.ts';

/** The Service in front of the router's HTTP port; returns its name. */
export function httpService(scope: Scope): Output<string> {
  const { config, names } = scope;
  const { service } = config;
  const behindGkeIngress = exposureOf(config) === 'ingress' && config.ingress.controller === 'gke';
  return new core.v1.Service(
    names.router,
    {
      metadata: {
        name: names.router,
        namespace: scope.namespace,
        labels: names.labels,
        annotations: {
          ...(behindGkeIngress ? gkeServiceAnnotations(scope) : {}),
          ...service.annotations,
          // The Deployment is awaited; this would wait for the same pods, and for an address that nothing here needs.
          'pulumi.com/skipAwait': 'true',
        },
      },
      spec: {
        ...exposedSpec(service),
        selector: names.selector,
        ports: [
          {
            name: 'http',
            port: service.port,
            targetPort: 'http',
            protocol: 'TCP',
            ...(service.nodePort === undefined ? {} : { nodePort: service.nodePort }),
          },
        ],
      },
    },
    {
      parent: scope.parent,
      // The class of a Service can be set only when it is created.
      replaceOnChanges: ['spec.loadBalancerClass'],
      deleteBeforeReplace: true,
    },
  ).metadata.name;
}
