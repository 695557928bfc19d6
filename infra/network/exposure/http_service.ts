import { core } from '@pulumi/kubernetes';
import type { Output } from '@pulumi/pulumi';

import { exposedSpec, replacementOf } from '../service_spec.ts';
import { metadataOf, type Scope } from '../../scope.ts';
import { gkeServiceAnnotations } from './gke.ts';
import { exposureOf } from '../../config/decisions/exposure.ts';

/** The Service in front of the router's HTTP port; returns its name. */
export function httpService(scope: Scope): Output<string> {
  const { config, names } = scope;
  const { service } = config;
  const behindGkeIngress = exposureOf(config) === 'ingress' && config.ingress.controller === 'gke';
  return new core.v1.Service(
    names.router,
    {
      metadata: {
        ...metadataOf(scope, names.router),
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
      ...replacementOf(service),
    },
  ).metadata.name;
}
