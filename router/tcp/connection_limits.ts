import { clientOf } from '../grammar/client_of.ts';
import type { Settings } from '../settings/settings.ts';

/** How many TCP connections are carried at once. */
export interface ConnectionLimits {
  readonly total: number;
  /** To one port of the range, or through tunnels to one endpoint. */
  readonly perPlace: number;
  /** From one client address; a /64 of IPv6, which is what one client has, counts as one. Undefined: no such limit. */
  readonly perClient: number | undefined;
}

/** The limits that the settings name. */
export function tcpLimits(
  settings: Pick<
    Settings,
    'TCP_MAX_CONNECTIONS' | 'TCP_MAX_CONNECTIONS_PER_PORT' | 'TCP_MAX_CONNECTIONS_PER_CLIENT'
  >,
): ConnectionLimits {
  return {
    total: settings.TCP_MAX_CONNECTIONS,
    perPlace: settings.TCP_MAX_CONNECTIONS_PER_PORT,
    perClient: settings.TCP_MAX_CONNECTIONS_PER_CLIENT,
  };
}

/** Which limit another connection would exceed. */
export type ExceededLimit = 'total' | 'place' | 'client';

/** Counts open connections by where they lead and whom they come from. */
export class ConnectionCounts<Place> {
  readonly #limits: ConnectionLimits;
  readonly #places = new Map<Place, number>();
  readonly #clients = new Map<string, number>();
  #total = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  /**
   * Counts one connection in, unless that would exceed a limit, which is returned then.
   *
   * @param client its address; undefined while that is not known.
   */
  enter(place: Place, client: string | undefined): ExceededLimit | undefined {
    const { total, perPlace, perClient } = this.#limits;
    if (this.#total >= total) return 'total';
    if ((this.#places.get(place) ?? 0) >= perPlace) return 'place';
    if (perClient !== undefined && client !== undefined) {
      const key = clientOf(client);
      if ((this.#clients.get(key) ?? 0) >= perClient) return 'client';
      add(this.#clients, key, 1);
    }
    this.#total += 1;
    add(this.#places, place, 1);
    return undefined;
  }

  /** Counts out what `enter` counted in, with the same arguments. */
  leave(place: Place, client: string | undefined): void {
    this.#total -= 1;
    add(this.#places, place, -1);
    if (this.#limits.perClient !== undefined && client !== undefined) {
      add(this.#clients, clientOf(client), -1);
    }
  }
}

/** Entries that fall to zero go, so that the map never holds more than what is open. */
function add<K>(counts: Map<K, number>, key: K, change: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
