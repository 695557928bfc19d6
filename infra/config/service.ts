import { z } from 'zod';

import { loadBalancerKeys, withoutEffect } from './load_balancer.ts';
import { evenWithOtherProblems, port } from './values.ts';

/** `service`: the Service of the HTTP port. */
export const service = z
  .strictObject(
    {
      type: z
        .enum(['ClusterIP', 'LoadBalancer', 'NodePort'], {
          error: 'expected ClusterIP, LoadBalancer or NodePort',
        })
        .default('ClusterIP')
        .describe('LoadBalancer and NodePort expose HTTP by themselves, without an Ingress'),
      port: port.default(80).describe('Port of the Service'),
      nodePort: z
        .int({ error: 'expected a node port' })
        .min(1, 'expected a node port')
        .max(65_535, 'expected a node port')
        .optional()
        .describe('Port of the nodes, for type NodePort; left out, the cluster picks one'),
      ...loadBalancerKeys,
    },
    { error: 'expected the settings of the HTTP Service' },
  )
  .superRefine((value, context) => {
    for (const { key, message } of withoutEffect('service.type', value)) {
      context.addIssue({ code: 'custom', path: [key], message });
    }
    if (value.nodePort !== undefined && value.type !== 'NodePort') {
      context.addIssue({
        code: 'custom',
        path: ['nodePort'],
        message: `has no effect with service.type ${value.type}; set service.type NodePort or remove it`,
      });
    }
  }, evenWithOtherProblems)
  .prefault({});
