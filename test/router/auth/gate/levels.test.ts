import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Decision } from '../../../../router/auth/gate/decision.ts';
import type { Shares } from '../../../../router/auth/sharing/shares.ts';
import type { EndpointLevel } from '../../../../router/grammar/access_level.ts';
import type { StaticRoute } from '../../../../router/routes/model/table.ts';
import {
  bearer,
  claims,
  endpoint,
  lab,
  request,
  sign,
  staticRoute,
  table,
  taskId,
  type Lab,
} from '../../../support/auth_fixture.ts';

const ID = taskId('a');
const OTHER = taskId('b');

let open: Lab | undefined;

afterEach(() => open?.auth.close());

/** One endpoint of a task of `owner`, which says this word of its access; ClearML shows it to everybody. */
async function start(
  environment: Record<string, string> = {},
  word?: EndpointLevel,
  shares?: Shares,
): Promise<Lab> {
  const one = { ...endpoint(ID), access: word };
  open = await lab(table([one]), environment, undefined, shares);
  return open;
}

async function tokenOf({ clearml }: Lab, user: string, role = 'user'): Promise<string> {
  const token = await sign({
    ...claims(user),
    identity: { ...(claims(user)['identity'] as object), role },
  });
  clearml.grant(token, ID, OTHER);
  return token;
}

/** `admitted`, or status and reason of the refusal. */
function inShort(decision: Decision): string {
  return decision.outcome === 'denied' ? `${decision.status} ${decision.reason}` : decision.outcome;
}

async function comes(world: Lab, user: string, role?: string): Promise<string> {
  const token = await tokenOf(world, user, role);
  return inShort(await world.auth.gate.admit(request(ID, bearer(token))));
}

const gives = (given: 'people' | 'visible'): Shares => ({
  given: (_endpoint, { userId }) =>
    given === 'visible' || userId === 'friend' ? given : undefined,
});

describe('the level of an endpoint', () => {
  it('owner: lets in nobody else, and looks like none', async () => {
    const world = await start({ ACCESS_DEFAULT: 'owner' });
    assert.equal(await comes(world, 'owner'), 'admitted');
    assert.equal(await comes(world, 'colleague'), '404 not-visible');
  });

  it('visible: lets in whoever may see the task', async () => {
    const world = await start({ ACCESS_DEFAULT: 'visible' });
    assert.equal(await comes(world, 'colleague'), 'admitted');
  });

  it('people: lets in whom the owner named, and no others', async () => {
    const world = await start({ ACCESS_DEFAULT: 'people' }, undefined, gives('people'));
    assert.equal(await comes(world, 'friend'), 'admitted');
    assert.equal(await comes(world, 'colleague'), '404 not-visible');
  });

  it('is widened by what the owner gave, up to ACCESS_WIDEST and the word of the task', async () => {
    const widened = [];
    for (const widest of ['owner', 'people', 'visible'] as const) {
      for (const word of [undefined, 'owner', 'people', 'visible'] as const) {
        for (const given of ['people', 'visible'] as const) {
          const settings = { ACCESS_DEFAULT: 'owner', ACCESS_WIDEST: widest };
          const world = await start(settings, word, gives(given));
          if ((await comes(world, 'friend')) === 'admitted') {
            widened.push(`${widest} ${word} ${given}`);
          }
          world.auth.close();
        }
      }
    }
    assert.deepEqual(widened, [
      'people undefined people',
      'people people people',
      'people visible people',
      'visible undefined people',
      'visible undefined visible',
      'visible people people',
      'visible visible people',
      'visible visible visible',
    ]);
  });

  it('owner: stays its owner’s when the task is made public, and nobody’s of another company', async () => {
    const world = await start({ ACCESS_DEFAULT: 'owner' });
    const { task } = endpoint(ID);
    for (const [companyId, wanted] of [
      ['', 'admitted'],
      ['d'.repeat(32), '404 not-visible'],
    ] as const) {
      world.routes.swap(table([{ ...endpoint(ID), task: { ...task, companyId } }]));
      assert.equal(await comes(world, 'owner'), wanted);
      assert.equal(await comes(world, 'colleague'), '404 not-visible');
    }
  });

  it('is never wider than the task says, or ACCESS_WIDEST, whatever the default is', async () => {
    assert.equal(await comes(await start({}, 'owner'), 'colleague'), '404 not-visible');
    open?.auth.close();
    const settings = { ACCESS_DEFAULT: 'visible', ACCESS_WIDEST: 'people' };
    assert.equal(await comes(await start(settings), 'colleague'), '404 not-visible');
  });

  it('left out follows the kind of the server that the router itself signs in at', async () => {
    const world = await start({ ACCESS_DEFAULT: '' });
    const as = async (features: string | undefined) => {
      const token = await sign({ ...claims('router'), feature_set: features });
      world.clearml.login({ token, cookieName: 'clearml_token_basic' });
      return comes(world, 'colleague');
    };
    assert.equal(await as(undefined), '404 not-visible');
    assert.equal(await as('basic'), '404 not-visible');
    assert.equal(await as('advanced'), 'admitted');
    assert.equal(await as('basic'), '404 not-visible');
  });

  it('lets in nobody to whom ClearML does not show the task, the owner neither', async () => {
    const world = await start({ ACCESS_DEFAULT: 'owner' });
    for (const [user, role] of [
      ['owner', 'user'],
      ['admin', 'admin'],
    ] as const) {
      const token = await tokenOf(world, user, role);
      world.clearml.sees.set(token, new Set());
      const decision = await world.auth.gate.admit(request(ID, bearer(token)));
      assert.equal(inShort(decision), '404 not-visible', user);
    }
  });

  it('asks ClearML the same of an endpoint that is hidden and of one that does not exist', async () => {
    const world = await start({ ACCESS_DEFAULT: 'owner' });
    const token = await tokenOf(world, 'colleague');
    const hidden = await world.auth.gate.admit(request(ID, bearer(token)));
    const unknown = await world.auth.gate.admit(request(OTHER, bearer(token)));
    assert.deepEqual(world.clearml.questions, [[ID], [OTHER]]);
    assert.equal(inShort(hidden), '404 not-visible');
    assert.equal(inShort(unknown), '404 unknown-endpoint');
  });

  it('does not keep out administrators of the company, which is told once a minute', async () => {
    const world = await start({ ACCESS_DEFAULT: 'owner' });
    const token = await tokenOf(world, 'boss', 'admin');
    const opened = () =>
      world.lines
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter(({ event }) => event === 'opened_by_administrator')
        .map(({ endpoint: id, owner, user, kind, client }) => ({ id, owner, user, kind, client }));
    for (const _ of [1, 2]) await world.auth.gate.admit(request(ID, bearer(token)));
    const line = { id: ID, owner: 'owner', user: 'boss', kind: 'request', client: '192.0.2.1' };
    assert.deepEqual(opened(), [line]);
    world.pass(60_000);
    await world.auth.gate.admit(request(ID, bearer(token)));
    assert.deepEqual(opened(), [line, line]);
  });

  it('tells nothing of administrators where the level lets them in, or where it is their own', async () => {
    const world = await start({ ACCESS_DEFAULT: 'visible' });
    assert.equal(await comes(world, 'boss', 'admin'), 'admitted');
    open?.auth.close();
    const own = await start({ ACCESS_DEFAULT: 'owner' });
    assert.equal(await comes(own, 'owner', 'admin'), 'admitted');
    for (const { lines } of [world, own]) {
      assert.ok(!lines.some((line) => line.includes('opened_by_administrator')));
    }
  });
});

