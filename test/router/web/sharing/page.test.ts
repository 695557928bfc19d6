import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { CLEARML_COOKIE, endpoint, table, tokenOf } from '../../../support/auth_fixture.ts';
import { form, startSite } from '../../../support/site.ts';
import { BROWSER, MINE, OTHERS, OWN, json, sharedSite } from './shared_site.ts';

const PATH = '/auth/sharing';
const HERE = `${PATH}?endpoint=${MINE}`;
const LINK = /https:\/\/router\.example\.com(\/share\/[0-9a-f-]{36}\.[A-Za-z0-9_-]{43})/;
const KEYS = { access_key: 'owner', secret_key: 'SK' };

async function start(t: TestContext, environment: Record<string, string> = {}) {
  const site = await sharedSite(t, environment);
  const owner = await site.user('owner');
  const carol = await site.user('carol');
  const share = (fields: Record<string, string>, token = owner) =>
    site.post(token, PATH, { endpoint: MINE, ...KEYS, ...fields });
  const list = async (token = owner, path = HERE) => {
    const { text, status } = await site.open(token, path);
    assert.equal(status, 200, text);
    return text.replaceAll(/\s+/g, ' ');
  };
  const idIn = (text: string) => /name="id" value="([^"]+)"/.exec(text)?.[1] ?? '';
  return { site, owner, carol, share, list, idIn };
}

