import type { Settings } from '../settings/settings.ts';
import type { LoadLimits } from './load_guard.ts';
import type { OverloadBounds } from './overload.ts';

/** What one address may have where no other number is given. An office of people behind one address stays far below. */
const CONNECTIONS_PER_ADDRESS = 1_024;
const REQUESTS_PER_ADDRESS = 2_048;
const WEBSOCKETS_PER_ADDRESS = 2_048;

/**
 * The limits of the settings. Those by address are off by themselves while TRUSTED_PROXIES names nobody: behind an ingress whose
 * word is not believed all clients have one address, and one of them would lock out the rest. A number that is given holds.
 */
export function limitsOf(settings: Settings): LoadLimits {
  const known = settings.TRUSTED_PROXIES.length > 0;
  const byAddress = (given: number | undefined, most: number): number =>
    given ?? (known ? most : 0);
  return {
    connections: {
      total: settings.MAX_CONNECTIONS,
      perAddress: byAddress(settings.MAX_CONNECTIONS_PER_ADDRESS, CONNECTIONS_PER_ADDRESS),
    },
    requests: {
      total: settings.MAX_REQUESTS,
      perUser: settings.MAX_REQUESTS_PER_USER,
      perTask: settings.MAX_REQUESTS_PER_TASK,
      perAddress: byAddress(settings.MAX_REQUESTS_PER_ADDRESS, REQUESTS_PER_ADDRESS),
    },
    webSockets: {
      total: settings.MAX_WEBSOCKETS,
      perUser: settings.MAX_WEBSOCKETS_PER_USER,
      perTask: settings.MAX_WEBSOCKETS_PER_TASK,
      perAddress: byAddress(settings.MAX_WEBSOCKETS_PER_ADDRESS, WEBSOCKETS_PER_ADDRESS),
    },
  };
}

/** Where the settings say that overload begins. */
export function overloadBoundsOf(settings: Settings): OverloadBounds {
  return {
    delay: settings.OVERLOAD_DELAY_SECONDS,
    memory: settings.OVERLOAD_MEMORY_PERCENT / 100,
  };
}
