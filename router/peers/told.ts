import * as z from 'zod';
import { FAILURES } from '../activity/health.ts';
import type { Way } from '../activity/way.ts';
import { ENDPOINT_ID } from '../grammar/endpoint_id.ts';

/** Where a replica tells the others what it alone saw, on ADMIN_PORT. */
export const TOLD_PATH = '/replica';

/** The header of an answer that holds its signature. */
export const SIGNATURE_HEADER = 'x-replica-signature';

/** How many endpoints one answer tells of; what is left over is asked for by the next question. */
export const MOST_TOLD = 2_000;

/** What an answer may be long. */
export const MOST_ANSWER_BYTES = 1024 * 1024;

const whole = z.int().nonnegative();
const ID = z.string().regex(/^[\w-]{22}$/);

/** Whether a task answers on one way, as `WayActivity` has it. */
const HEALTH = z.object({
  answeredAt: whole,
  failedAt: whole,
  failingSince: whole,
  // A later version may know of another one.
  failure: z.enum(FAILURES).catch('other'),
});

export type HealthSeen = Readonly<z.infer<typeof HEALTH>>;

const SERVED = z.object({ requests: whole, latencyMs: whole });

/**
 * What one replica alone saw of an endpoint. Replicas of two versions understand each other while one takes over from the other: what
 * is told beside this is passed over, and a field that comes later has to be one that may be missing.
 */
const SEEN = z.object({
  /** Its last use in milliseconds since the epoch, by the clock of the replica that saw it; 0 for none. */
  usedAt: whole,
  /** By way; missing where it was never tried. */
  http: HEALTH.optional(),
  tcp: HEALTH.optional(),
  /** What its web server served through that replica alone; missing for nothing. Never what others told. */
  served: SERVED.optional(),
} satisfies Record<Way | 'usedAt' | 'served', z.ZodType>);

export type EndpointSeen = Readonly<z.infer<typeof SEEN>>;

/** What stays true of an endpoint whatever becomes of the replica that saw it. */
export type PastSeen = Pick<EndpointSeen, 'usedAt'>;

export const NOTHING_SEEN: EndpointSeen = { usedAt: 0 };

/** What two replicas saw of one endpoint, as one: the newest use counts. Whether its task answers now only those can tell that are there. */
export function both(a: PastSeen, b: PastSeen): PastSeen {
  return { usedAt: Math.max(a.usedAt, b.usedAt) };
}

/** A clock that goes ahead makes nothing newer than now. @param now milliseconds since the epoch. */
export function notAfter(now: number, { usedAt, http, tcp, served }: EndpointSeen): EndpointSeen {
  return {
    usedAt: Math.min(usedAt, now),
    ...(served && { served }),
    ...(http && { http: healthNotAfter(now, http) }),
    ...(tcp && { tcp: healthNotAfter(now, tcp) }),
  };
}

function healthNotAfter(now: number, health: HealthSeen): HealthSeen {
  return {
    answeredAt: Math.min(health.answeredAt, now),
    failedAt: Math.min(health.failedAt, now),
    failingSince: Math.min(health.failingSince, now),
    failure: health.failure,
  };
}

export function seenAlike(a: EndpointSeen, b: EndpointSeen): boolean {
  return (
    a.usedAt === b.usedAt &&
    healthAlike(a.http, b.http) &&
    healthAlike(a.tcp, b.tcp) &&
    a.served?.requests === b.served?.requests &&
    a.served?.latencyMs === b.served?.latencyMs
  );
}

function healthAlike(a: HealthSeen | undefined, b: HealthSeen | undefined): boolean {
  return (
    a?.answeredAt === b?.answeredAt &&
    a?.failedAt === b?.failedAt &&
    a?.failingSince === b?.failingSince &&
    a?.failure === b?.failure
  );
}

/** Connections that are open at one replica. */
const OPEN = z.object({ websocket: whole, tcp: whole, tunnel: whole });

export type OpenConnections = Readonly<z.infer<typeof OPEN>>;

/** Which process it is. */
const REPLICA = z.object({
  /** Another one after each start. */
  id: ID,
  /** Host name; in Kubernetes that of the pod. */
  name: z.string().max(253),
  version: z.string().max(64),
  /** Milliseconds since the epoch. */
  startedAt: whole,
});

export type Replica = Readonly<z.infer<typeof REPLICA>>;

/** The answer of a replica. */
export const TOLD = z.object({
  replica: REPLICA,
  open: OPEN,
  /** Of the journal whose changes are counted. */
  volume: ID,
  /** After which change it begins; 0: it tells of all that there is, and what was told before counts no more. */
  since: whole,
  /** Up to which change it goes: what the next question asks since. */
  until: whole,
  /** Whether there is more already. */
  more: z.boolean(),
  /** Endpoints of which something changed, in the order of the changes; null: nothing is known of it any more. */
  endpoints: z.array(z.tuple([z.string().regex(ENDPOINT_ID), SEEN.nullable()])).max(MOST_TOLD),
});

export type Told = Readonly<z.infer<typeof TOLD>>;
