/** What one process saw an endpoint serve, as sums that only grow while its route stays. */
export interface Served {
  /** Requests that the task began to answer, handshakes of WebSockets among them. */
  readonly requests: number;
  /** How long it took them until the head of their answers, together. Milliseconds. */
  readonly latencyMs: number;
}

export const NOTHING_SERVED: Served = { requests: 0, latencyMs: 0 };
