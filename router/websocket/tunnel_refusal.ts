import type { Endpoint } from '../routes/model/endpoint.ts';
import type { ExceededLimit } from '../tcp/connection_limits.ts';
import type { FailureClass } from '../upstream/failure.ts';

/** Why a tunnel did not open. Nothing has been written to the socket: the caller answers. */
export interface TunnelRefusal {
  readonly status: 400 | 404 | 502 | 503 | 504;
  /** Plain text for the user: what is wrong and whose fault it is. */
  readonly reason: string;
  /** Set where the task was tried and did not answer. */
  readonly failure?: FailureClass;
  /** A limit would be exceeded. */
  readonly limited?: true;
}

export const NO_HANDSHAKE: TunnelRefusal = {
  status: 400,
  reason: 'This is not a WebSocket handshake of version 13 (RFC 6455).',
};
export const CLIENT_LEFT: TunnelRefusal = { status: 400, reason: 'The client left.' };
export const STOPPING: TunnelRefusal = {
  status: 503,
  reason: 'The router is about to stop. Try again.',
};
export const WITHDRAWN: TunnelRefusal = {
  status: 404,
  reason: 'The task has ended, or you may no longer reach it.',
};

const LIMIT_WORDS: Readonly<Record<ExceededLimit, string>> = {
  total: 'The router carries as many tunnels as it may (TCP_MAX_CONNECTIONS). Try again later.',
  place:
    'This task has as many tunnels open as it may (TCP_MAX_CONNECTIONS_PER_PORT). Close some of them.',
  client:
    'Your address has as many tunnels open as it may (TCP_MAX_CONNECTIONS_PER_CLIENT). Close some of them.',
};

export function limitRefusal(limit: ExceededLimit): TunnelRefusal {
  return { status: 503, reason: LIMIT_WORDS[limit], limited: true };
}

/** For an endpoint whose TCP route is not open. */
export function closedRefusal(tcp: Exclude<Endpoint['tcp'], { state: 'open' }>): TunnelRefusal {
  switch (tcp?.state) {
    case 'waiting':
      return { status: 503, reason: 'The task has not said yet where it listens for TCP.' };
    case 'refused':
      return { status: 502, reason: tcp.reason };
    case undefined:
      return { status: 404, reason: 'The task has not asked for TCP.' };
  }
}

/** The word of the metric. */
export function outcomeOf(refusal: TunnelRefusal): 'limited' | 'unreachable' | 'refused' {
  if (refusal.limited === true) return 'limited';
  return refusal.failure !== undefined || refusal.status === 502 ? 'unreachable' : 'refused';
}
