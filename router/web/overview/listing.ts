import * as z from 'zod';
import { FAILURES } from '../../activity/health.ts';
import { ENDPOINT_LEVELS } from '../../grammar/access_level.ts';

/** Why a way does not work on which the task waits. */
export const WAITING = 'The task has not said yet where it listens.';

/** What is said of an open way over TLS where nobody named a CA. */
export const UNCHECKED =
  'The router speaks HTTPS to the task, and does not check its certificate, since no authority is named for that (router.taskCa).';

const instant = z.iso.datetime().nullable();
const state = z.enum(['open', 'failing', 'waiting', 'refused']).meta({
  description:
    'failing: open, but the task did not answer the last request, connection or check; waiting: the task has not said where it listens; refused: the ask cannot be served',
});
const health = z
  .strictObject({
    state: z.enum(['answering', 'not_answering', 'unknown']).meta({
      description:
        'By the last thing that was tried: a request, a connection, or a check of the router’s own. unknown: nothing yet.',
    }),
    since: instant.meta({ description: 'not_answering: the first failure since it answered.' }),
    failure: z.enum(FAILURES).nullable().meta({
      description:
        'not_answering: how the last try failed. unhealthy: the path that the task names (router_health_path) answered 500 or more.',
    }),
    triedAt: instant.meta({ description: 'The last that was tried.' }),
  })
  .meta({ id: 'Health', description: 'By whichever of the replicas that answer tried it last.' });
const way = {
  state,
  reason: z.string().nullable().meta({
    description: 'Why it does not work; when open, what should be known of it, mostly null.',
  }),
  health: health.nullable().meta({ description: 'Null where there is no open way to try.' }),
  taskPort: z
    .int()
    .nullable()
    .meta({ description: 'Port that the task listens on; null while waiting and when refused.' }),
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
  noPort: z.string().nullable().meta({
    description: 'Why it gets no port of the range; null where it has one, or could have one.',
  }),
  tunnelUrl: z.string().nullable().meta({ description: 'TCP over WebSocket, behind the sign-in.' }),
});

const level = z.enum(ENDPOINT_LEVELS);
const access = z
  .strictObject({
    level: level.meta({
      description:
        'Who may use it, once ClearML shows them the task. owner: who started the task; people: the owner and those whom the owner named; visible: whoever may see the task',
    }),
    ceiling: level.meta({ description: 'The widest level that its owner may give it.' }),
    by: z.enum(['owner', 'level', 'administrator']).meta({
      description:
        'By what the user may use it: as its owner, by its level and what the owner gave, or as an administrator alone.',
    }),
    unknown: z
      .string()
      .nullable()
      .meta({ description: 'What the task says that is no level, and counts as owner.' }),
  })
  .meta({ id: 'Access' });

const shared = z
  .strictObject({
    people: z
      .array(z.string())
      .meta({ description: 'Names of users, those included whom links let in.' }),
    everybody: z.boolean().meta({ description: 'Whoever may see the task in ClearML.' }),
    links: z.int().meta({ description: 'How many links there are that have a use left.' }),
    since: instant,
  })
  .meta({ id: 'Shared' });

const idle = z
  .strictObject({
    since: instant,
    stopsAt: instant.meta({
      description:
        'When the router stops it, unless it is used or works before; null where it would be stopped and is not, and while not all is known that has to be.',
    }),
  })
  .meta({ id: 'Idle' });

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
        'When somebody used it last, as the replicas saw it since they started, else the last use of its task by what stands in the task’s runtime, by whichever endpoint and some five minutes late; null for none. A use is what a person or a program did: a request with a body or another method than GET and HEAD, a navigation, a request of a program but not for health and metrics, data of the client in a WebSocket, more than a keep-alive in a tunnel or TCP connection (to within five seconds). What an open tab fetches again and again is none. What another replica saw counts within half a minute. Where `replicas` is null, this replica tells what it saw itself; where one is silent, the endpoint may have been used later, or at all.',
    }),
    idle: idle.nullable().meta({
      description:
        'How long the task has neither been used nor worked, where the router stops such tasks; null where it does not stop this one, and for the first minutes.',
    }),
    access: access.nullable().meta({ description: 'Null where there is no sign-in.' }),
    shared: shared.nullable().meta({
      description: 'What its owner gave, for the owner and administrators; null for nothing.',
    }),
    sharedBy: z.string().nullable().meta({
      description: 'Name of the owner who let the user in by name or by a link; else null.',
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
    access: z.enum(['people', 'visible', 'authenticated', 'public']),
    status: z.enum(['not in use', 'pending', 'routing']),
    loadBalanced: z.boolean(),
    endpoints: z.array(z.string()).meta({ description: 'Ids of those that the user may see.' }),
    answering: z.int().meta({
      description:
        'How many of these are open and not failing, as this replica knows; a load-balanced route tries the others last.',
    }),
  })
  .meta({ id: 'StaticRoute' });

