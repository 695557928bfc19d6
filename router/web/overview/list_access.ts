import type { EndpointRights, Right } from '../../auth/access/endpoint_rights.ts';
import type { Identity } from '../../auth/identity/identity.ts';
import type { Endpoint } from '../../routes/model/endpoint.ts';
import { excerpt } from '../../telemetry/hostile_text.ts';
import type { ListedAccess } from './listing.ts';

/** One's own first, then what is shared with one, then what is seen by one's role. */
const ORDER: readonly Right[] = ['owner', 'level', 'administrator'];

/**
 * Who may use an endpoint, and by what this user may; null without sign-in.
 *
 * @param identity somebody who is shown the endpoint.
 */
export function listAccess(
  endpoint: Endpoint,
  identity: Identity | undefined,
  rights: EndpointRights | undefined,
): ListedAccess | null {
  if (identity === undefined || rights === undefined) return null;
  const { unknownAccess } = endpoint;
  return {
    level: rights.level(endpoint),
    ceiling: rights.ceiling(endpoint),
    by: rights.of(identity, endpoint) ?? 'administrator',
    unknown: unknownAccess === undefined ? null : excerpt(unknownAccess),
  };
}

/** By what is whose, as the page shows it. */
export function byRight(a: ListedAccess | null, b: ListedAccess | null): number {
  return rank(a) - rank(b);
}

function rank(access: ListedAccess | null): number {
  return access === null ? 0 : ORDER.indexOf(access.by);
}
