import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { EndpointLevel } from '../../../router/grammar/access_level.ts';
import type { RouteTable, StaticRoute } from '../../../router/routes/model/table.ts';
import { startSite } from '../../support/site.ts';
import { LISTING } from '../../../router/web/overview/listing.ts';
import {
  ENDPOINTS,
  STATIC_ROUTE,
  identity,
  serveWeb,
  tableWith,
  viewerOf,
  HOSTILE_NAME,
} from './served_pages.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const { jupyter, bobs } = ENDPOINTS;

/** Alice, whom bob lets use his endpoint, and who has one of her own that is newer, and one that is older. */
async function served(
  level: EndpointLevel | 'unset',
  role = 'user',
  change: Partial<RouteTable> = {},
) {
  const viewer = { ...viewerOf(role), visible: async () => new Set([jupyter.id, bobs.id]) };
  const endpoints = new Map([jupyter, bobs].map((one) => [one.id, one]));
  const table = tableWith({ endpoints, staticPaths: new Map(), ...change });
  const web = await serveWeb(viewer, table, {}, level);
  cleanups.push(web.close);
  const text = async () => (await (await web.get('/')).text()).replaceAll(/\s+/g, ' ');
  const listing = async () => LISTING.parse(await (await web.get('/api/v1/routes')).json());
  return { text, listing };
}

/** The page's headings of groups, and the labels of rows below them, in their order. */
function outline(page: string): string[] {
  return [...page.matchAll(/<h3 class="group">([^<]+)<|<h4><bdi>([^<]+)</g)].map(
    ([, group, label]) => group?.toUpperCase() ?? label ?? '',
  );
}

test('one’s own endpoints come first, apart from what is shared', async () => {
  const { text, listing } = await served('visible');
  const { endpoints } = await listing();
  assert.deepEqual(
    endpoints.map(({ id, access }) => [id, access]),
    [
      [jupyter.id, { level: 'visible', ceiling: 'visible', by: 'owner', unknown: null }],
      [bobs.id, { level: 'visible', ceiling: 'visible', by: 'level', unknown: null }],
    ],
  );
  const page = await text();
  assert.deepEqual(outline(page), [
    'YOURS',
    'JupyterLab for the churn model',
    'SHARED WITH YOU',
    'bob’s task',
  ]);
  assert.equal(page.split('For whoever may see the task in ClearML.').length - 1, 2);
  assert.doesNotMatch(page, /This port knows no sign-in/);
});

test('an administrator has the rest under a heading of its own', async () => {
  const { text, listing } = await served('owner', 'admin');
  const { endpoints } = await listing();
  assert.deepEqual(
    endpoints.map(({ access }) => access?.by),
    ['owner', 'administrator'],
  );
  const page = await text();
  assert.deepEqual(outline(page), [
    'YOURS',
    'JupyterLab for the churn model',
    'OF OTHERS, FOR ADMINISTRATORS',
    'bob’s task',
  ]);
  assert.match(page, /For you alone\./);
  assert.match(page, /For its owner alone\./);
});

test('people is said in the words of the owner; a port says that it knows no sign-in', async () => {
  const { text } = await served('people');
  const page = await text();
  assert.match(page, /For you and those whom you named\./);
  assert.match(
    page,
    /This port knows no sign-in: it is open to whoever reaches it, whoever the endpoint is\s+for\./,
  );
});

test('a word that is no level is told to the owner, as text', async () => {
  const odd = { ...jupyter, access: 'owner', unknownAccess: HOSTILE_NAME } as const;
  const endpoints = new Map([[odd.id, odd]]);
  const { text, listing } = await served('visible', 'user', { endpoints });
  const [one] = (await listing()).endpoints;
  assert.deepEqual(one?.access, {
    level: 'owner',
    ceiling: 'owner',
    by: 'owner',
    unknown: HOSTILE_NAME,
  });
  const page = await text();
  assert.match(page, /which is no level: it counts as <code>owner<\/code>/);
  assert.ok(!page.includes(HOSTILE_NAME));
});

test('administrators are told the default level, why it is so, and where it does not hold', async () => {
  for (const [level, access, words] of [
    [
      'visible',
      { default: 'visible', decidedBy: 'setting', widest: 'visible', holds: true },
      /is for whoever may see the task in ClearML \(<code>visible<\/code>\), as ACCESS_DEFAULT says\./,
    ],
    [
      'unset',
      { default: 'owner', decidedBy: 'server', widest: 'visible', holds: false },
      /is for its owner alone \(<code>owner<\/code>\), since ACCESS_DEFAULT is not set, and this server shows every task to everybody\..*This does not hold against tasks:/,
    ],
  ] as const) {
    const { text, listing } = await served(level, 'admin');
    assert.deepEqual((await listing()).administration?.access, access);
    assert.match(await text(), words);
  }
});

test('a static route for people is listed for those whom it names, and for administrators', async () => {
  const idle: StaticRoute = {
    ...STATIC_ROUTE,
    access: 'people',
    people: ['carol'],
    endpoints: [],
    status: 'pending',
  };
  for (const [role, people, wanted] of [
    ['user', ['carol'], []],
    ['user', ['carol', identity('user').userId], ['chat']],
    ['admin', ['carol'], ['chat']],
  ] as const) {
    const staticPaths = new Map([['chat', { ...idle, people }]]);
    const { listing, text } = await served('owner', role, { staticPaths });
    const { staticRoutes } = await listing();
    assert.deepEqual(
      staticRoutes.map(({ name }) => name),
      wanted,
    );
    assert.equal((await text()).includes('for those whom it names'), wanted.length > 0);
  }
});

test('without sign-in there are no levels to tell of', async () => {
  const site = await startSite(tableWith({ staticPaths: new Map() }), {
    AUTH_ENABLED: 'false',
    AUTH_DISABLED_ACKNOWLEDGED: 'anyone-can-reach-every-task',
  });
  cleanups.push(site.close);
  const listed = await site.ask('GET', '/api/v1/routes');
  const { endpoints, administration } = LISTING.parse(JSON.parse(listed.text));
  assert.equal(endpoints.length, 5);
  assert.deepEqual([...new Set(endpoints.map(({ access }) => access))], [null]);
  assert.equal(administration?.access, null);
  const { text } = await site.ask('GET', '/');
  assert.match(text, /<h3 class="group">Open to everybody<\/h3>/);
  assert.doesNotMatch(text, /For you alone|This port knows no sign-in|<dt>Access<\/dt>/);
});
