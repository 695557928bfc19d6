import { z } from 'zod';

const number = z
  .int({ error: 'expected a whole number; 0 is no limit' })
  .min(0, 'expected a whole number from 0 to 1000000; 0 is no limit')
  .max(1_000_000, 'expected a whole number from 0 to 1000000; 0 is no limit')
  .optional();

const total = (counted: string, otherwise: number) =>
  z
    .strictObject(
      { total: number.describe(`${counted} at once in total; left out, ${otherwise}`) },
      { error: 'expected total' },
    )
    .prefault({});

const shares = (counted: string) =>
  z
    .strictObject(
      {
        perUser: number.describe(`${counted} at once of one user; left out, 1024`),
        perTask: number.describe(`${counted} at once of one task; left out, 4096`),
        perAddress: number.describe(
          `${counted} at once of one client address; left out, 2048 where router.trustedProxies are named, else no limit`,
        ),
      },
      { error: 'expected perUser, perTask and perAddress' },
    )
    .prefault({});

const advanced = z
  .strictObject(
    {
      connections: z
        .strictObject(
          {
            perAddress: number.describe(
              'Connections at once of one peer that is no trusted proxy; left out, 1024 where router.trustedProxies are named, else no limit',
            ),
          },
          { error: 'expected perAddress' },
        )
        .prefault({})
        .describe('Shares in the client connections'),
      requests: shares('Requests').describe('Shares in the requests in flight'),
      webSockets: shares('WebSockets').describe('Shares in the open WebSockets'),
    },
    { error: 'expected connections, requests and webSockets' },
  )
  .prefault({});

/**
 * `router.limits`: what fits the memory of a pod; the shares of one user, task and address, which fit every installation as they
 * are, lie deeper. What is left out is for the router to say: those by address are off by themselves where no proxy is trusted,
 * since all clients of an ingress whose word is not believed have one address.
 */
export const limits = z
  .strictObject(
    {
      connections: total('Connections', 16_384).describe('Bound of the client connections'),
      requests: total('Requests', 8192).describe('Bound of the requests in flight'),
      webSockets: total('WebSockets', 16_384).describe('Bound of the open WebSockets'),
      advanced: advanced.describe(
        'What one user, one task or one address may have of them, which fits most installations as it is',
      ),
    },
    { error: 'expected connections, requests, webSockets and advanced' },
  )
  .prefault({})
  .describe(
    'How much one pod carries at once, 0 for no limit; more gets 429 where it is one user or one address, else 503',
  );
