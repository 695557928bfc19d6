import { z } from 'zod';

import { dnsLabel, flag, objectName, port, textMap } from './values.ts';

const parentRef = z.strictObject(
  {
    name: objectName.describe('Name of the Gateway'),
    namespace: dnsLabel.optional().describe("Its namespace; left out, the router's"),
    sectionName: objectName.optional().describe('One of its listeners; left out, all that match'),
    port: port.optional().describe('Port of the listener'),
  },
  { error: 'expected a Gateway: its name and namespace' },
);

/** `gateway`: an HTTPRoute of the Gateway API in place of an Ingress. */
export const gateway = z
  .strictObject(
    {
      enabled: flag.default(false).describe('Create an HTTPRoute'),
      parentRefs: z
        .array(parentRef, { error: 'expected a list of Gateways' })
        .default([])
        .describe('Gateways that carry the route; TLS ends at their listeners'),
      annotations: textMap.default({}).describe('Annotations of the HTTPRoute'),
      controller: z
        .enum(['gke', 'other'], { error: 'expected gke or other' })
        .default('other')
        .describe('gke adds what its load balancer needs for long sessions and health checks'),
    },
    { error: 'expected the settings of the HTTPRoute' },
  )
  .prefault({});
