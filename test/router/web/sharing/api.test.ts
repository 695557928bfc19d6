import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { endpoint, table, tokenOf } from '../../../support/auth_fixture.ts';
import { startSite } from '../../../support/site.ts';
import { MINE, OTHERS, PROJECT, UNSEEN, json, sharedSite } from './shared_site.ts';

const GRANTS = '/api/v1/grants';
const ACCESS = `/api/v1/endpoints/${MINE}/access`;

interface GrantJson {
  readonly id: string;
  readonly owner: { readonly id: string; readonly name: string };
  readonly url?: string;
}

async function start(t: TestContext, environment: Record<string, string> = {}) {
  const site = await sharedSite(t, environment);
  const owner = await site.user('owner');
  const carol = await site.user('carol');
  const dave = await site.user('dave');
  const give = (wish: object, token = owner) => site.call(token, 'POST', GRANTS, wish);
  const gave = async (wish: object, token = owner) => {
    const reply = await give(wish, token);
    assert.equal(reply.status, 201, reply.text);
    return json(reply) as GrantJson;
  };
  const detail = async (wish: object, token = owner) => {
    const reply = await give(wish, token);
    return [reply.status, (json(reply) as { detail: string }).detail];
  };
  return { site, owner, carol, dave, give, gave, detail };
}

