import type { Task } from './tasks.ts';

/** A proxy in front of three tasks, all of them well. */
export interface Balancing {
  /** URL that one of the tasks answers. */
  readonly url: string;
  /** What each request carries. */
  readonly headers: Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
}

/** One of those that are compared. */
export interface BalancingPeer {
  readonly name: string;
  /** What the machine lacks for it; undefined when it can run. */
  readonly lacks: () => string | undefined;
  /** @param folder an empty folder of its own. */
  readonly start: (tasks: readonly Task[], folder: string) => Promise<Balancing>;
}

/**
 * How the peers check, as the router does by itself: every two seconds, three seconds for the answer, and one check decides. Their own
 * defaults are slower: Caddy asks every 30 seconds, haproxy wants three checks to fail.
 */
export const CHECK = { every: '2s', patience: '3s' } as const;
