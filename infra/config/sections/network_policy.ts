import { z } from 'zod';

import { cidrs, dnsLabel, flag, port } from '../values/values.ts';

const namespaces = z.array(dnsLabel, { error: 'expected a list of namespaces' });

/** `networkPolicy`: what may reach the router's pods, and what they may reach. */
export const networkPolicy = z
  .strictObject(
    {
      enabled: flag
        .default(true)
        .describe('Create a NetworkPolicy; it takes effect where the network plugin enforces it'),
      ingressNamespaces: namespaces
        .default([])
        .describe('Namespaces of the ingress controller; empty lets HTTP in from everywhere'),
      metricsNamespaces: namespaces
        .default([])
        .describe("Namespaces that read metrics, such as Prometheus' own"),
      clearmlNetworks: cidrs
        .default([])
        .describe(
          "Networks of ClearML's API server; empty means any address on its ports, since a policy knows no host names",
        ),
      clearmlPorts: z
        .array(port, { error: 'expected a list of ports' })
        .default([])
        .describe(
          "Ports of ClearML's API server; empty means that of its URL. Inside of a cluster it is the pods' port that counts",
        ),
      proxyNetworks: cidrs
        .default([])
        .describe('Networks of clearml.proxy; empty means any address on its port'),
      apiServerNetworks: cidrs
        .default([])
        .describe("Networks of the cluster's API server; empty means any address on 443 and 6443"),
    },
    { error: 'expected the settings of the NetworkPolicy' },
  )
  .prefault({});
