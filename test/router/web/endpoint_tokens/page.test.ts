import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import {
  bearer,
  claims,
  CLEARML_COOKIE,
  endpoint,
  request,
  sign,
  staticRoute,
  table,
  taskId,
  tokenOf,
} from '../../../support/auth_fixture.ts';
import type { Reply, Site } from '../../../support/site.ts';
import { form, startSite } from '../../../support/site.ts';

const MINE = taskId('a');
const FOREIGN = taskId('b');
const PATH = '/auth/endpoint-tokens';
const OWN = { Origin: 'https://router.example.com', 'Sec-Fetch-Site': 'same-origin' };
const BROWSER = { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' };
const TOKEN = /ttr_[A-Za-z0-9._-]+/;

let folder = '';
let site: Site;
let token = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'endpoint-tokens-page-'));
  const routes = [staticRoute('chat', 'authenticated', [endpoint(FOREIGN)])];
  site = await startSite(table([endpoint(MINE), endpoint(FOREIGN)], routes), {
    STATE_FILE: join(folder, 'state'),
    ROUTER_SECRET: 'a-secret-of-the-router-itself',
    LOG_LEVEL: 'debug',
  });
  token = await tokenOf('owner');
  site.clearml.grant(token, MINE);
  for (const user of ['owner', 'other']) {
    const login = await sign({ ...claims(user), login: 1 });
    site.clearml.grant(login);
    site.clearml.credentials.set(`${user}:SK`, login);
  }
});

afterEach(async () => {
  site.close();
  await rm(folder, { recursive: true });
});

/** What a browser with the user's cookie sends. */
const cookie = () => ({ ...BROWSER, Cookie: `${CLEARML_COOKIE}=${token}` });
const show = (query = `?endpoint=${MINE}`): Promise<Reply> =>
  site.ask('GET', PATH + query, cookie());
const post = (
  fields: Record<string, string>,
  path = PATH,
  headers: Record<string, string> = OWN,
): Promise<Reply> => {
  // Pages of tasks share this origin: making a token takes the keys (A69).
  const keys = path === PATH ? { access_key: 'owner', secret_key: 'SK' } : {};
  return site.ask('POST', path, { ...cookie(), ...headers }, form({ ...keys, ...fields }));
};
const make = (label: string): Promise<Reply> => post({ endpoint: MINE, label, expires_in: '3600' });

