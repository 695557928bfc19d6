import type { Settings } from '../settings/settings.ts';
import { createOwnSight, type OwnSightParts } from './own_sight.ts';
import { Peers, type PeersParts } from './peers.ts';

/** Undefined where PEERS_HOST is not set: this process is alone, or takes itself for it. */
export function createPeersFor(
  { PEERS_HOST: host, ADMIN_PORT: port }: Settings,
  keys: PeersParts['keys'],
  parts: OwnSightParts & Pick<PeersParts, 'log' | 'heardServed'>,
): Peers | undefined {
  if (host === undefined) return undefined;
  const { log, heardServed } = parts;
  return new Peers({ host, port, keys, own: createOwnSight(parts), log, heardServed });
}
