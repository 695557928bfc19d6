import { z } from 'zod';

import { cidrs, flag } from './values.ts';

/** `networkPolicy`: what may reach the router's pods, and what they may reach. */
export const networkPolicy = z
  .strictObject(
    {
      enabled: flag
        .default(true)
        .describe('Create a NetworkPolicy; it takes effect where the network plugin enforces it'),
      clearmlNetworks: cidrs
        .default([])
        .describe(
          "Networks of ClearML's API server; empty means any address on its port, since a policy knows no host names",
        ),
      apiServerNetworks: cidrs
        .default([])
        .describe("Networks of the cluster's API server; empty means any address on 443 and 6443"),
    },
    { error: 'expected the settings of the NetworkPolicy' },
  )
  .prefault({});
