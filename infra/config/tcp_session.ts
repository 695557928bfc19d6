import { z } from 'zod';

import { address, cidrs, flag, port, textMap } from './values.ts';

/** A Service with more ports than this takes the API server and every node's proxy visibly long. */
export const MAX_PORTS = 2048;

const portRange = z
  .strictObject(
    {
      start: port.describe('First port of the range'),
      end: port.describe('Last port of the range, itself included'),
    },
    { error: 'expected a port range: start and end' },
  )
  .superRefine(({ start, end }, context) => {
    if (start > end) {
      context.addIssue({
        code: 'custom',
        path: ['start'],
        message: `the range is reversed: start ${start} is above end ${end}`,
      });
    } else if (end - start >= MAX_PORTS) {
      context.addIssue({
        code: 'custom',
        path: ['end'],
        message: `the range holds ${end - start + 1} ports; ${MAX_PORTS} are the limit`,
      });
    }
  });

const service = z
  .strictObject(
    {
      annotations: textMap.default({}).describe('Annotations for the load balancer'),
      loadBalancerClass: z
        .string({ error: 'expected the class of a load balancer' })
        .min(1, 'expected the class of a load balancer')
        .optional()
        .describe('Which of several load balancer implementations serves it'),
      loadBalancerSourceRanges: cidrs
        .default([])
        .describe('Networks that may connect; empty means everybody. TCP ports know no sign-in'),
      externalTrafficPolicy: z
        .enum(['Cluster', 'Local'], { error: 'expected Cluster or Local' })
        .default('Cluster')
        .describe("Local keeps the client's address and sends traffic to the router's node only"),
      allocateLoadBalancerNodePorts: flag
        .default(true)
        .describe('False where the load balancer reaches pods by itself: saves one node port each'),
    },
    { error: 'expected the settings of the load balancer Service' },
  )
  .prefault({});

/** `tcpSession`: the range of TCP ports, one per task that asks for TCP (SSH, for example). */
export const tcpSession = z.strictObject(
  {
    routerAddress: address
      .optional()
      .describe(
        'Address that TCP users connect to; left out, it is taken from the load balancer in the same run',
      ),
    portRange: portRange.describe('Ports that the router hands out'),
    service: service.describe('The Service of type LoadBalancer that carries the range'),
    waitSeconds: z
      .int({ error: 'expected a whole number of seconds' })
      .min(10, 'expected 10 seconds or more')
      .default(300)
      .describe("How long to wait for the load balancer's address"),
  },
  { error: 'expected the settings of TCP sessions' },
);
