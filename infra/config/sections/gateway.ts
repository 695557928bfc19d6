import { z } from 'zod';

import { dnsLabel, flag, objectName, oneOf, port, textLike, textMap } from '../values/values.ts';

const parentRef = z.strictObject(
  {
    group: textLike(
      /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
      'an API group such as gateway.networking.k8s.io',
    )
      .optional()
      .describe('API group of the kind; left out, gateway.networking.k8s.io'),
    kind: textLike(/^[A-Z][A-Za-z0-9]{0,62}$/, 'a kind such as Gateway or ListenerSet')
      .optional()
      .describe('Gateway, or ListenerSet where others own the Gateway; left out, Gateway'),
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
      requestTimeout: textLike(
        /^(none|([0-9]{1,5}(h|m|s|ms)){1,4})$/,
        'a time such as 0s or 1h, or none',
      )
        .optional()
        .describe(
          'Longest time for a request and its answer; 0s sets no limit, and none leaves it to the Gateway. Left out, 0s, except on GKE, ' +
            'whose load balancer takes it from elsewhere',
        ),
      controller: oneOf('gke', 'other')
        .optional()
        .describe(
          'gke adds what its load balancer needs for long sessions and health checks; left out, told by the platform',
        ),
    },
    { error: 'expected the settings of the HTTPRoute' },
  )
  .prefault({});
