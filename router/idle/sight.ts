import type { ActivityView } from '../activity/health.ts';
import type { EndpointId } from '../grammar/endpoint_id.ts';
import { isComplete, type Peers } from '../peers/peers.ts';

/** What all replicas together saw. */
export interface Sight {
  /**
   * Names the last use of an endpoint at each replica: another text with each use, whatever the clocks of the replicas say. It is
   * compared, and held against no clock.
   */
  readonly lastUse: (id: EndpointId) => string;
  /** The other replicas that told what they saw; undefined while one may be there that did not. */
  readonly replicas: () => ReadonlySet<string> | undefined;
  /** A task is soon to be stopped: what others see is to be known soon, too. */
  readonly hurry: () => void;
}

/**
 * @param peers undefined where the others are not asked.
 * @param alone whether there are none then, or some of which nothing is known.
 */
export function createSight(
  activity: ActivityView,
  peers: Pick<Peers, 'state' | 'usesOf' | 'want'> | undefined,
  alone: boolean,
): Sight {
  return {
    lastUse: (id) => {
      const own = [activity(id, 'http').usedAt, activity(id, 'tcp').usedAt];
      return JSON.stringify([own, peers?.usesOf(id)]);
    },
    replicas: () => {
      if (peers === undefined) return alone ? new Set() : undefined;
      const state = peers.state();
      if (!isComplete(state)) return undefined;
      return new Set(state.others.map(({ address, replica }) => replica?.id ?? address));
    },
    hurry: () => peers?.want(),
  };
}
