import type { Metrics } from '../telemetry/metrics.ts';
import { isComplete, type PeersState } from './peers.ts';

/** Counts the replicas by whether they answer this one, which is among those that do; called before each /metrics. */
export function observePeers(
  state: PeersState,
  metrics: Pick<Metrics, 'replicas' | 'peersUnknown'>,
): void {
  const silent = state.others.filter(({ silence }) => silence !== undefined).length;
  metrics.replicas.set({ state: 'answering' }, 1 + state.others.length - silent);
  metrics.replicas.set({ state: 'silent' }, silent);
  metrics.peersUnknown.set(isComplete(state) ? 0 : 1);
}
