import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { LISTING } from '../../../../router/web/overview/listing.ts';
import type { EndpointLevel } from '../../../../router/grammar/access_level.ts';
import type { StaticRoute } from '../../../../router/routes/model/table.ts';
import {
  bearer,
  endpoint,
  request,
  staticRoute,
  table,
  taskId,
  tokenOf,
} from '../../../support/auth_fixture.ts';
import { startSite, type Site } from '../../../support/site.ts';

const ID = taskId('a');
const PATH = '/api/v1/endpoint-tokens';

let folder = '';
let site: Site | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'levels-'));
});

afterEach(async () => {
  site?.close();
  await rm(folder, { recursive: true });
});

/** A server that shows everybody everything, one endpoint of `owner`, and a static route that it serves. */
async function start(
  environment: Record<string, string>,
  route: Partial<StaticRoute> = {},
  word?: EndpointLevel,
) {
  const one = { ...endpoint(ID), access: word };
  const chat = { ...staticRoute('chat', 'visible', [one]), ...route };
  const here = await startSite(table([one], [chat]), {
    STATE_FILE: join(folder, 'state'),
    ROUTER_SECRET: 'a-secret-of-the-router-itself',
    ...environment,
  });
  site = here;
  const tokens = new Map<string, string>();
  for (const user of ['owner', 'alice', 'colleague']) {
    const token = await tokenOf(user);
    here.clearml.grant(token, ID);
    tokens.set(user, token);
  }
  const as = (user: string) => ({ Authorization: `Bearer ${tokens.get(user)}` });
  const make = (user: string, subject: object) =>
    here.ask('POST', PATH, as(user), JSON.stringify({ ...subject, label: 'x' }));
  /** Status of making a token, what the list shows of endpoints and routes, and status of the way in by the route. */
  const rights = async (user: string) => {
    const { status: token } = await make(user, { route: 'chat' });
    const listed = await here.ask('GET', '/api/v1/routes', as(user));
    const { endpoints, staticRoutes } = LISTING.parse(JSON.parse(listed.text));
    const target = { kind: 'static', route: chat, cut: 5 } as const;
    const headers = bearer(tokens.get(user) ?? '');
    const decision = await here.auth.gate.admit({ ...request(ID, headers), target });
    return [
      token,
      endpoints.length,
      staticRoutes.length,
      decision.outcome === 'denied' ? decision.status : decision.outcome,
    ];
  };
  return { here, make, rights };
}

describe('endpoint tokens and levels', () => {
  it('a token for an endpoint is made for those alone who may use it', async () => {
    const { make } = await start({ ACCESS_DEFAULT: 'owner' });
    assert.equal((await make('owner', { endpoint: ID })).status, 201);
    const hidden = await make('colleague', { endpoint: ID });
    const unknown = await make('colleague', { endpoint: taskId('f') });
    assert.equal(hidden.status, 404);
    assert.equal(hidden.text, unknown.text);
  });

  it('gate, list and tokens of a static route go by one right', async () => {
    const hers = { access: 'people', people: ['alice'] } as const;
    for (const [route, word, user, wanted] of [
      [{ access: 'visible' }, undefined, 'colleague', [201, 0, 1, 'admitted']],
      [{ access: 'visible' }, 'owner', 'colleague', [404, 0, 0, 404]],
      [{ access: 'visible' }, 'owner', 'owner', [201, 1, 1, 'admitted']],
      [hers, undefined, 'alice', [201, 0, 1, 'admitted']],
      [hers, undefined, 'colleague', [404, 0, 0, 404]],
      [hers, undefined, 'owner', [201, 1, 1, 'admitted']],
      [hers, 'owner', 'alice', [404, 0, 0, 404]],
      [{ access: 'authenticated' }, undefined, 'colleague', [201, 0, 1, 'admitted']],
      [{ access: 'authenticated' }, 'owner', 'colleague', [201, 0, 1, 503]],
    ] as const) {
      const { rights } = await start({ ACCESS_DEFAULT: 'owner' }, route, word);
      assert.deepEqual(await rights(user), wanted, `${route.access} ${word} ${user}`);
      site?.close();
    }
  });

  it('nobody has a token for whom ClearML does not show the task, though the route names them', async () => {
    const { here, make } = await start({}, { access: 'people', people: ['alice'] });
    for (const seen of here.clearml.sees.values()) seen.clear();
    assert.equal((await make('alice', { route: 'chat' })).status, 404);
  });

  it('a token ends with the right that it was made by', async () => {
    const { here, make } = await start({ ACCESS_DEFAULT: 'visible' });
    const { token } = JSON.parse((await make('colleague', { endpoint: ID })).text) as {
      token: string;
    };
    const admit = async () => (await here.auth.gate.admit(request(ID, bearer(token)))).outcome;
    assert.equal(await admit(), 'admitted');
    here.routes.swap(table([{ ...endpoint(ID), access: 'owner' }]));
    assert.equal(await admit(), 'denied');
  });
});