describe('the page of endpoint tokens, without scripts', () => {
  it('makes a token that works, shows it once, and lists it without its text', async () => {
    assert.match((await show()).text, /No tokens\./);
    const made = await make('nightly');
    assert.equal(made.status, 200);
    assert.equal(made.headers['cache-control'], 'no-store');
    const text = TOKEN.exec(made.text)?.[0] ?? '';
    const decision = await site.auth.gate.admit(request(MINE, bearer(text)));
    assert.equal(decision.outcome, 'admitted');
    assert.ok(
      made.text.includes(
        `curl -H &quot;Authorization: Bearer $ENDPOINT_TOKEN&quot; https://router.example.com/service/${MINE}/`,
      ),
    );
    const list = await show();
    assert.match(list.text, /nightly/);
    assert.doesNotMatch(list.text, TOKEN);
    assert.equal((await make('nightly')).status, 200);
    const labels = [...(await show()).text.matchAll(/aria-label="(Revoke [^"]+)"/g)];
    assert.equal(new Set(labels.map(([, label]) => label)).size, 2);
  });

  it('keeps the token out of URLs, headers and the log', async () => {
    const made = await make('nightly');
    const text = TOKEN.exec(made.text)?.[0] ?? '';
    assert.ok(text.length > 100);
    // Once as text: not in an attribute, not in a link.
    assert.equal(made.text.split(text).length, 2);
    assert.ok(made.text.includes(`<code>${text}</code>`));
    assert.ok(!JSON.stringify(made.headers).includes('ttr_'));
    const log = site.lines.join('');
    assert.ok(!log.includes('ttr_') && !log.includes(text.slice(-40)));
    assert.match(log, /"event":"endpoint_token_issued","user":"owner"/);
  });

  it('revokes by a form, and leads back without a second revocation on reload', async () => {
    const made = await make('ci');
    const text = TOKEN.exec(made.text)?.[0] ?? '';
    const id = /name="id" value="([^"]+)"/.exec((await show()).text)?.[1] ?? '';
    const gone = await post({ endpoint: MINE, id }, `${PATH}/revoke`);
    assert.equal(gone.status, 303);
    assert.equal(gone.headers.location, `${PATH}?endpoint=${MINE}&revoked=1`);
    const [audit = ''] = site.lines.filter((line) => line.includes('endpoint_token_revoked'));
    const { user, token: record } = JSON.parse(audit) as Record<string, unknown>;
    assert.deepEqual([user, record], ['owner', id]);
    const decision = await site.auth.gate.admit(request(MINE, bearer(text)));
    assert.equal(decision.outcome, 'denied');
    const back = await site.ask('GET', gone.headers.location ?? '', cookie());
    assert.match(back.text, /Revoked\./);
    assert.match(back.text, /No tokens\./);
    assert.equal((await post({ endpoint: MINE, id }, `${PATH}/revoke`)).status, 404);
  });

  it('shows an administrator the tokens of everybody, with whose they are, and revokes one', async () => {
    await make('mine alone');
    const mine = token;
    const all = claims('admin');
    const identity = { ...(all['identity'] as object), role: 'admin' };
    token = await sign({ ...all, identity });
    site.clearml.grant(token, MINE);
    const everybody = await show('?everybody=1');
    assert.match(everybody.text, /Tokens of everybody/);
    assert.match(everybody.text, /<bdi>owner name<\/bdi>/);
    assert.match((await site.ask('GET', '/', cookie())).text, /endpoint-tokens\?everybody=1/);
    const id = /name="id" value="([^"]+)"/.exec(everybody.text)?.[1] ?? '';
    const gone = await post({ everybody: '1', id }, `${PATH}/revoke`);
    assert.equal(gone.headers.location, `${PATH}?everybody=1&revoked=1`);
    token = mine;
    assert.match((await show()).text, /No tokens\./);
    // Whoever administers nothing sees their own alone.
    await make('mine again');
    token = await tokenOf('other');
    site.clearml.grant(token, MINE);
    assert.doesNotMatch((await show('?everybody=1')).text, /mine again|of everybody/);
    token = mine;
  });

  it('is served to nobody else: another user sees none of them and revokes none', async () => {
    await make('mine alone');
    const id = /name="id" value="([^"]+)"/.exec((await show()).text)?.[1] ?? '';
    const mine = token;
    token = await tokenOf('other');
    site.clearml.grant(token, MINE);
    assert.doesNotMatch((await show()).text, /mine alone/);
    assert.equal((await post({ endpoint: MINE, id }, `${PATH}/revoke`)).status, 404);
    token = mine;
    assert.match((await show()).text, /mine alone/);
  });

  it('takes no form that another site sent', async () => {
    for (const headers of [
      { Origin: 'https://evil.example' },
      { Origin: 'null' },
      { Origin: OWN.Origin, 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
    ]) {
      for (const path of [PATH, `${PATH}/revoke`]) {
        const fields = { endpoint: MINE, label: 'x', expires_in: '3600', id: 'x' };
        const reply = await post(fields, path, headers);
        assert.equal(reply.status, 403, JSON.stringify(headers));
        assert.doesNotMatch(reply.text, TOKEN);
      }
    }
    assert.match((await show()).text, /No tokens\./);
  });

  it('says nothing of an endpoint that the user may not see, and makes no token for it', async () => {
    const foreign = await show(`?endpoint=${FOREIGN}`);
    const unknown = await show(`?endpoint=${taskId('f')}`);
    assert.equal(foreign.text.replaceAll(FOREIGN, ''), unknown.text.replaceAll(taskId('f'), ''));
    assert.match(foreign.text, /no token can be made/);
    const refused = await post({ endpoint: FOREIGN, label: 'x', expires_in: '3600' });
    assert.equal(refused.status, 404);
  });

  it('lists all tokens by the name of what they open, or by its id where that is no business of the user’s', async () => {
    await make('nightly');
    assert.match((await show('')).text, /\?endpoint=a{32}"\s*><bdi>a task<\/bdi>/);
    site.clearml.sees.set(token, new Set());
    site.pass(60_000);
    const list = await show('');
    assert.match(list.text, /\?endpoint=a{32}"\s*><bdi>a{32}<\/bdi>/);
    assert.doesNotMatch(list.text, /a task/);
  });

  it('opens a static route, by its name', async () => {
    assert.match((await show('?route=chat')).text, /Tokens for chat/);
    const made = await post({ route: 'chat', label: 'chat', expires_in: '86400' });
    assert.equal(made.status, 200);
    assert.match(made.text, /https:\/\/router\.example\.com\/chat\//);
    assert.match((await show('')).text, /\?route=chat"\s*><bdi>chat<\/bdi>/);
  });

  it('keeps what was typed when something is missing, as text', async () => {
    for (const fields of [
      { endpoint: MINE, label: ' ', expires_in: '3600' },
      { endpoint: MINE, label: '"><script>', expires_in: '3' },
      { endpoint: MINE, label: '"><script>', expires_in: 'x' },
      { label: '"><script>', expires_in: '3600' },
      { endpoint: '../../etc', label: '"><script>', expires_in: '3600' },
    ]) {
      const reply = await post(fields);
      assert.equal(reply.status, 400, JSON.stringify(fields));
      assert.match(reply.text, /role="alert"/);
      assert.ok(!reply.text.includes('"><script>'));
    }
    const hostile = await make('<b>"bold"</b>');
    assert.ok(!hostile.text.includes('<b>'));
    assert.ok(!(await show()).text.includes('<b>'));
  });

  it('leads whoever is not signed in to sign-in, and back to the page', async () => {
    const reply = await site.ask('GET', `${PATH}?endpoint=${MINE}`, BROWSER);
    assert.equal(reply.status, 302);
    const next = encodeURIComponent(`${PATH}?endpoint=${MINE}`);
    assert.ok(reply.headers.location?.endsWith(`/auth/sign-in?next=${next}`));
    const page = await site.ask('GET', `/auth/sign-in?next=${next}`, BROWSER);
    assert.match(page.text, /name="next" value="\/auth\/endpoint-tokens\?endpoint=a{32}"/);
    const posted = await site.ask('POST', PATH, { ...BROWSER, ...OWN }, form({ label: 'x' }));
    assert.equal(posted.status, 302);
    assert.ok(posted.headers.location?.endsWith(encodeURIComponent(PATH)));
  });

  it('knows its methods', async () => {
    assert.equal((await site.ask('DELETE', PATH, cookie())).status, 405);
    const revoke = await site.ask('GET', `${PATH}/revoke`, cookie());
    assert.deepEqual([revoke.status, revoke.headers.allow], [405, 'POST']);
    assert.equal((await site.ask('GET', `${PATH}/x`, cookie())).status, 404);
  });

  it('says so when the place of the records is away, and that nothing was changed', async () => {
    await make('x');
    await writeFile(join(folder, 'state'), 'not json');
    const reply = await show();
    assert.equal(reply.status, 503);
    assert.match(reply.text, /Nothing was changed/);
  });
});

describe('where endpoint tokens are off', () => {
  it('the page explains it, and the list of endpoints does not offer them', async () => {
    site.close();
    site = await startSite(table([endpoint(MINE)]));
    site.clearml.grant(token, MINE);
    const reply = await show();
    assert.equal(reply.status, 404);
    assert.match(reply.text, /This router keeps no endpoint tokens/);
    assert.match(reply.text, /STATE_FILE/);
    const revoke = await site.ask('GET', `${PATH}/revoke`, cookie());
    assert.deepEqual([revoke.status, revoke.headers['allow']], [405, 'POST']);
    const list = await site.ask('GET', '/', cookie());
    assert.equal(list.status, 200);
    assert.ok(!list.text.includes(PATH));
  });
});
