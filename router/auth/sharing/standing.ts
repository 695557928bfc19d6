import type { RouteTable } from '../../routes/model/table.ts';
import { isLink, type Grant } from './store.ts';

/** What it is judged by: the time, milliseconds since the epoch, and what is routed. */
export interface Moment {
  readonly now: number;
  readonly table: Pick<RouteTable, 'endpoints' | 'confirmedAt' | 'stale'>;
}

/** A task that runs again within this time has its grants again. */
const KEPT_UNSEEN_MS = 24 * 3_600_000;
/** How old what is written of a routed endpoint may be. */
const SEEN_TO_WITHIN_MS = 3_600_000;

/**
 * What of these grants stands: no link that has expired, and none for an endpoint that has not been routed for a day. A router that
 * has not heard of ClearML what runs, or hears nothing now, takes no endpoint for gone. Grants of a project stay until they are taken back.
 */
export function standing(grants: readonly Grant[], moment: Moment): readonly Grant[] {
  return grants.flatMap((grant) => {
    if (isLink(grant) && grant.gives.link.expiresAt <= moment.now) return [];
    const seen = isDueToBeSeen(grant, moment) ? { ...grant, seenAt: moment.now } : grant;
    return isGone(seen, moment) ? [] : [seen];
  });
}

/** Whether that would write anything else than what is there. */
export function needsUpkeep(grants: readonly Grant[], moment: Moment): boolean {
  const after = standing(grants, moment);
  return after.length !== grants.length || after.some((grant, index) => grant !== grants[index]);
}

function isDueToBeSeen({ subject, seenAt }: Grant, { now, table }: Moment): boolean {
  if (!('endpoint' in subject) || !table.endpoints.has(subject.endpoint)) return false;
  return now - seenAt >= SEEN_TO_WITHIN_MS;
}

function isGone({ subject, seenAt }: Grant, { now, table }: Moment): boolean {
  if (!('endpoint' in subject) || table.endpoints.has(subject.endpoint)) return false;
  const knows = table.confirmedAt > 0 && !table.stale;
  return knows && now - seenAt >= KEPT_UNSEEN_MS;
}
