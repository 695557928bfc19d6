import type { Peer } from '../peer.ts';
import { EVENTS } from '../scenarios/web_socket.ts';

/** No proxy at all: what the backend itself takes. */
export const DIRECT: Peer = {
  name: 'direct',
  only: [EVENTS.name],
  lacks: () => undefined,
  start: async (backend) => ({
    pids: [process.pid],
    http: undefined,
    webSocket: `http://127.0.0.1:${backend.webSocket}`,
    tcp: undefined,
    headers: {},
    stop: () => Promise.resolve(),
  }),
};