describe('an owner gives by the API', () => {
  it('an endpoint to people by id or name, and takes it back', async (t) => {
    const { site, owner, carol, dave, gave } = await start(t);
    assert.deepEqual([await site.may(carol), await site.may(owner)], [404, 'admitted']);
    const { id, ...told } = await gave({ endpoint: MINE, people: ['carol', 'dave name', 'carol'] });
    const { created } = told as unknown as { created: string };
    assert.deepEqual(told, {
      owner: { id: 'owner', name: 'owner name' },
      endpoint: MINE,
      people: [
        { id: 'carol', name: 'carol name' },
        { id: 'dave', name: 'dave name' },
      ],
      created,
    });
    assert.deepEqual([await site.may(carol), await site.may(dave)], ['admitted', 'admitted']);
    const erin = await site.user('erin');
    assert.equal(await site.may(erin), 404);
    assert.equal((await site.call(owner, 'DELETE', `${GRANTS}/${id}`)).status, 204);
    assert.deepEqual([await site.may(carol), await site.may(dave)], [404, 404]);
  });

  it('an endpoint to everybody, as far as ClearML shows them the task', async (t) => {
    const { site, carol, gave } = await start(t);
    const blind = await site.user('blind', {}, OTHERS);
    await gave({ endpoint: MINE, everybody: true });
    assert.deepEqual([await site.may(carol), await site.may(blind)], ['admitted', 404]);
  });

  it('all of their own tasks in one project, and not those of others there', async (t) => {
    const { site, carol, gave } = await start(t);
    await gave({ project: PROJECT, people: ['carol'] });
    assert.deepEqual([await site.may(carol), await site.may(carol, OTHERS)], ['admitted', 404]);
  });

  it('what is their own alone: the same is said of what is another’s, hidden, or not there', async (t) => {
    const { site, owner, detail, give } = await start(t);
    const admin = await site.user('admin', { role: 'admin' });
    const texts = new Set<unknown>();
    for (const [id, token] of [
      [OTHERS, owner],
      [UNSEEN, owner],
      ['f'.repeat(32), owner],
      [MINE, admin],
    ] as const) {
      const [status, text] = await detail({ endpoint: id, everybody: true }, token);
      assert.equal(status, 404);
      texts.add(text);
    }
    assert.deepEqual(
      [...texts],
      ['There is no such endpoint, or it is not yours: owners alone give what is theirs.'],
    );
    const carol = await site.user('carol');
    for (const [project, token] of [
      [PROJECT, carol],
      [PROJECT, admin],
      ['Another', owner],
    ] as const) {
      assert.deepEqual(await detail({ project, people: ['dave'] }, token), [
        404,
        'None of your running tasks is in a project of this name.',
      ]);
    }
    assert.equal((await give({ project: PROJECT, people: ['dave'] })).status, 201);
  });

  it('to whom ClearML knows by one name, and nobody else', async (t) => {
    const { site, detail } = await start(t);
    site.clearml.names.set('twin', 'carol name');
    site.clearml.names.set('a'.repeat(32), 'Jane');
    site.clearml.names.set('impostor', 'a'.repeat(32));
    for (const [people, text] of [
      [['carol name'], 'Several users are called "carol name": name the id.'],
      [['nobody'], 'ClearML has no user of the name or id "nobody".'],
      [['carol', 'Carol'], 'ClearML has no user of the name or id "Carol".'],
      [['owner'], 'What is yours is open to you: name somebody else.'],
    ] as const) {
      assert.deepEqual(await detail({ endpoint: MINE, people }), [400, text]);
    }
    const reply = await site.call(await site.user('owner'), 'POST', GRANTS, {
      endpoint: MINE,
      people: ['a'.repeat(32), 'owner', 'dave'],
    });
    assert.deepEqual((json(reply) as { people: unknown }).people, [
      { id: 'a'.repeat(32), name: 'Jane' },
      { id: 'dave', name: 'dave name' },
    ]);
  });

  it('no more than the task says, and is told that it does', async (t) => {
    const { site, carol, detail, gave } = await start(t);
    await gave({ endpoint: `${MINE}__people`, people: ['carol'] });
    assert.equal(await site.may(carol, `${MINE}__people`), 'admitted');
    assert.deepEqual(await detail({ endpoint: `${MINE}__people`, everybody: true }), [
      403,
      'The task says "router_access": "people" of this endpoint: it may be given to users by name and by links, not to everybody.',
    ]);
    for (const wish of [{ people: ['carol'] }, { everybody: true }, { link: {} }]) {
      assert.deepEqual(await detail({ endpoint: `${MINE}__owner`, ...wish }), [
        403,
        'The task says "router_access": "owner" of this endpoint: nobody but its owner may use it, whatever the owner gives.',
      ]);
    }
    // A project may hold what its tasks keep to themselves.
    await gave({ project: PROJECT, everybody: true });
    assert.deepEqual(
      [await site.may(carol, `${MINE}__owner`), await site.may(carol)],
      [404, 'admitted'],
    );
  });

  it('no more than the operator allows, and is told by which setting', async (t) => {
    const { detail, gave } = await start(t, { ACCESS_WIDEST: 'people' });
    await gave({ endpoint: MINE, link: {} });
    for (const subject of [{ endpoint: MINE }, { project: PROJECT }]) {
      assert.deepEqual(await detail({ ...subject, everybody: true }), [
        403,
        'ACCESS_WIDEST of this router (router.access.widest) is "people": of an endpoint it says that it may be given to users by name and by links, not to everybody.',
      ]);
    }
  });

  it('nothing where the operator allows nothing', async (t) => {
    const { detail } = await start(t, { ACCESS_WIDEST: 'owner' });
    assert.deepEqual(await detail({ endpoint: MINE, people: ['carol'] }), [
      403,
      'ACCESS_WIDEST of this router (router.access.widest) is "owner": of an endpoint it says that nobody but its owner may use it, whatever the owner gives.',
    ]);
  });

  it('a link, whose URL is told once, and whose secret is kept and logged nowhere', async (t) => {
    const { site, owner, gave } = await start(t);
    const { url = '', id } = await gave({ endpoint: MINE, link: { uses: 3, expires_in: 600 } });
    assert.match(url, /^https:\/\/router\.example\.com\/share\/[0-9a-f-]{36}\.[A-Za-z0-9_-]{43}$/);
    const secret = url.slice(-43);
    const listed = await site.call(owner, 'GET', GRANTS);
    const [one] = (json(listed) as { grants: { id: string; link: Record<string, unknown> }[] })
      .grants;
    assert.equal(one?.id, id);
    const { expires, ...link } = one.link;
    assert.deepEqual(link, { uses: 3, uses_left: 3, guests: false, redeemed: [] });
    assert.ok(Date.parse(String(expires)) <= site.now() + 600_000);
    for (const text of [listed.text, site.lines.join('')]) assert.ok(!text.includes(secret));
    assert.equal(site.auth.sharing?.links.open(url.slice(url.lastIndexOf('/') + 1))?.id, id);
  });

  it('a link for guests where the stack allows that alone, for a week at the most', async (t) => {
    const off = await start(t);
    assert.deepEqual(await off.detail({ endpoint: MINE, link: { guests: true } }), [
      400,
      'This router lets in no guests: ACCESS_GUESTS (router.access.guests) is off.',
    ]);
    const on = await start(t, { ACCESS_GUESTS: 'true' });
    await on.gave({ endpoint: MINE, link: { guests: true } });
    assert.deepEqual(
      await on.detail({ endpoint: MINE, link: { guests: true, expires_in: 604_801 } }),
      [400, 'A link that lets in guests ends after 7 days (604800 seconds) at the latest.'],
    );
  });

  it('with the keys again where pages of tasks share the origin', async (t) => {
    const { site, owner, give } = await start(t);
    const Cookie = `clearml_token_basic=${owner}`;
    const headers = { Cookie, Origin: 'https://router.example.com' };
    const wish = { endpoint: MINE, people: ['carol'] };
    const refused = await site.ask('POST', GRANTS, headers, JSON.stringify(wish));
    assert.deepEqual(
      [refused.status, (json(refused) as { error: string }).error],
      [403, 'keys-needed'],
    );
    const keys = { access_key: 'owner', secret_key: 'SK' };
    const made = await site.ask('POST', GRANTS, headers, JSON.stringify({ ...wish, ...keys }));
    assert.equal(made.status, 201, made.text);
    assert.equal((await give(wish)).status, 201);
  });

  it('nothing while ClearML does not say whom there is', async (t) => {
    const { site, owner, detail } = await start(t);
    await site.call(owner, 'GET', GRANTS);
    site.clearml.state = 'away';
    assert.deepEqual(await detail({ endpoint: MINE, people: ['carol'] }), [
      503,
      'The router cannot ask the ClearML server whether you may see this task. The task itself is not the cause.',
    ]);
  });
});

