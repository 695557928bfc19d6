import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { StaticRoute } from '../../../../router/routes/model/table.ts';
import {
  CLEARML_COOKIE,
  claims,
  endpoint,
  sign,
  staticRoute,
  table,
  taskId,
  tokenOf,
} from '../../../support/auth_fixture.ts';
import type { Reply, Site } from '../../../support/site.ts';
import { form, startSite } from '../../../support/site.ts';

const MINE = taskId('a');
const PAGE = '/auth/endpoint-tokens';
const API = '/api/v1/endpoint-tokens';
const TOKEN = /ttr_[A-Za-z0-9._-]+/;
const PAGES = 'pages.example.com';

/** Where no page of a task lives on the origin of the router's own pages. */
const APART = { ROUTER_PAGES_URL: `https://${PAGES}` };
const HOSTS_ALONE = { ROUTER_PATH_FORM: 'false', ROUTER_WILDCARD_HOST: 'tasks.example.com' };

let folder = '';
let site: Site | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'act-guard-'));
});

afterEach(async () => {
  site?.close();
  await rm(folder, { recursive: true });
});

async function start(
  environment: Record<string, string> = {},
  routes: readonly StaticRoute[] = [],
) {
  const here = await startSite(table([endpoint(MINE)], routes), {
    STATE_FILE: join(folder, 'state'),
    ROUTER_SECRET: 'a-secret-of-the-router-itself',
    ...environment,
  });
  site = here;
  const { clearml } = here;
  const token = await tokenOf('owner');
  clearml.grant(token, MINE);
  // Each login gets a token of its own.
  const again = await sign({ ...claims('owner'), login: 2 });
  clearml.grant(again, MINE);
  clearml.credentials.set('AK:SK', again);
  const other = await tokenOf('other');
  clearml.grant(other, MINE);
  clearml.credentials.set('OTHER:SK', other);
  const host = environment['ROUTER_PAGES_URL'] === undefined ? 'router.example.com' : PAGES;
  const own = { Host: host, Origin: `https://${host}`, 'Sec-Fetch-Site': 'same-origin' };
  const cookie = { ...own, Cookie: `${CLEARML_COOKIE}=${token}` };
  const fill = (fields: Record<string, string> = {}): Promise<Reply> =>
    here.ask(
      'POST',
      PAGE,
      { ...cookie, Accept: 'text/html' },
      form({ endpoint: MINE, label: 'nightly', expires_in: '3600', ...fields }),
    );
  const call = (fields: object = {}, headers: Record<string, string> = cookie): Promise<Reply> =>
    here.ask('POST', API, headers, JSON.stringify({ endpoint: MINE, label: 'ci', ...fields }));
  return { here, token, again, own, cookie, fill, call };
}

const KEYS = { access_key: 'AK', secret_key: 'SK' };

describe('A69: a page of a task makes a token with the forms of the router', () => {
  it('is asked for the keys, which it has not, at the form and at the API', async () => {
    const { here, fill, call, cookie } = await start();
    const wrong: readonly Record<string, string>[] = [
      {},
      { access_key: 'AK' },
      { access_key: 'AK', secret_key: '' },
      { access_key: '', secret_key: 'SK' },
      { access_key: 'A:K', secret_key: 'SK' },
      { access_key: 'AK', secret_key: 'guess' },
      { access_key: 'OTHER', secret_key: 'SK' },
    ];
    for (const fields of wrong) {
      for (const reply of [await fill(fields), await call(fields)]) {
        assert.equal(reply.status, 403, JSON.stringify(fields));
        assert.doesNotMatch(reply.text, TOKEN);
      }
    }
    const page = await fill();
    assert.match(page.text, /role="alert"[^]*keys?/);
    assert.match(page.text, /name="secret_key"\s+type="password"/);
    assert.match(page.text, /value="nightly"/);
    assert.match((await call()).text, /"error":"keys-needed"/);
    assert.match((await call({ ...KEYS, access_key: 'OTHER' })).text, /"error":"other-account"/);
    const list = await here.ask('GET', API, cookie);
    assert.deepEqual(JSON.parse(list.text), { endpoint_tokens: [] });
  });

  it('while the user has them, and what was logged in for it is given back', async () => {
    const { here, token, again, fill, call } = await start();
    const made = await fill(KEYS);
    assert.equal(made.status, 200, made.text);
    assert.match(made.text, TOKEN);
    assert.deepEqual(here.clearml.loggedOut, [again]);
    here.clearml.refused.clear();
    assert.equal((await call(KEYS)).status, 201);
    // The session that asked goes on.
    const still = await here.ask('GET', '/', {
      Cookie: `${CLEARML_COOKIE}=${token}`,
      Accept: 'text/html',
    });
    assert.equal(still.status, 200);
    assert.doesNotMatch(here.lines.join(''), /"SK"|:SK/);
  });

  it('whichever cookie came; a Bearer token is not asked, if it is one that holds', async () => {
    const { here, token, own, call } = await start();
    const bearer = { Authorization: `Bearer ${token}` };
    assert.equal((await call({}, bearer)).status, 201);
    const stale = { Authorization: 'Bearer x.y.z', Cookie: `${CLEARML_COOKIE}=${token}`, ...own };
    assert.equal((await call({}, stale)).status, 403);
    here.clearml.credentials.set('AK:SK', token);
    const signedIn = await here.ask('POST', '/auth/sign-in', own, form(KEYS));
    const session = signedIn.cookies.get('__Host-router_session') ?? '';
    assert.notEqual(session, '');
    const Cookie = `__Host-router_session=${session}`;
    assert.equal((await call({}, { ...own, Cookie })).status, 403);
    assert.equal((await call(KEYS, { ...own, Cookie })).status, 201);
  });

  it('may guess as often as at sign-in, and no more', async () => {
    const { call } = await start();
    const statuses: number[] = [];
    for (let tried = 0; tried < 7; tried += 1) {
      statuses.push((await call({ access_key: 'AK', secret_key: `guess ${tried}` })).status);
    }
    assert.deepEqual(new Set(statuses), new Set([403, 429]));
    assert.equal((await call(KEYS)).status, 429);
  });

  it('learns that ClearML is away, and makes nothing', async () => {
    const { here, token, call } = await start();
    await here.ask('GET', API, { Authorization: `Bearer ${token}` });
    here.clearml.state = 'away';
    assert.equal((await call(KEYS)).status, 503);
  });

  it('has nothing to send where no page of a task shares the origin: there it is one click', async () => {
    const byHost = staticRoute('lab', 'authenticated', [endpoint(MINE)], 'subdomain');
    for (const [environment, routes] of [
      [APART, []],
      [HOSTS_ALONE, []],
      [HOSTS_ALONE, [byHost]],
    ] as const) {
      const { here, fill, call } = await start(environment, routes);
      const made = await fill();
      assert.equal(made.status, 200, made.text);
      assert.match(made.text, TOKEN);
      assert.equal((await call()).status, 201);
      here.close();
    }
  });

  it('a static route by path is a page on that origin, also without the path form', async () => {
    const routes = [staticRoute('chat', 'public', [endpoint(MINE)])];
    const { fill, call } = await start(HOSTS_ALONE, routes);
    assert.deepEqual([(await fill()).status, (await call()).status], [403, 403]);
  });

  it('revoking is no such act', async () => {
    const { here, cookie, call } = await start();
    const { id } = JSON.parse((await call(KEYS)).text) as { id: string };
    assert.equal((await here.ask('DELETE', `${API}/${id}`, cookie)).status, 204);
  });
});
