import { z } from 'zod';

import { azureSourceRanges, loadBalancerKeys, withoutEffect } from './load_balancer.ts';
import { rules } from '../values/problem.ts';
import { oneOf, port, wholeNumber } from '../values/values.ts';

/** `service`: the Service of the HTTP port. */
export const service = z
  .strictObject(
    {
      type: oneOf('ClusterIP', 'LoadBalancer', 'NodePort')
        .default('ClusterIP')
        .describe('LoadBalancer and NodePort expose HTTP by themselves, without an Ingress'),
      port: port.default(80).describe('Port of the Service'),
      nodePort: wholeNumber('a node port', 1, 65_535)
        .optional()
        .describe('Port of the nodes, for type NodePort; left out, the cluster picks one'),
      ...loadBalancerKeys,
    },
    { error: 'expected the settings of the HTTP Service' },
  )
  .check(
    rules(...withoutEffect('service.type'), azureSourceRanges),
    rules(({ nodePort, type }) => {
      if (nodePort === undefined || type === 'NodePort') return [];
      const message = `has no effect with service.type ${type}; set service.type NodePort or remove it`;
      return [{ path: ['nodePort'], message }];
    }),
  )
  .prefault({});
