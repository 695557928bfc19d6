import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import {
  NAVIGATION,
  bearer,
  claims,
  endpoint,
  request,
  sign,
  staticRoute,
  table,
  taskId,
  tokenOf,
} from '../../../support/auth_fixture.ts';
import type { Site } from '../../../support/site.ts';
import { startSite } from '../../../support/site.ts';

const MINE = taskId('a');
const FOREIGN = taskId('b');
const PATH = '/api/v1/endpoint-tokens';

let folder = '';
let site: Site | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'endpoint-tokens-'));
});

afterEach(async () => {
  site?.close();
  await rm(folder, { recursive: true });
});

interface Issued {
  readonly id: string;
  readonly token: string;
  readonly expires: string;
}

async function start(settings: Record<string, string> = {}) {
  const chat = staticRoute('chat', 'authenticated', [endpoint(FOREIGN)]);
  const here = await startSite(table([endpoint(MINE), endpoint(FOREIGN)], [chat]), {
    STATE_FILE: join(folder, 'state'),
    ROUTER_SECRET: 'a-secret-of-the-router-itself',
    ...settings,
  });
  site = here;
  const token = await tokenOf('owner');
  here.clearml.grant(token, MINE);
  const authorization = { Authorization: `Bearer ${token}` };
  const issue = async (wish: object, headers: Record<string, string> = authorization) =>
    here.ask('POST', PATH, headers, JSON.stringify(wish));
  const issued = async (wish: object) => {
    const reply = await issue(wish);
    assert.equal(reply.status, 201, reply.text);
    return JSON.parse(reply.text) as Issued;
  };
  const status = async (id: string, text: string) => {
    const decision = await here.auth.gate.admit(request(id, bearer(text)));
    if (decision.outcome === 'denied') return decision.status;
    return decision.outcome === 'admitted' ? decision.credential : undefined;
  };
  return { here, token, authorization, issue, issued, status };
}

