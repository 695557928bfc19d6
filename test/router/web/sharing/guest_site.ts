import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { request } from '../../../support/auth_fixture.ts';
import { GUEST_COOKIES } from '../../../support/guest_links.ts';
import { form } from '../../../support/site.ts';
import { BROWSER, MINE, OWN, json, sharedSite } from './shared_site.ts';

export const HOST = 'https://router.example.com';

/** The site of sharing, with guests, as its owner and somebody without an account see it. */
export async function guestSite(t: TestContext, environment: Record<string, string> = {}) {
  const site = await sharedSite(t, { ACCESS_GUESTS: 'true', ...environment });
  const owner = await site.user('owner');
  const give = async (wish: object) => {
    const Host = new URL(environment['ROUTER_PAGES_URL'] ?? HOST).host;
    const headers = { Host, Authorization: `Bearer ${owner}` };
    const reply = await site.ask('POST', '/api/v1/grants', headers, JSON.stringify(wish));
    assert.equal(reply.status, 201, reply.text);
    const { id, url } = json(reply) as { id: string; url: string };
    return { id, path: new URL(url).pathname };
  };
  const look = (path: string, headers: Record<string, string> = {}) =>
    site.ask('GET', path, { ...BROWSER, ...headers });
  const goOn = (path: string, name: string, headers: Record<string, string> = {}) =>
    site.ask('POST', path, { ...BROWSER, ...OWN, ...headers }, form({ name }));
  /** What the gate says of a guest's cookie at an endpoint: `admitted`, or the status. */
  const may = async (session: string, id = MINE) => {
    const cookie = ['Cookie', `${GUEST_COOKIES.path}=${session}`];
    const decision = await site.auth.gate.admit(request(id, cookie));
    return decision.outcome === 'denied' ? decision.status : decision.outcome;
  };
  const grantOf = async (id: string) => {
    const grants = (await site.auth.sharing?.grants.list((one) => one.id === id)) ?? [];
    const [grant] = grants;
    assert.ok(grant !== undefined && 'link' in grant.gives);
    return grant.gives.link;
  };
  return { site, owner, give, look, goOn, may, grantOf };
}
