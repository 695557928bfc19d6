import type { Authorization } from './authorize.ts';
import type { Denied } from './decision.ts';

/** Everything that can be said of somebody who is known, but yes. */
export type RefusedVerdict = Exclude<Authorization['verdict'], 'yes' | 'unknown'>;

type Refusal = Pick<Denied, 'status' | 'reason' | 'retryAfter'>;

/** Seconds after which it is worth trying again. */
export const RETRY_SOON = 5;

/** The gate's answers by verdict. */
export const REFUSALS: Readonly<Record<RefusedVerdict, Refusal>> = {
  no: { status: 404, reason: 'not-visible' },
  unavailable: { status: 503, reason: 'clearml-unavailable', retryAfter: RETRY_SOON },
  'over-budget': { status: 429, reason: 'rate-limited', retryAfter: RETRY_SOON },
  'cross-site': { status: 403, reason: 'cross-site' },
  'foreign-origin': { status: 403, reason: 'foreign-origin' },
};
