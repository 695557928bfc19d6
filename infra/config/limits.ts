import { z } from 'zod';

const number = z
  .int({ error: 'expected a whole number; 0 is no limit' })
  .min(0, 'expected a whole number from 0 to 1000000; 0 is no limit')
  .max(1_000_000, 'expected a whole number from 0 to 1000000; 0 is no limit');

/**
 * `router.limits`. What is left out is for the router to say: those by address are off by themselves where no proxy is trusted,
 * since all clients of an ingress whose word is not believed have one address.
 */
export const limits = z
  .strictObject(
    {
      connections: z
        .strictObject(
          {
            total: number.optional().describe('Client connections in total; left out, 16384'),
            perAddress: number
              .optional()
              .describe(
                'Client connections of one peer that is no trusted proxy; left out, 1024 where router.trustedProxies are named, else no limit',
              ),
          },
          { error: 'expected total and perAddress' },
        )
        .prefault({})
        .describe('Bounds of the client connections'),
      requests: z
        .strictObject(
          {
            total: number.optional().describe('Requests in flight in total; left out, 8192'),
            perUser: number.optional().describe('Requests in flight of one user; left out, 1024'),
            perTask: number.optional().describe('Requests in flight of one task; left out, 4096'),
            perAddress: number
              .optional()
              .describe(
                'Requests in flight of one client address; left out, 2048 where router.trustedProxies are named, else no limit',
              ),
          },
          { error: 'expected total, perUser, perTask and perAddress' },
        )
        .prefault({})
        .describe('Bounds of the requests in flight'),
      webSockets: z
        .strictObject(
          {
            total: number.optional().describe('Open WebSockets in total; left out, 16384'),
            perUser: number.optional().describe('Open WebSockets of one user; left out, 1024'),
            perTask: number.optional().describe('Open WebSockets of one task; left out, 4096'),
            perAddress: number
              .optional()
              .describe(
                'Open WebSockets of one client address; left out, 2048 where router.trustedProxies are named, else no limit',
              ),
          },
          { error: 'expected total, perUser, perTask and perAddress' },
        )
        .prefault({})
        .describe('Bounds of the open WebSockets'),
    },
    { error: 'expected connections, requests and webSockets' },
  )
  .prefault({})
  .describe(
    'How much one pod carries at once, 0 for no limit; more gets 429 where it is one user or one address, else 503',
  );
