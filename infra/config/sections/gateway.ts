import { z } from 'zod';

import { dnsLabel, flag, objectName, oneOf, port, textLike, textMap } from '../values/values.ts';

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
      requestTimeout: textLike(/^([0-9]{1,5}(h|m|s|ms)){1,4}$/, 'a time such as 0s or 1h')
        .optional()
        .describe(
          "Longest time for a request and its answer, where the Gateway's own would end long answers; 0s sets no limit. Needs " +
            'Gateway API 1.2 and an implementation that knows it',
        ),
      controller: oneOf('gke', 'other')
        .default('other')
        .describe('gke adds what its load balancer needs for long sessions and health checks'),
    },
    { error: 'expected the settings of the HTTPRoute' },
  )
  .prefault({});
