import { createLoop } from '../loop.ts';
import type { Leadership } from '../routes/leader.ts';
import type { Log } from '../telemetry/log.ts';
import type { Lease, LeaseApi, LeaseSpec } from './lease_api.ts';

/** How long things take; a leader that dies is replaced after `duration` and `retry` together at the latest. Milliseconds. */
export interface LeaseTimes {
  /** Others take over when they saw no renewal for this long. */
  readonly duration: number;
  /** The leader steps down when it could not renew for this long: well before anybody takes over. */
  readonly deadline: number;
  /** Between two tries. */
  readonly retry: number;
}

const TIMES: LeaseTimes = { duration: 10_000, deadline: 7_000, retry: 2_000 };

export interface LeaseLeadershipOptions {
  readonly api: LeaseApi;
  /** Unique among the replicas; in a pod its host name. */
  readonly identity: string;
  readonly log: Log;
  readonly times?: LeaseTimes;
  /** Monotonic milliseconds; tests replace it. */
  readonly now?: () => number;
}

/** Kubernetes' MicroTime: six digits of a second. */
function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}

/**
 * Elects one leader by a Kubernetes Lease, as client-go does. No clock of another machine is believed: a holder counts as dead when
 * its Lease did not change for the whole duration by this process's own monotonic clock, so a clock that jumps elects nobody.
 */
export function createLeaseLeadership(options: LeaseLeadershipOptions): Leadership {
  const { api, identity, log, times = TIMES, now = () => performance.now() } = options;
  /** The Lease as it was seen last, and since when it has been so. */
  let seen: { readonly lease: Lease; readonly since: number } | undefined;
  /** This process leads until then. */
  let leadsUntil = -Infinity;
  let told = false;
  let stopped = false;
  let expiry: NodeJS.Timeout | undefined;

  const isLeader = (): boolean => now() < leadsUntil;

  const tell = (): void => {
    const leader = isLeader();
    if (leader === told) return;
    told = leader;
    log.info(
      { event: 'leader', leader, identity },
      leader ? 'This replica hands out ports and writes answers now' : 'This replica leads no more',
    );
  };

  const lead = (until: number): void => {
    leadsUntil = until;
    clearTimeout(expiry);
    if (until > now()) expiry = setTimeout(tell, until - now() + 1).unref();
    tell();
  };

  const observe = (lease: Lease): void => {
    if (seen?.lease.resourceVersion === lease.resourceVersion) return;
    seen = { lease, since: now() };
  };

  const isHeldByAnother = (): boolean => {
    if (seen === undefined) return false;
    const { holderIdentity, leaseDurationSeconds } = seen.lease.spec;
    if (holderIdentity === '' || holderIdentity === identity) return false;
    return now() < seen.since + Math.max(times.duration, leaseDurationSeconds * 1000);
  };

  const claim = (before: LeaseSpec | undefined): LeaseSpec => {
    const time = microTime();
    const mine = before?.holderIdentity === identity;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(times.duration / 1000),
      renewTime: time,
      acquireTime: mine ? before.acquireTime || time : time,
      leaseTransitions: (before?.leaseTransitions ?? 0) + (mine ? 0 : 1),
    };
  };

  const tryOnce = async (): Promise<void> => {
    const read = await api.read();
    if (read !== undefined) observe(read);
    if (read !== undefined && isHeldByAnother()) {
      lead(-Infinity);
      return;
    }
    // From before the write: the others count from when they see it, which is later.
    const began = now();
    const written =
      read === undefined
        ? await api.create(claim(undefined))
        : await api.write(read.resourceVersion, claim(read.spec));
    if (written === undefined || stopped) return;
    observe(written);
    lead(began + times.deadline);
  };

  const loop = createLoop({
    turn: tryOnce,
    succeeded: tell,
    failed: (error, again) => {
      const { message } = error as Error;
      if (!again) log.warn({ event: 'lease_failed', error: message }, message);
      tell();
    },
    interval: times.retry,
    pauses: { first: times.retry, longest: times.retry },
  });

  /**
   * Gives the Lease back, so that another replica need not wait until it runs out. It is read first: the last renewal may have been
   * written without that its answer came.
   */
  const giveBack = async (): Promise<void> => {
    try {
      const lease = await api.read();
      if (lease?.spec.holderIdentity !== identity) return;
      await api.write(lease.resourceVersion, { ...claim(lease.spec), holderIdentity: '' });
    } catch (error) {
      log.warn({ event: 'lease_failed', error: (error as Error).message }, 'The Lease runs out');
    }
  };

  return {
    isLeader,
    holder: () => {
      if (isLeader()) return identity;
      return isHeldByAnother() ? seen?.lease.spec.holderIdentity : undefined;
    },
    start: loop.start,
    stop: async () => {
      if (stopped) return;
      stopped = true;
      await loop.stop();
      lead(-Infinity);
      await giveBack();
      api.close();
    },
  };
}
