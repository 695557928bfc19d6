import type { ActivityView } from '../activity/health.ts';
import type { PeersView } from './peers.ts';
import type { HealthSeen } from './told.ts';

function triedAt({ answeredAt, failedAt }: HealthSeen): number {
  return Math.max(answeredAt, failedAt);
}

/**
 * Whether tasks answer, by all replicas that tell it: whoever tried a task last is believed. When it was used stays what this one saw.
 *
 * @param peers undefined where this replica is alone.
 */
export function sharedView(
  own: ActivityView,
  peers: Pick<PeersView, 'healthOf'> | undefined,
): ActivityView {
  if (peers === undefined) return own;
  return (id, way) => {
    const mine = own(id, way);
    let newest: HealthSeen = mine;
    for (const theirs of peers.healthOf(id, way)) {
      if (triedAt(theirs) > triedAt(newest)) newest = theirs;
    }
    return newest === mine ? mine : { ...newest, usedAt: mine.usedAt };
  };
}