describe('the level of a static route', () => {
  /** What comes of a request of this user by a static route that serves these endpoints; nobody without a user. */
  async function by(
    route: Partial<StaticRoute> & Pick<StaticRoute, 'access'>,
    words: readonly (EndpointLevel | undefined)[],
    user: string | undefined,
    shares?: Shares,
  ): Promise<string> {
    const endpoints = words.map((access, index) => ({
      ...endpoint(index === 0 ? ID : OTHER),
      access,
    }));
    const made = { ...staticRoute('chat', route.access, endpoints), ...route };
    const settings = { ACCESS_DEFAULT: 'owner' };
    open = await lab(table(endpoints, [made]), settings, undefined, shares);
    const credential = user === undefined ? [] : bearer(await tokenOf(open, user));
    const target = { kind: 'static', route: made, cut: 5 } as const;
    const decision = await open.auth.gate.admit({ ...request(ID, credential), target });
    open.auth.close();
    return decision.outcome === 'admitted'
      ? `${decision.access} ${decision.endpoint.id === ID ? 'first' : 'second'}`
      : inShort(decision);
  }

  it('is the operator’s word, whatever the level of endpoints is', async () => {
    assert.equal(await by({ access: 'visible' }, [undefined], 'colleague'), 'visible first');
  });

  it('people: those whom the route names, and the owner of the task', async () => {
    const route = { access: 'people', people: ['alice'] } as const;
    assert.equal(await by(route, [undefined], 'alice'), 'people first');
    assert.equal(await by(route, [undefined], 'owner'), 'people first');
    assert.equal(await by(route, [undefined], 'colleague'), '404 not-visible');
    assert.equal(await by({ access: 'people' }, [undefined], 'alice'), '404 not-visible');
  });

  it('people of the route and of the task: those whom both name', async () => {
    const route = { access: 'people', people: ['alice', 'friend'] } as const;
    assert.equal(await by(route, ['people'], 'friend', gives('people')), 'people first');
    assert.equal(await by(route, ['people'], 'alice', gives('people')), '404 not-visible');
    const other = { access: 'people', people: ['alice'] } as const;
    assert.equal(await by(other, ['people'], 'friend', gives('people')), '404 not-visible');
  });

  it('is narrowed by the task, and looks then as if nothing served', async () => {
    assert.equal(await by({ access: 'visible' }, ['owner'], 'colleague'), '404 not-visible');
    for (const access of ['authenticated', 'public'] as const) {
      assert.equal(await by({ access }, ['owner'], 'owner'), 'owner first', access);
      assert.equal(await by({ access }, ['owner'], 'colleague'), '503 not-ready', access);
      assert.equal(await by({ access }, [], 'colleague'), '503 not-ready', access);
    }
    assert.equal(
      await by({ access: 'visible' }, ['people'], 'friend', gives('people')),
      'people first',
    );
  });

  it('passes by a task that keeps to others, to one that does not', async () => {
    for (const access of ['visible', 'authenticated', 'public'] as const) {
      assert.equal(await by({ access }, ['owner', undefined], 'colleague'), `${access} second`);
    }
    assert.equal(await by({ access: 'public' }, ['owner', undefined], undefined), 'public second');
    assert.equal(await by({ access: 'public' }, ['owner'], undefined), '401 no-token');
  });
});
