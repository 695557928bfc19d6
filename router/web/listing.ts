import * as z from 'zod';

const instant = z.iso.datetime().nullable();
const state = z.enum(['open', 'waiting', 'refused']).meta({
  description: 'waiting: the task has not said where it listens; refused: see reason',
});
const reason = z.string().nullable().meta({ description: 'Why the ask cannot be served.' });

const httpLane = z.strictObject({
  state,
  reason,
  url: z.string().nullable().meta({ description: 'What to open; null unless open.' }),
  pathUrl: z.string().nullable().meta({ description: 'The form below the router’s own host.' }),
});

const tcpLane = z.strictObject({
  state,
  reason,
  address: z.string().nullable().meta({ description: 'Host to connect to; null without a port.' }),
  port: z
    .int()
    .nullable()
    .meta({ description: 'Knows no sign-in: who reaches it reaches the task.' }),
  tunnelUrl: z.string().nullable().meta({ description: 'TCP over WebSocket, behind the sign-in.' }),
});

const endpoint = z
  .strictObject({
    id: z.string(),
    name: z.string().nullable(),
    task: z.strictObject({
      id: z.string(),
      name: z.string(),
      type: z.string(),
      project: z.string().nullable(),
      startedAt: instant,
      url: z.string().nullable().meta({ description: 'The task in ClearML’s web app.' }),
    }),
    http: httpLane.nullable(),
    tcp: tcpLane.nullable(),
  })
  .meta({ id: 'Endpoint' });

const staticRoute = z
  .strictObject({
    name: z.string(),
    url: z.string(),
    type: z.enum(['path', 'subdomain']),
    access: z.enum(['task', 'authenticated', 'public']),
    status: z.enum(['not in use', 'pending', 'routing']),
    loadBalanced: z.boolean(),
    endpoints: z.array(z.string()).meta({ description: 'Ids of those that the user may see.' }),
  })
  .meta({ id: 'StaticRoute' });

const administration = z
  .strictObject({
    leader: z.boolean().meta({ description: 'This replica hands out ports and writes answers.' }),
    clearmlError: z
      .string()
      .nullable()
      .meta({ description: 'What went wrong with the last look.' }),
    portsLeft: z.int().nullable(),
    problems: z.array(z.string()),
  })
  .meta({ id: 'Administration' });

/** The answer of /api/v1/routes. OpenAPI document, types and tests all come from this one description. */
export const LISTING = z.strictObject({
  user: z.strictObject({ id: z.string(), name: z.string() }).nullable(),
  confirmedAt: instant.meta({ description: 'When ClearML last confirmed what is listed here.' }),
  stale: z.boolean().meta({ description: 'ClearML did not answer the last look.' }),
  endpoints: z.array(endpoint),
  staticRoutes: z.array(staticRoute),
  administration: administration.nullable().meta({ description: 'For administrators alone.' }),
});

export type Listing = z.infer<typeof LISTING>;
export type ListedEndpoint = z.infer<typeof endpoint>;
export type ListedHttpLane = z.infer<typeof httpLane>;
export type ListedTcpLane = z.infer<typeof tcpLane>;
export type ListedStaticRoute = z.infer<typeof staticRoute>;
export type ListedAdministration = z.infer<typeof administration>;