describe('what was given', () => {
  it('is told to its owner and to administrators, who take it back and give nothing', async (t) => {
    const { site, owner, carol, gave } = await start(t);
    const admin = await site.user('admin', { role: 'admin' });
    const foreign = await site.user('foreign', { role: 'admin', company: 'd'.repeat(32) });
    const { id } = await gave({ endpoint: MINE, people: ['carol'] });
    const ids = async (token: string, query = '') => {
      const { text, status } = await site.call(token, 'GET', GRANTS + query);
      return status === 200
        ? (JSON.parse(text) as { grants: GrantJson[] }).grants.map((one) => one.id)
        : status;
    };
    assert.deepEqual(
      [await ids(owner), await ids(carol), await ids(carol, '?everybody=true'), await ids(admin)],
      [[id], [], [], []],
    );
    assert.deepEqual(
      [await ids(admin, '?everybody=true'), await ids(foreign, '?everybody=true')],
      [[id], 401],
    );
    assert.equal((await site.call(carol, 'DELETE', `${GRANTS}/${id}`)).status, 404);
    assert.equal(await site.may(carol), 'admitted');
    assert.equal((await site.call(admin, 'DELETE', `${GRANTS}/${id}`)).status, 204);
    assert.equal(await site.may(carol), 404);
    assert.equal((await site.call(admin, 'DELETE', `${GRANTS}/${id}`)).status, 404);
  });

  it('outlives a rotation of ROUTER_SECRET, read from a file that changes, and no longer than its key', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const folder = mkdtempSync(join(tmpdir(), 'rotated-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'secret');
    const [first, second, third] = ['1', '2', '3'].map((digit) => `the-router-secret-${digit}`);
    writeFileSync(file, String(first));
    const { site, carol, gave } = await start(t, { ROUTER_SECRET: '', ROUTER_SECRET_FILE: file });
    await gave({ endpoint: MINE, people: ['carol'] });
    const changes = () =>
      site.lines.filter((line) => line.includes('router_secret_changed')).length;
    const rotate = async (text: string) => {
      const before = changes();
      writeFileSync(file, text);
      t.mock.timers.tick(2_000);
      while (changes() === before) await new Promise(setImmediate);
      return site.may(carol);
    };
    assert.equal(await rotate(`${second} ${first}`), 'admitted');
    // Any act writes all of them by the key of now.
    await gave({ endpoint: MINE, people: ['dave'] });
    assert.equal(await rotate(String(second)), 'admitted');
    assert.equal(await rotate(String(third)), 404);
    assert.ok(site.lines.some((line) => line.includes('"grant_not_genuine"')));
  });

  // A87
  it('is changed by one user so often and no more, and by another all the same', async (t) => {
    const { site, owner, carol, gave, give } = await start(t);
    const wish = { endpoint: MINE, everybody: true };
    const { id } = await gave(wish);
    const revoke = (token: string, grant: string) =>
      site.call(token, 'DELETE', `${GRANTS}/${grant}`);
    const statuses = [];
    for (let tries = 0; tries < 120; tries += 1) {
      statuses.push((await revoke(carol, 'none')).status);
    }
    assert.deepEqual(new Set(statuses), new Set([404]));
    const refused = await revoke(carol, 'none');
    assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '1']);
    assert.match(refused.text, /The router keeps only so many changes of one user at a time\./);
    assert.deepEqual([(await give(wish)).status, (await revoke(owner, id)).status], [201, 204]);
  });

  it('and taken back is out of the endpoint tokens that were made with it, too', async (t) => {
    const { site, owner, carol, gave } = await start(t);
    const wish = { endpoint: MINE, label: 'ci' };
    const make = () => site.call(carol, 'POST', '/api/v1/endpoint-tokens', wish);
    assert.equal((await make()).status, 404);
    const { id } = await gave({ endpoint: MINE, people: ['carol'] });
    const { token } = json(await make()) as { token: string };
    assert.equal(await site.may(token), 'admitted');
    await site.call(owner, 'DELETE', `${GRANTS}/${id}`);
    assert.equal(await site.may(token), 404);
    assert.equal((await make()).status, 404);
  });

  it('is told with the level of the endpoint, to nobody else', async (t) => {
    const { site, owner, carol, gave } = await start(t);
    const admin = await site.user('admin', { role: 'admin' });
    const { id } = await gave({ endpoint: MINE, people: ['carol'] });
    const project = await gave({ project: PROJECT, link: {} });
    await gave({ endpoint: `${MINE}__people`, people: ['dave'] });
    for (const token of [owner, admin]) {
      const { grants, ...access } = json(await site.call(token, 'GET', ACCESS)) as {
        grants: GrantJson[];
      };
      assert.deepEqual(access, { endpoint: MINE, level: 'owner', ceiling: 'visible' });
      assert.deepEqual(
        grants.map((one) => one.id),
        [id, project.id],
      );
    }
    const texts = new Set<string>();
    for (const path of [ACCESS, ACCESS.replace(MINE, 'f'.repeat(32))]) {
      const reply = await site.call(carol, 'GET', path);
      assert.equal(reply.status, 404);
      texts.add(reply.text);
    }
    assert.equal(texts.size, 1);
  });

  it('is audited: who, what, to whom, and by whom it was taken back', async (t) => {
    const { site, owner, gave } = await start(t);
    const admin = await site.user('admin', { role: 'admin' });
    const { id } = await gave({ endpoint: MINE, people: ['carol'] });
    const link = await gave({ project: PROJECT, link: { uses: 2 } });
    await site.call(owner, 'DELETE', `${GRANTS}/${id}`);
    await site.call(admin, 'DELETE', `${GRANTS}/${link.id}`);
    const audits = site.lines
      .filter((line) => line.includes('"grant_'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .map(({ level: _level, time: _time, message: _message, ...line }) => line);
    const [, ofTheLink] = audits;
    const { expires } = (ofTheLink?.['link'] ?? {}) as { expires?: string };
    const ofLink = { project: PROJECT, link: { uses: 2, expires, guests: false } };
    assert.deepEqual(audits, [
      { event: 'grant_given', user: 'owner', grant: id, endpoint: MINE, people: ['carol'] },
      { event: 'grant_given', user: 'owner', grant: link.id, ...ofLink },
      { event: 'grant_revoked', user: 'owner', grant: id, endpoint: MINE, people: ['carol'] },
      { event: 'grant_revoked', user: 'admin', owner: 'owner', grant: link.id, ...ofLink },
    ]);
  });
});

describe('the people of a company', () => {
  it('are found by a part of their name or the beginning of their id, twenty at the most', async (t) => {
    const { site, owner } = await start(t);
    for (let index = 0; index < 30; index += 1) {
      site.clearml.names.set(`many-${index}`, `Many ${index}`);
    }
    const find = async (q: string) => {
      const reply = await site.call(
        owner,
        'GET',
        `/api/v1/people?${new URLSearchParams({ q }).toString()}`,
      );
      if (reply.status !== 200) return (json(reply) as { detail: string }).detail;
      return (json(reply) as { people: { id: string }[] }).people.map(({ id }) => id);
    };
    assert.deepEqual(await find('ROL NA'), ['carol']);
    assert.deepEqual(await find('dav'), ['dave']);
    assert.equal((await find('many')).length, 20);
    assert.deepEqual(await find('zz'), []);
    for (const q of ['', 'c', ' c ', 'x'.repeat(257)]) {
      assert.equal(await find(q), 'Expected "q" of 2 to 256 characters.');
    }
  });

  it('are read from ClearML once for many, with the user’s own token', async (t) => {
    const { site, owner, carol } = await start(t);
    const asked: (string | undefined)[] = [];
    const { users } = site.clearml;
    Object.assign(site.clearml, {
      users: (token?: string) => {
        asked.push(token);
        return users(token);
      },
    });
    await Promise.all(
      [owner, carol, owner].map((token) => site.call(token, 'GET', '/api/v1/people?q=name')),
    );
    assert.equal(asked.length, 1);
    assert.ok(asked[0] === owner || asked[0] === carol);
  });
});

describe('without a place for it', () => {
  it('nothing is shared, and it is said what to set', async () => {
    const site = await startSite(table([endpoint(MINE)]));
    try {
      const token = await tokenOf('owner');
      site.clearml.grant(token, MINE);
      for (const [method, path] of [
        ['GET', GRANTS],
        ['POST', GRANTS],
        ['DELETE', `${GRANTS}/x`],
        ['GET', ACCESS],
        ['GET', '/api/v1/people?q=ca'],
      ] as const) {
        const reply = await site.ask(method, path, { Authorization: `Bearer ${token}` });
        assert.deepEqual(
          [reply.status, (json(reply) as { error: string; detail: string }).error],
          [404, 'sharing-off'],
        );
        assert.match(reply.text, /a Kubernetes Lease \(LEASE_NAME\), or a file \(STATE_FILE\)/);
      }
    } finally {
      site.close();
    }
  });
});
