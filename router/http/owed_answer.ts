import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Whether an earlier request on this connection has no whole answer yet. Node hands an upgrade or a CONNECT out at once, even
 * where it was sent behind such a request: whatever is written then stands in the place of that answer, and another response
 * cannot have the socket. Whoever sends that has waited for nothing, and is answered nothing.
 */
export function owesAnswer(socket: Duplex): boolean {
  const { _httpMessage: response } = socket as { _httpMessage?: ServerResponse | null };
  return response !== null && response !== undefined;
}
