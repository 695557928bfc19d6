import { owns } from '../../auth/identity/owner.ts';
import { administersCompany } from '../../auth/access/roles.ts';
import { usesLeft } from '../../auth/sharing/links.ts';
import type { Identity } from '../../auth/identity/identity.ts';
import type { Endpoint } from '../../routes/model/endpoint.ts';
import { instant } from '../parts/times.ts';
import type { ListedAccess, ListedShared } from './listing.ts';
import type { Sources } from './sources.ts';

/** What the owner of an endpoint gave of it; null for nothing, and for whomever it does not concern. */
export function listShared(
  endpoint: Endpoint,
  identity: Identity | undefined,
  { grants, levels }: Pick<Sources, 'grants' | 'levels'>,
): ListedShared | null {
  if (identity === undefined || grants === undefined || levels === undefined) return null;
  const ceiling = levels.rights.ceiling(endpoint);
  const concerned =
    owns(identity, endpoint.task) || administersCompany(identity, endpoint.task.companyId);
  if (!concerned || ceiling === 'owner') return null;
  // What is more than the task or the operator allow opens nothing.
  const given = grants
    .of(endpoint)
    .filter(({ gives }) => !('everybody' in gives) || ceiling === 'visible');
  const [oldest] = given;
  if (oldest === undefined) return null;
  const people = new Map<string, string>();
  let links = 0;
  for (const { gives } of given) {
    const named = 'people' in gives ? gives.people : 'link' in gives ? gives.link.redeemed : [];
    for (const { id, name } of named) people.set(id, name === '' ? id : name);
    if ('link' in gives && usesLeft(gives.link) > 0) links += 1;
  }
  return {
    people: [...people.values()],
    everybody: given.some(({ gives }) => 'everybody' in gives),
    links,
    since: instant(oldest.createdAt),
  };
}

/** Who let this user in, as the owner is called; null for whoever needs nobody's word. */
export function sharedBy(
  endpoint: Endpoint,
  access: ListedAccess | null,
  { grants }: Pick<Sources, 'grants'>,
): string | null {
  if (access === null || access.by !== 'level' || access.level === 'visible') return null;
  const [one] = grants?.of(endpoint) ?? [];
  return one === undefined ? null : one.ownerName || one.ownerId;
}