describe('an endpoint token', () => {
  it('opens its one endpoint for a program, and stays out of the way of the task', async () => {
    const { here, token, issued, status } = await start();
    here.clearml.grant(token, FOREIGN);
    const { token: text } = await issued({ endpoint: MINE, label: 'ci' });
    assert.match(text, /^ttr_/);
    assert.ok(!text.includes(token.split('.')[1] ?? ''));
    const decision = await here.auth.gate.admit(request(MINE, bearer(text)));
    assert.ok(decision.outcome === 'admitted');
    assert.equal(decision.credential, 'endpoint-token');
    assert.equal(decision.stripAuthorization, true);
    assert.equal(decision.identity?.userId, 'owner');
    assert.equal(await status(FOREIGN, text), 401);
  });

  it('dies with the right of its user, with its user’s token, and at its own end', async () => {
    const { here, token, issued, status } = await start();
    const short = await issued({ endpoint: MINE, label: 'short', expires_in: 60 });
    const long = await issued({ endpoint: MINE, label: 'long' });
    // No longer than the token inside, which lasts an hour.
    assert.ok(Date.parse(long.expires) <= Date.now() + 3_600_000);
    assert.equal(await status(MINE, short.token), 'endpoint-token');
    here.pass(61_000);
    assert.equal(await status(MINE, short.token), 401);
    here.clearml.sees.set(token, new Set());
    assert.equal(await status(MINE, long.token), 404);
    here.pass(6_000);
    here.clearml.refused.add(token);
    assert.equal(await status(MINE, long.token), 401);
  });

  it('is listed without its text, and revoked by its user alone', async () => {
    const { here, authorization, issued, status } = await start();
    const { id, token: text } = await issued({ endpoint: MINE, label: 'ci' });
    const list = await here.ask('GET', PATH, authorization);
    const { endpoint_tokens: tokens } = JSON.parse(list.text) as {
      endpoint_tokens: Record<string, unknown>[];
    };
    assert.equal(tokens.length, 1);
    assert.deepEqual(
      [tokens[0]?.['id'], tokens[0]?.['label'], tokens[0]?.['endpoint']],
      [id, 'ci', MINE],
    );
    assert.ok(!list.text.includes('ttr_'));
    const other = await tokenOf('other');
    here.clearml.grant(other);
    const foreign = { Authorization: `Bearer ${other}` };
    assert.equal((await here.ask('DELETE', `${PATH}/${id}`, foreign)).status, 404);
    assert.equal(await status(MINE, text), 'endpoint-token');
    assert.equal((await here.ask('DELETE', `${PATH}/${id}`, authorization)).status, 204);
    assert.equal(await status(MINE, text), 401);
    assert.equal((await here.ask('DELETE', `${PATH}/${id}`, authorization)).status, 404);
  });

  const BY_ID = 'ad'.repeat(16);

  it('of anybody is listed for and revoked by administrators: by role in their company, or named (A69)', async () => {
    const { here, issued, status } = await start({
      ROUTER_ADMINISTRATORS: `boss, Jane Doe, ${BY_ID}`,
    });
    const of = (user: string, identity: object): Promise<string> => {
      const all = claims(user);
      return sign({ ...all, identity: { ...(all['identity'] as object), ...identity } });
    };
    const administrators = [
      await of('boss', {}),
      await of('somebody', { user_name: 'Jane Doe' }),
      await of(BY_ID, {}),
      await of('admin', { role: 'admin' }),
      await of('root', { role: 'root' }),
    ];
    // Names are taken to the letter, and an id is no name: others could take it for theirs.
    const others = [
      await of('boss2', {}),
      await of('jane doe', {}),
      await of('other', { user_name: BY_ID }),
    ];
    for (const token of [...administrators, ...others]) here.clearml.grant(token);
    const listed = async (token: string, query: string): Promise<readonly unknown[]> => {
      const { text } = await here.ask('GET', `${PATH}${query}`, {
        Authorization: `Bearer ${token}`,
      });
      return (JSON.parse(text) as { endpoint_tokens: { user: string }[] }).endpoint_tokens.map(
        ({ user }) => user,
      );
    };
    for (const token of administrators) {
      const { id, token: text } = await issued({ endpoint: MINE, label: 'ci' });
      assert.deepEqual(await listed(token, ''), []);
      assert.deepEqual(await listed(token, '?everybody=true'), ['owner']);
      for (const other of others) {
        assert.deepEqual(await listed(other, '?everybody=true'), []);
        const headers = { Authorization: `Bearer ${other}` };
        assert.equal((await here.ask('DELETE', `${PATH}/${id}`, headers)).status, 404);
      }
      const headers = { Authorization: `Bearer ${token}` };
      assert.equal((await here.ask('DELETE', `${PATH}/${id}`, headers)).status, 204);
      assert.equal(await status(MINE, text), 401);
    }
    const audits = here.lines.filter((line) => line.includes('endpoint_token_revoked'));
    const [audit = {}] = audits.map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual([audit['user'], audit['owner']], ['boss', 'owner']);
  });

  it('opens a static route, by the name of the route', async () => {
    const { here, issued, status } = await start();
    const { token: text } = await issued({ route: 'chat', label: 'chat' });
    const route = here.routes.current().staticPaths.get('chat');
    assert.ok(route !== undefined);
    const target = { kind: 'static', route, cut: 5 } as const;
    const decision = await here.auth.gate.admit({ ...request(MINE, bearer(text)), target });
    assert.equal(decision.outcome, 'admitted');
    assert.equal(await status(MINE, text), 401);
  });

  it('makes no further tokens, and opens no page of the router', async () => {
    const { issue, issued } = await start();
    const { token: text } = await issued({ endpoint: MINE, label: 'ci' });
    const headers = { Authorization: `Bearer ${text}` };
    assert.equal((await issue({ endpoint: MINE, label: 'more' }, headers)).status, 401);
  });

  it('is made only for what the user may see, and the same is said of what does not exist', async () => {
    const { issue } = await start();
    const foreign = await issue({ endpoint: FOREIGN, label: 'x' });
    const unknown = await issue({ endpoint: taskId('f'), label: 'x' });
    assert.deepEqual([foreign.status, unknown.status], [404, 404]);
    assert.equal(foreign.text, unknown.text);
    assert.equal((await issue({ route: 'no-such', label: 'x' })).status, 404);
    for (const wish of [{}, { endpoint: MINE }, { endpoint: MINE, route: 'chat', label: 'x' }]) {
      assert.equal((await issue(wish)).status, 400);
    }
    assert.equal((await issue({ endpoint: MINE, label: 'x', expires_in: 1 })).status, 400);
  });

  it('is not made for a page of another site that has the user’s cookie', async () => {
    const { here, token } = await start();
    const reply = await here.ask(
      'POST',
      PATH,
      { Cookie: `clearml_token_basic=${token}`, Origin: 'https://evil.example' },
      JSON.stringify({ endpoint: MINE, label: 'x' }),
    );
    assert.equal(reply.status, 403);
  });

  it('is known to a second router on the same state, and its revocation as well', async () => {
    const { here, authorization, issued } = await start();
    const { id, token: text } = await issued({ endpoint: MINE, label: 'ci' });
    const second = await startSite(here.routes.current(), {
      STATE_FILE: join(folder, 'state'),
      ROUTER_SECRET: 'a-secret-of-the-router-itself',
    });
    try {
      const token = (authorization.Authorization ?? '').slice('Bearer '.length);
      second.clearml.grant(token, MINE);
      const first = await second.auth.gate.admit(request(MINE, bearer(text)));
      assert.equal(first.outcome, 'admitted');
      await here.ask('DELETE', `${PATH}/${id}`, authorization);
      const { promise, resolve } = Promise.withResolvers<string>();
      assert.ok(first.outcome === 'admitted');
      second.auth.gate.hold(first, resolve);
      assert.equal(await promise, 'token-revoked');
    } finally {
      second.close();
    }
  });

  it('keeps nothing in its state that opens anything, and survives a broken state by opening nothing', async () => {
    const { here, token, authorization, issued } = await start();
    const { token: text } = await issued({ endpoint: MINE, label: 'ci' });
    const file = join(folder, 'state');
    const state = await readFile(file, 'utf8');
    assert.ok(!state.includes(text) && !state.includes(token) && !state.includes('ey'));
    await writeFile(file, 'not json');
    assert.equal((await here.ask('GET', PATH, authorization)).status, 503);
  });

  // A87
  it('is made and revoked by one user so often and no more', async () => {
    const { here, issue, authorization } = await start();
    const other = { Authorization: `Bearer ${await tokenOf('other')}` };
    const revoke = (headers: Record<string, string>) => here.ask('DELETE', `${PATH}/none`, headers);
    here.clearml.grant(other.Authorization.slice('Bearer '.length));
    const statuses = [];
    for (let tries = 0; tries < 120; tries += 1) statuses.push((await revoke(other)).status);
    assert.deepEqual(new Set(statuses), new Set([404]));
    assert.equal((await revoke(other)).status, 429);
    assert.equal((await revoke(authorization)).status, 404);
    assert.equal((await issue({ endpoint: MINE, label: 'job' })).status, 201);
  });

  it('has places for many writers at once', async () => {
    const { here, authorization, issue } = await start();
    const labels = Array.from({ length: 12 }, (_, i) => `label ${i}`);
    const replies = await Promise.all(labels.map((label) => issue({ endpoint: MINE, label })));
    assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([201]));
    const list = await here.ask('GET', PATH, authorization);
    assert.equal((JSON.parse(list.text) as { endpoint_tokens: [] }).endpoint_tokens.length, 12);
  });
});

describe('without a place for records', () => {
  it('there are no endpoint tokens', async () => {
    site = await startSite(table([endpoint(MINE)]));
    const token = await tokenOf('owner');
    site.clearml.grant(token, MINE);
    const reply = await site.ask('GET', PATH, { Authorization: `Bearer ${token}` });
    assert.equal(reply.status, 404);
    assert.match(reply.text, /endpoint-tokens-off/);
    assert.equal((await site.ask('GET', PATH)).status, 401);
    const stranger = await site.ask('GET', PATH, Object.fromEntries([NAVIGATION.slice(0, 2)]));
    assert.equal(stranger.status, 302);
  });
});