const states = z.strictObject({
  open: z.int(),
  untried: z.int().meta({ description: 'Those of the open ones of which nothing is known.' }),
  failing: z.int(),
  waiting: z.int(),
  refused: z.int(),
});

const otherReplica = z
  .strictObject({
    address: z.string(),
    name: z.string().nullable().meta({ description: 'Null until it answers.' }),
    version: z.string().nullable(),
    startedAt: instant,
    silentSince: instant.meta({ description: 'Null while it answers.' }),
    reason: z.string().nullable().meta({ description: 'Why it does not answer.' }),
  })
  .meta({ id: 'OtherReplica' });

const administration = z
  .strictObject({
    access: z
      .strictObject({
        default: level.meta({ description: 'The level of an endpoint that says nothing.' }),
        decidedBy: z.enum(['setting', 'server']).meta({
          description:
            'ACCESS_DEFAULT, or, where it is not set, whether the server keeps users apart.',
        }),
        widest: level.meta({ description: 'ACCESS_WIDEST.' }),
        holds: z.boolean().meta({
          description:
            'False where a level may be got round: a task could name the address of another’s pod.',
        }),
      })
      .nullable()
      .meta({ description: 'Null where there is no sign-in.' }),
    replica: z
      .strictObject({
        name: z.string().meta({ description: 'Host name; in Kubernetes that of the pod.' }),
        version: z.string(),
        startedAt: instant,
        leads: z.boolean().meta({ description: 'It hands out ports and writes answers.' }),
      })
      .meta({
        description: 'The replica that answered; what is said of routes is as it sees them.',
      }),
    others: z
      .strictObject({
        listed: z.array(otherReplica),
        problem: z.string().nullable().meta({ description: 'Why there may be more than these.' }),
      })
      .nullable()
      .meta({ description: 'The other replicas; null where this one looks for none.' }),
    connections: z
      .strictObject({
        websocket: z.int(),
        tcp: z.int(),
        tunnel: z.int(),
        atLeast: z.boolean().meta({ description: 'Some replicas do not tell theirs.' }),
      })
      .nullable()
      .meta({ description: 'Open at all replicas together; null where this one looks for none.' }),
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
    replicas: z
      .strictObject({
        found: z.int().meta({ description: 'How many, the one that answers included.' }),
        silent: z.int().meta({ description: 'How many of them do not tell what they saw.' }),
        all: z.boolean().meta({ description: 'False where there may be more than were found.' }),
      })
      .nullable()
      .meta({ description: 'Null where this replica looks for no others.' }),
    endpointTokens: z.boolean().meta({ description: 'Whether this router keeps any.' }),
    sharing: z.boolean().meta({ description: 'Whether owners can give what is theirs.' }),
    endpoints: z.array(endpoint),
    staticRoutes: z.array(staticRoute),
    administration: administration.nullable().meta({ description: 'For administrators alone.' }),
  })
  .meta({ id: 'Listing' });

export type ListedHealth = z.infer<typeof health>;
export type Listing = z.infer<typeof LISTING>;
export type ListedAccess = z.infer<typeof access>;
export type ListedShared = z.infer<typeof shared>;
export type ListedEndpoint = z.infer<typeof endpoint>;
export type ListedHttp = z.infer<typeof http>;
export type ListedTcp = z.infer<typeof tcp>;
export type ListedStaticRoute = z.infer<typeof staticRoute>;
export type ListedAdministration = z.infer<typeof administration>;
