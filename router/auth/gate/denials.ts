import type { Verdict } from '../access/access.ts';
import type { CrossSite } from './cross_site.ts';
import type { Denied } from './decision.ts';

/** Seconds after which it is worth trying again. */
export const RETRY_SECONDS = 5;

/** What somebody who is known is denied with: by ClearML's verdict, or by the cross-site rules. */
export const DENIALS: Readonly<
  Record<
    Exclude<Verdict, 'yes'> | NonNullable<CrossSite>,
    Pick<Denied, 'status' | 'reason' | 'retryAfter'>
  >
> = {
  no: { status: 404, reason: 'not-visible' },
  revoked: { status: 401, reason: 'token-revoked' },
  unavailable: { status: 503, reason: 'clearml-unavailable', retryAfter: RETRY_SECONDS },
  'over-budget': { status: 429, reason: 'rate-limited', retryAfter: RETRY_SECONDS },
  'cross-site': { status: 403, reason: 'cross-site' },
  'foreign-origin': { status: 403, reason: 'foreign-origin' },
};
