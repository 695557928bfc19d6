import { core } from '@pulumi/kubernetes';

import { exposedSpec, replacementOf } from '../service_spec.ts';
import { metadataOf, type Scope } from '../../scope.ts';
import { gkeServiceAnnotations } from './gke.ts';
import { exposureOf } from '../../config/decisions/exposure.ts';

/** The Service in front of the router's HTTP port. */
export function httpService(scope: Scope): core.v1.Service {
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
          // The Deployment is awaited; this would wait for the same pods. The address is told in the outputs, and needs no pod.
          ...(service.type === 'LoadBalancer'
            ? { 'pulumi.com/waitFor': 'jsonpath={.status.loadBalancer.ingress}' }
            : { 'pulumi.com/skipAwait': 'true' }),
          ...service.annotations,
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
      customTimeouts: { create: '5m', update: '5m' },
      ...replacementOf(service),
    },
  );
}
