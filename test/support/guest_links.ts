import assert from 'node:assert/strict';
import { newSecret } from '../../router/auth/sharing/links.ts';
import { isLink, type LinkRecord } from '../../router/auth/sharing/store.ts';
import { COMPANY, type Lab } from './auth_fixture.ts';

const OWNER = { userId: 'owner', userName: 'owner name', companyId: COMPANY };

/** A link of `owner` that lets in guests to one endpoint, or what is changed of it. */
export async function guestLink(
  { auth, now }: Pick<Lab, 'auth' | 'now'>,
  endpoint: string,
  changes: Partial<LinkRecord['gives']['link']> = {},
): Promise<LinkRecord> {
  const { hash } = newSecret();
  const expiresAt = now() + 3_600_000;
  const link = { hash, uses: 100, expiresAt, guests: true, redeemed: [], ...changes };
  const grant = await auth.sharing?.grants.give(OWNER, { endpoint }, { link });
  assert.ok(grant !== undefined && typeof grant !== 'string' && isLink(grant));
  return grant;
}

/** The session of a guest of this link, as its page makes it for an endpoint; by default for that of the link. */
export async function guestSession(
  { auth }: Pick<Lab, 'auth'>,
  link: LinkRecord,
  name = 'Zoë',
  endpoint = 'endpoint' in link.subject ? link.subject.endpoint : '',
): Promise<string> {
  const session = await auth.sharing?.guests?.begin(link, name, endpoint);
  assert.ok(session !== undefined);
  return session;
}

/** What the cookie of a guest is called: below the path of an endpoint, and on a host of its own. */
export const GUEST_COOKIES = {
  path: '__Secure-router_guest',
  wildcard: '__Host-router_guest',
} as const;
