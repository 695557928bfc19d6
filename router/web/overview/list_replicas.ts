import type { PeersState } from '../../peers/peers.ts';
import { instant } from '../parts/times.ts';
import type { ListedAdministration, Listing } from './listing.ts';

/** How many replicas there are, this one included, and how many of them do not tell what they saw. */
export function listReplicas(state: PeersState | undefined): Listing['replicas'] {
  if (state === undefined) return null;
  const { others, problem } = state;
  return {
    found: 1 + others.length,
    silent: others.filter(({ silence }) => silence !== undefined).length,
    all: problem === undefined,
  };
}

/** The other replicas one by one. */
export function listOthers(state: PeersState | undefined): ListedAdministration['others'] {
  if (state === undefined) return null;
  const listed = state.others.map(({ address, replica, silence }) => ({
    address,
    name: replica?.name ?? null,
    version: replica?.version ?? null,
    startedAt: instant(replica?.startedAt ?? 0),
    silentSince: instant(silence?.since ?? 0),
    reason: silence?.reason ?? null,
  }));
  return { listed, problem: state.problem ?? null };
}
