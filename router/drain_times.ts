/** How long a router that was told to end goes on. Milliseconds. */
export interface DrainTimes {
  /**
   * It still takes new connections, until whoever sends them has learned that it is unready; each answer asks its client to
   * leave. Kubernetes tells its proxies of a pod's end at the same moment as the pod itself.
   */
  readonly delay: number;
  /** After that, open sessions live on for this long at the most. */
  readonly grace: number;
}