describe('the page of sharing, without scripts', () => {
  it('shares with colleagues by name, says with whom and since when, and takes it back', async (t) => {
    const { site, owner, carol, share, list, idIn } = await start(t);
    await site.user('dave');
    assert.match(
      await list(),
      /<h1>Sharing of a task<\/h1>.*It is for its owner, and for those with whom it is shared here\..*Nothing is shared\./,
    );
    const shared = await share({ to: 'people', people: 'carol name; dave' });
    assert.deepEqual([shared.status, shared.headers.location], [303, `${HERE}&shared=1`]);
    assert.equal(await site.may(carol), 'admitted');
    const page = await list(owner, `${HERE}&shared=1`);
    assert.match(page, /role="status">Shared\.</);
    assert.match(page, /<td><bdi>carol name, dave name<\/bdi><\/td>/);
    assert.match(page, /since <\/span><time [^>]+>just now<\/time>/);
    assert.match(page, /ends <\/span>when taken back/);
    assert.match(
      page,
      /aria-label="Take back what is shared with carol name, dave name, [0-9a-f]{8}"/,
    );
    const gone = await site.post(owner, `${PATH}/revoke`, { endpoint: MINE, id: idIn(page) });
    assert.deepEqual([gone.status, gone.headers.location], [303, `${HERE}&revoked=1`]);
    assert.equal(await site.may(carol), 404);
    assert.match(await list(owner, `${HERE}&revoked=1`), /Taken back\..*Nothing is shared\./);
    const again = await site.post(owner, `${PATH}/revoke`, { id: idIn(page) });
    assert.deepEqual(
      [again.status, /You have given nothing of this id/.test(again.text)],
      [404, true],
    );
  });

  it('shares with everybody, and all of a project', async (t) => {
    const { site, carol, share, list } = await start(t);
    assert.match(await list(), /All your tasks in Churn, also those to come/);
    const shared = await share({ to: 'everybody', of: 'project' });
    assert.equal(shared.status, 303);
    assert.deepEqual([await site.may(carol), await site.may(carol, OTHERS)], ['admitted', 404]);
    assert.match(
      await list(),
      /<td>everybody who may see the task<\/td> <td>all own tasks in <bdi>Churn<\/bdi><\/td>/,
    );
  });

  it('makes a link, shows it once, and whom it let in', async (t) => {
    const { site, owner, carol, share, list } = await start(t);
    const made = await share({ to: 'link', uses: '2', expires_in: '3600', people: 'left over' });
    assert.equal(made.status, 200, made.text);
    assert.equal(made.headers['cache-control'], 'no-store');
    const [url = '', path = ''] = LINK.exec(made.text) ?? [];
    assert.ok(made.text.includes(`<code>${url}</code>`));
    assert.equal(made.text.split(url).length, 2);
    assert.match(
      made.text.replaceAll(/\s+/g, ' '),
      /shown this once\. It ends <time [^>]+>in 1 hour</,
    );
    assert.doesNotMatch(await list(), LINK);
    assert.match(await list(), /a link, 2 of 2 uses left/);
    await site.post(carol, path, {});
    assert.match(await list(), /a link, 1 of 2 uses left: let in <bdi>carol name<\/bdi>/);
    assert.equal((await site.open(owner, path)).status, 200);
    assert.ok(!site.lines.join('').includes(url.slice(-43)));
  });

  it('offers guests where the stack allows them', async (t) => {
    const off = await start(t);
    assert.doesNotMatch(await off.list(), /guests/);
    const on = await start(t, { ACCESS_GUESTS: 'true' });
    assert.match(await on.list(), /name="guests"/);
    const made = await on.share({ to: 'link', guests: 'on', expires_in: '604800', uses: '1' });
    assert.equal(made.status, 200);
    assert.match(await on.list(), /a link, guests too, 1 of 1 use left/);
    const long = await on.share({ to: 'link', guests: 'on', expires_in: '2592000', uses: '1' });
    assert.equal(long.status, 400);
    assert.match(long.text, /ends after 7 days \(604800 seconds\) at the latest/);
    assert.match(long.text.replaceAll(/\s+/g, ' '), /value="link" checked.*name="guests" checked/);
  });

  it('keeps what was typed when something is wrong, as text, and says what', async (t) => {
    const { share } = await start(t);
    for (const [fields, words] of [
      [{ to: 'people', people: ' ; ' }, 'Name somebody: users by their name or id'],
      [{ to: 'people', people: '"><script>' }, 'ClearML has no user of the name or id'],
      [{ people: '"><script>' }, 'Choose whom you share it with.'],
      [{ to: 'nobody', people: '"><script>' }, 'Choose whom you share it with.'],
      [
        { to: 'link', uses: '101', people: '"><script>' },
        'A link lets in 1 to 100 users, and ends after 30 days at the latest.',
      ],
      [
        { to: 'link', uses: '1', expires_in: '9999999', people: '"><script>' },
        'A link lets in 1 to 100 users, and ends after 30 days at the latest.',
      ],
      [
        { to: 'link', uses: 'x', people: '"><script>' },
        'A link lets in 1 to 100 users, and ends after 30 days at the latest.',
      ],
    ] as const) {
      const reply = await share(fields);
      assert.equal(reply.status, 400, JSON.stringify(fields));
      assert.ok(reply.text.includes(words), reply.text);
      assert.match(reply.text, /role="alert"/);
      assert.ok(!reply.text.includes('"><script>'));
    }
    const kept = await share({ to: 'people', people: 'carol; nobody' });
    assert.match(kept.text, /value="carol; nobody"/);
  });

  it('takes the keys again where pages of tasks share the origin, and says why', async (t) => {
    const { site, owner, carol } = await start(t);
    const refused = await site.post(owner, PATH, { endpoint: MINE, to: 'people', people: 'carol' });
    assert.equal(refused.status, 403);
    assert.match(refused.text.replaceAll(/\s+/g, ' '), /could share this in your name/);
    assert.equal(await site.may(carol), 404);
  });

  it('takes no form that another site sent', async (t) => {
    const { site, owner, carol, share, list, idIn } = await start(t);
    await share({ to: 'people', people: 'carol' });
    const id = idIn(await list());
    for (const headers of [
      { Origin: 'https://evil.example' },
      { Origin: 'null' },
      { ...OWN, 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
    ]) {
      for (const path of [PATH, `${PATH}/revoke`]) {
        const Cookie = `${CLEARML_COOKIE}=${owner}`;
        const fields = form({ endpoint: MINE, to: 'everybody', id, ...KEYS });
        const reply = await site.ask('POST', path, { ...BROWSER, Cookie, ...headers }, fields);
        assert.equal(reply.status, 403, JSON.stringify(headers));
      }
    }
    assert.equal(await site.may(carol), 'admitted');
    assert.equal((await list()).split('name="id"').length, 2);
  });

  it('has no form where the task or the operator lets nothing be given, and says who', async (t) => {
    const { list, site, owner, share } = await start(t);
    const page = await list(owner, `${PATH}?endpoint=${MINE}__owner`);
    assert.match(page, /The task says “?&quot;router_access&quot;: &quot;owner&quot;/);
    assert.match(page, /<p>It is for its owner alone\.<\/p>/);
    assert.doesNotMatch(page, /action="\/auth\/sharing"/);
    assert.doesNotMatch(await list(owner, `${PATH}?endpoint=${MINE}__people`), /id="nothing"/);
    const refused = await share({ endpoint: `${MINE}__people`, to: 'everybody' });
    assert.equal(refused.status, 403);
    assert.match(refused.text, /not to everybody\./);
    const closed = await start(t, { ACCESS_WIDEST: 'owner' });
    assert.match(await closed.list(), /ACCESS_WIDEST of this router \(router\.access\.widest\) is/);
    assert.equal((await site.open(owner, `${PATH}?endpoint=../../etc`)).status, 404);
  });

  it('is its owner’s: others see neither it nor that there is one', async (t) => {
    const { site, carol, share } = await start(t);
    await share({ to: 'people', people: 'carol' });
    const texts = new Set<string>();
    for (const id of [MINE, 'f'.repeat(32)]) {
      const reply = await site.open(carol, `${PATH}?endpoint=${id}`);
      assert.equal(reply.status, 404);
      texts.add(reply.text);
      const posted = await site.post(carol, PATH, { endpoint: id, to: 'everybody' });
      assert.equal(posted.status, 404);
      texts.add(posted.text);
    }
    assert.equal(texts.size, 1);
  });

  it('lists all that the user shares, and for administrators what everybody does', async (t) => {
    const { site, owner, carol, share, list, idIn } = await start(t);
    const admin = await site.user('admin', { role: 'admin' });
    await share({ to: 'people', people: 'carol' });
    await share({ to: 'link', uses: '1', of: 'project' });
    const mine = await list(owner, PATH);
    assert.match(mine, /<h1>What you share<\/h1>/);
    assert.match(mine, new RegExp(`\\?endpoint=${MINE}"\\s*><bdi>a task</bdi>`));
    assert.match(await list(carol, PATH), /Nothing is shared\..*choose “Share” at an endpoint/);
    assert.doesNotMatch(await list(carol, `${PATH}?everybody=1`), /owner name/);
    const all = await list(admin, `${PATH}?everybody=1`);
    assert.match(all, /<h1>What everybody shares<\/h1>.*<bdi>owner name<\/bdi>/);
    const ofOne = await list(admin, HERE);
    assert.match(ofOne, /carol name/);
    assert.doesNotMatch(ofOne, /action="\/auth\/sharing"/);
    const given = await site.post(admin, PATH, {
      endpoint: MINE,
      to: 'everybody',
      access_key: 'admin',
      secret_key: 'SK',
    });
    assert.equal(given.status, 404);
    const gone = await site.post(admin, `${PATH}/revoke`, { everybody: '1', id: idIn(all) });
    assert.equal(gone.headers.location, `${PATH}?everybody=1&revoked=1`);
    assert.equal(await site.may(carol), 404);
  });

  it('leads whoever is not signed in to sign-in, and back to the page; and knows its methods', async (t) => {
    const { site, owner } = await start(t);
    const reply = await site.ask('GET', HERE, BROWSER);
    assert.ok(reply.headers.location?.endsWith(`/auth/sign-in?next=${encodeURIComponent(HERE)}`));
    const posted = await site.ask('POST', PATH, { ...BROWSER, ...OWN }, form({ to: 'everybody' }));
    assert.ok(posted.headers.location?.endsWith(encodeURIComponent(PATH)));
    const Cookie = `${CLEARML_COOKIE}=${owner}`;
    const wrong = await site.ask('GET', `${PATH}/revoke`, { ...BROWSER, Cookie });
    assert.deepEqual([wrong.status, wrong.headers.allow], [405, 'POST']);
    assert.equal((await site.ask('DELETE', PATH, { ...BROWSER, Cookie })).status, 405);
    assert.equal((await site.ask('GET', `${PATH}/x`, { ...BROWSER, Cookie })).status, 404);
  });

  it('says so when the place of what is shared is away', async (t) => {
    const { site, owner, share } = await start(t);
    await share({ to: 'people', people: 'carol' });
    await writeFile(join(site.folder, 'state'), 'not json');
    for (const path of [HERE, PATH]) {
      const reply = await site.open(owner, path);
      assert.equal(reply.status, 503);
      assert.match(reply.text, /Nothing was changed/);
    }
  });
});

describe('the list of endpoints', () => {
  it('says at one’s own with whom it is shared and since when, and leads to its page', async (t) => {
    const { site, owner, carol, share, list } = await start(t);
    for (const user of ['bob', 'dave', 'erin']) await site.user(user);
    assert.match(
      await list(owner, '/'),
      new RegExp(`href="/auth/sharing\\?endpoint=${MINE}" aria-label="Share a task`),
    );
    await share({ to: 'people', people: 'carol; dave' });
    const row = /Shared with <bdi>([^<]+)<\/bdi> since <time [^>]+>just now</;
    assert.equal(row.exec(await list(owner, '/'))?.[1], 'carol name, dave name');
    await share({ to: 'people', people: 'bob; erin' });
    await share({ to: 'everybody' });
    const made = await share({ to: 'link', uses: '1' });
    const text = await list(owner, '/');
    assert.equal(
      row.exec(text)?.[1],
      'carol name, dave name, bob name, 1 more, everybody who may see the task, whoever has a link',
    );
    assert.match(text, /href="\/auth\/sharing"/);
    assert.match(made.text, LINK);
    // Nobody but owner and administrators learns with whom.
    assert.doesNotMatch(await list(carol, '/'), /Shared with <bdi>|aria-label="Share a task/);
    const admin = await site.user('admin', { role: 'admin' });
    const all = await list(admin, '/');
    assert.match(all, /Shared with <bdi>carol name/);
    assert.match(all, /aria-label="Sharing of a task/);
    assert.match(all, /href="\/auth\/sharing\?everybody=1"/);
    const { endpoints } = json(await site.call(owner, 'GET', '/api/v1/routes')) as {
      endpoints: { id: string; shared: Record<string, unknown> | null }[];
    };
    const { since, ...shared } = endpoints.find(({ id }) => id === MINE)?.shared ?? {};
    assert.equal(typeof since, 'string');
    assert.deepEqual(shared, {
      people: ['carol name', 'dave name', 'bob name', 'erin name'],
      everybody: true,
      links: 1,
    });
    assert.equal(endpoints.find(({ id }) => id === `${MINE}__people`)?.shared, null);
  });

  it('says only what counts of what a project shares', async (t) => {
    const { site, owner, share } = await start(t);
    const sharedOnes = async () => {
      const { endpoints } = json(await site.call(owner, 'GET', '/api/v1/routes')) as {
        endpoints: { id: string; shared: object | null }[];
      };
      return endpoints.filter(({ shared }) => shared !== null).map(({ id }) => id);
    };
    await share({ to: 'everybody', of: 'project' });
    assert.deepEqual(await sharedOnes(), [MINE]);
    await share({ to: 'people', people: 'carol', of: 'project' });
    assert.deepEqual(await sharedOnes(), [MINE, `${MINE}__people`]);
  });

  it('says who let in whoever reads, and not that what they may open is its owner’s alone', async (t) => {
    const { site, owner, carol, share, list } = await start(t);
    const by = async (token: string) => {
      const { endpoints } = json(await site.call(token, 'GET', '/api/v1/routes')) as {
        endpoints: { id: string; sharedBy: string | null }[];
      };
      return endpoints.find(({ id }) => id === MINE)?.sharedBy;
    };
    await share({ to: 'people', people: 'carol' });
    const text = await list(carol, '/');
    assert.match(text, /<p class="meta"><bdi>owner name<\/bdi> shares it with you\.<\/p>/);
    assert.doesNotMatch(text, /For its owner alone/);
    assert.equal(await by(carol), 'owner name');
    assert.equal(await by(owner), null);
    await share({ to: 'everybody' });
    assert.match(await list(carol, '/'), /For whoever may see the task in ClearML\./);
    assert.equal(await by(carol), null);
  });
});

describe('where sharing is off', () => {
  it('with the sign-in switched off nobody gives anything', async (t) => {
    const site = await sharedSite(t, {
      AUTH_ENABLED: 'false',
      AUTH_DISABLED_ACKNOWLEDGED: 'anyone-can-reach-every-task',
    });
    for (const [method, path] of [
      ['GET', PATH],
      ['GET', '/share/x'],
      ['POST', '/share/x'],
      ['POST', '/api/v1/grants'],
    ] as const) {
      const reply = await site.ask(method, path, BROWSER);
      assert.equal(reply.status, 404);
      assert.match(reply.text, /This router shares nothing/);
    }
    const { sharing } = json(await site.ask('GET', '/api/v1/routes')) as { sharing: boolean };
    assert.equal(sharing, false);
  });

  it('the page says what to set, and the list does not offer it', async () => {
    const site = await startSite(table([endpoint(MINE)]));
    try {
      const token = await tokenOf('owner');
      site.clearml.grant(token, MINE);
      const headers = { ...BROWSER, Cookie: `${CLEARML_COOKIE}=${token}` };
      for (const path of [PATH, HERE, '/share/x']) {
        const reply = await site.ask('GET', path, headers);
        assert.equal(reply.status, 404);
        assert.match(reply.text, /This router shares nothing/);
        assert.match(reply.text, /LEASE_NAME.*STATE_FILE/);
      }
      const revoke = await site.ask('GET', `${PATH}/revoke`, headers);
      assert.deepEqual([revoke.status, revoke.headers['allow']], [405, 'POST']);
      const { text } = await site.ask('GET', '/', headers);
      assert.ok(!text.includes(PATH));
    } finally {
      site.close();
    }
  });
});
