import * as z from 'zod';

/** Why a way does not work on which the task waits. */
export const WAITING = 'The task has not said yet where it listens.';

const instant = z.iso.datetime().nullable();
const state = z.enum(['open', 'failing', 'waiting', 'refused']).meta({
  description:
    'failing: open, but the task did not answer the last request or connection; waiting: the task has not said where it listens; refused: the ask cannot be served',
});
const way = {
  state,
  reason: z.string().nullable().meta({
    description: 'Why it does not work; when open, what should be known of it, mostly null.',
  }),
  failingSince: instant.meta({ description: 'The first failure since the task last answered.' }),
};

const http = z.strictObject({
  ...way,
  url: z
    .string()
    .nullable()
    .meta({ description: 'What to open; null while waiting and when refused.' }),
  pathUrl: z.string().nullable().meta({ description: 'The form below the router’s own host.' }),
});

const tcp = z.strictObject({
  ...way,
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
      owner: z.string().meta({ description: 'Id of the user who started it.' }),
      queue: z.string().nullable().meta({ description: 'Id of the queue that it came through.' }),
      startedAt: instant,
      url: z.string().nullable().meta({ description: 'The task in ClearML’s web app.' }),
    }),
    lastUsedAt: instant.meta({
      description:
        'The last request that the task answered, or the last byte of a WebSocket, stream, tunnel or TCP connection (to within five seconds), as this replica saw it since it started; null for none.',
    }),
    http: http.nullable(),
    tcp: tcp.nullable(),
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

const states = z.strictObject({
  open: z.int(),
  failing: z.int(),
  waiting: z.int(),
  refused: z.int(),
});

const administration = z
  .strictObject({
    replica: z
      .strictObject({
        name: z.string().meta({ description: 'Host name; in Kubernetes that of the pod.' }),
        startedAt: instant,
        leads: z.boolean().meta({ description: 'It hands out ports and writes answers.' }),
      })
      .meta({ description: 'The replica that answered. The others have to be asked themselves.' }),
    leader: z.string().nullable().meta({
      description: 'Name of the replica that leads; null where nobody is known to, or for one.',
    }),
    clearml: z.strictObject({
      confirmedAt: instant.meta({ description: 'The last look at ClearML that succeeded.' }),
      error: z.string().nullable().meta({ description: 'What went wrong with the last look.' }),
      lastFailure: z
        .strictObject({ at: instant, message: z.string() })
        .nullable()
        .meta({ description: 'The last look that failed, even when others succeeded since.' }),
    }),
    routes: z
      .strictObject({ http: states, tcp: states })
      .meta({ description: 'How many ways into endpoints of all users are in which state.' }),
    ports: z
      .strictObject({ start: z.int(), end: z.int(), used: z.int(), left: z.int() })
      .nullable()
      .meta({ description: 'The TCP range; null where TCP is off.' }),
    problems: z.array(z.string()),
  })
  .meta({ id: 'Administration' });

/** The answer of /api/v1/routes. OpenAPI document, types and tests all come from this one description. */
export const LISTING = z
  .strictObject({
    user: z.strictObject({ id: z.string(), name: z.string() }).nullable(),
    confirmedAt: instant.meta({ description: 'When ClearML last confirmed what is listed here.' }),
    stale: z.boolean().meta({ description: 'ClearML did not answer the last look.' }),
    endpointTokens: z.boolean().meta({ description: 'Whether this router keeps any.' }),
    endpoints: z.array(endpoint),
    staticRoutes: z.array(staticRoute),
    administration: administration.nullable().meta({ description: 'For administrators alone.' }),
  })
  .meta({ id: 'Listing' });

export type Listing = z.infer<typeof LISTING>;
export type ListedEndpoint = z.infer<typeof endpoint>;
export type ListedHttp = z.infer<typeof http>;
export type ListedTcp = z.infer<typeof tcp>;
export type ListedStaticRoute = z.infer<typeof staticRoute>;
export type ListedAdministration = z.infer<typeof administration>;
