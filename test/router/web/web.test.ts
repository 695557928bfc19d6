import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { hostname } from 'node:os';
import { afterEach, test } from 'node:test';
import type { Check } from '../../../router/activity/check.ts';
import { LISTING } from '../../../router/web/overview/listing.ts';
import { until } from '../../support/attacked.ts';
import {
  ENDPOINTS,
  HOSTILE_NAME,
  manyEndpoints,
  serveWeb,
  tableWith,
  viewerOf,
} from './served_pages.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function served(role = 'user', table = tableWith()) {
  const viewer = viewerOf(role);
  const web = await serveWeb(viewer, table);
  cleanups.push(web.close);
  return { ...web, asked: viewer.asked };
}

const tableOf = (count: number) =>
  tableWith({ endpoints: manyEndpoints(count), staticPaths: new Map() });

const UNKNOWN = { state: 'unknown', since: null, failure: null, triedAt: null };

const idsOf = (listing: { endpoints: readonly { id: string }[] }): string[] =>
  listing.endpoints.map(({ id }) => id);

/** The ways of a page with what it says of them. */
const statesIn = (page: string): string[] =>
  [...page.matchAll(/data-way="(\w+)">\s*<dt>\s*\w+\s*<span class="state[ \w]*">([^<]+)/g)].map(
    ([, way, words]) => `${way} ${words}`,
  );

test('a user is listed what ClearML lets him see, and nothing else', async () => {
  const { get } = await served();
  const answer = await get('/api/v1/routes');
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  const text = await answer.text();
  const listing = LISTING.parse(JSON.parse(text));
  assert.deepEqual(idsOf(listing), [
    ENDPOINTS.refused.id,
    ENDPOINTS.named.id,
    ENDPOINTS.jupyter.id,
  ]);
  assert.equal(listing.administration, null);
  assert.deepEqual(listing.staticRoutes[0]?.endpoints, [ENDPOINTS.jupyter.id]);
  for (const secret of ['SECRET-TOKEN', 'bob', 'foreign', '10.0.0.1']) {
    assert.ok(!text.includes(secret), `${secret} is in the answer`);
  }
});

test('every lane tells its URL, its port or its reason', async () => {
  const { get } = await served();
  const { endpoints } = LISTING.parse(await (await get('/api/v1/routes')).json());
  const [refused, named, jupyter] = endpoints;
  const id = ENDPOINTS.jupyter.id;
  assert.deepEqual(jupyter?.http, {
    state: 'open',
    reason: null,
    health: UNKNOWN,
    taskPort: 8888,
    url: `https://${id}.tasks.example.net/`,
    pathUrl: `https://tasks.example.com/service/${id}/`,
  });
  assert.deepEqual(jupyter.tcp, {
    state: 'open',
    reason: null,
    health: UNKNOWN,
    taskPort: 22,
    address: 'tcp.example.com',
    port: 10_022,
    noPort: null,
    tunnelUrl: `wss://tasks.example.com/service/${id}/`,
  });
  assert.deepEqual(
    [named?.http?.state, named?.http?.url, named?.http?.taskPort],
    ['waiting', null, null],
  );
  assert.deepEqual([named?.tcp?.address, named?.tcp?.port], [null, null]);
  assert.deepEqual(
    [refused?.http?.state, refused?.http?.reason, refused?.http?.url],
    ['refused', 'address 169.254.169.254 is never served', null],
  );
});

test('an administrator sees his company without asking, and the state of the router', async () => {
  const { get, asked } = await served('admin');
  const listing = LISTING.parse(await (await get('/api/v1/routes')).json());
  assert.equal(listing.endpoints.length, 4);
  assert.ok(!idsOf(listing).includes(ENDPOINTS.foreign.id));
  assert.deepEqual(asked, [ENDPOINTS.foreign.id]);
  const { replica, ...administration } = listing.administration ?? {};
  assert.deepEqual([replica?.leads, replica?.name], [true, hostname()]);
  assert.deepEqual(administration, {
    access: { default: 'visible', decidedBy: 'setting', widest: 'visible', holds: true },
    others: null,
    connections: null,
    leader: 'router-0',
    clearml: {
      confirmedAt: '2026-01-02T04:00:00.000Z',
      error: null,
      lastFailure: { at: '2026-01-02T03:00:00.000Z', message: 'ClearML answered 502' },
    },
    routes: {
      http: { open: 3, untried: 3, failing: 0, waiting: 1, refused: 1 },
      tcp: { open: 2, untried: 2, failing: 0, waiting: 0, refused: 0 },
    },
    ports: { start: 10_022, end: 10_025, used: 0, left: 3 },
    problems: ['the TCP range is full'],
  });
  const root = await served('root');
  const all = LISTING.parse(await (await root.get('/api/v1/routes')).json());
  assert.equal(all.endpoints.length, 5);
});

test('a static route that serves others’ tasks alone is not listed', async () => {
  const { get } = await served(
    'user',
    tableWith({
      staticPaths: new Map(
        (['visible', 'authenticated'] as const).map((access) => [
          access,
          {
            name: access,
            type: 'path',
            match: access,
            access,
            loadBalanced: false,
            enabled: true,
            status: 'routing',
            endpoints: [ENDPOINTS.bobs],
          },
        ]),
      ),
    }),
  );
  const listing = LISTING.parse(await (await get('/api/v1/routes')).json());
  assert.deepEqual(
    listing.staticRoutes.map(({ name, endpoints }) => [name, endpoints]),
    [['authenticated', []]],
  );
});

test('without a token: 401 as JSON, with WWW-Authenticate', async () => {
  const { get } = await served();
  for (const path of ['/', '/api/v1/routes', '/api/v1/openapi.json']) {
    const answer = await get(path, {});
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
    assert.ok(!(await answer.text()).includes('JupyterLab'));
  }
});

test('ClearML away: 503, and no listing', async () => {
  const web = await serveWeb({
    ...viewerOf('user'),
    visible: async () => ({
      outcome: 'denied',
      status: 503,
      reason: 'clearml-unavailable',
      retryAfter: 5,
    }),
  });
  cleanups.push(web.close);
  const answer = await web.get('/api/v1/routes');
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get('retry-after'), '5');
});

test('the page escapes what tasks say and runs nothing but its own script', async () => {
  const { get } = await served('admin');
  const answer = await get('/');
  const policy = answer.headers.get('content-security-policy') ?? '';
  const page = await answer.text();
  assert.ok(!page.includes(HOSTILE_NAME));
  assert.ok(page.includes('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;amp;'));
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe/);
  for (const [tag, directive] of [
    ['style', 'style-src'],
    ['script', 'script-src'],
  ]) {
    const parts = page.split(`<${tag}>`);
    assert.equal(parts.length, 2);
    const text = parts[1]?.split(`</${tag}>`)[0] ?? '';
    const hash = createHash('sha256').update(text).digest('base64');
    assert.ok(
      policy.includes(`${directive} 'sha256-${hash}'`),
      `${tag} is not what the policy says`,
    );
  }
  assert.doesNotMatch(page, / on[a-z]+="/);
  assert.doesNotMatch(page, / style="/);
});

test('the page says what a port does not know and shows both ways to ssh', async () => {
  const { get } = await served();
  const page = await (await get('/')).text();
  assert.match(page, /TCP ports know no sign-in/);
  assert.ok(page.includes('ssh -p 10022 root@tcp.example.com'));
  assert.ok(page.includes('--protocol tcp.task-traffic-router'));
});

test('a stale table is shown as one', async () => {
  const { get } = await served('user', tableWith({ stale: true }));
  assert.match(await (await get('/')).text(), /ClearML does not answer/);
});

test('only what is there is answered, and only read', async () => {
  const { get } = await served();
  assert.equal((await get('/nothing')).status, 404);
  assert.equal((await get('/toString')).status, 404);
  const post = await get('/api/v1/routes', { 'x-user': 'alice' }, 'POST');
  assert.equal(post.status, 405);
  assert.equal(post.headers.get('allow'), 'GET, HEAD');
  const head = await get('/', { 'x-user': 'alice' }, 'HEAD');
  assert.equal(head.status, 200);
  assert.equal(await head.text(), '');
});

test('a task that is idle says since when, and when it is stopped', async () => {
  const { get, idle } = await served('admin');
  const { task } = ENDPOINTS.jupyter;
  const listed = async () => {
    const { endpoints } = LISTING.parse(await (await get('/api/v1/routes')).json());
    return endpoints.find(({ id }) => id === ENDPOINTS.jupyter.id)?.idle;
  };
  assert.equal(await listed(), null);
  const since = Date.now() - 7_230_000;
  const stopsAt = Date.now() + 725_000;
  idle.set(task.id, { task, since, stopsAt });
  assert.deepEqual(await listed(), {
    since: new Date(since).toISOString(),
    stopsAt: new Date(stopsAt).toISOString(),
  });
  const words = (await (await get('/')).text()).replaceAll(/<[^>]*>/g, '').replaceAll(/\s+/g, ' ');
  assert.match(words, /idle for 2 hours, stops in 12 min unless it is used/);
  const keep = `/api/v1/endpoints/${ENDPOINTS.jupyter.id}/keep`;
  assert.ok((await (await get('/')).text()).includes(`action="${keep}"`));
  idle.set(task.id, { task, since, stopsAt: undefined });
  assert.equal((await listed())?.stopsAt, null);
  assert.doesNotMatch(await (await get('/')).text(), /idle for|\/keep"/);
});

test('what failed last says so, in words and since when; a use says when', async () => {
  const { get, activity } = await served('admin');
  activity.failed('http', ENDPOINTS.jupyter.id, 'refused');
  activity.answered('tcp', ENDPOINTS.jupyter.id, performance.now());
  activity.used('tcp', ENDPOINTS.jupyter.id);
  const listing = LISTING.parse(await (await get('/api/v1/routes')).json());
  const jupyter = listing.endpoints.find(({ id }) => id === ENDPOINTS.jupyter.id);
  assert.equal(jupyter?.http?.state, 'failing');
  assert.match(jupyter.http.reason ?? '', /nothing listens at the address/);
  const { since, triedAt, ...health } = jupyter.http.health ?? {};
  assert.deepEqual(health, { state: 'not_answering', failure: 'refused' });
  assert.ok(Date.parse(since ?? '') > Date.now() - 60_000);
  assert.ok(Date.parse(triedAt ?? '') >= Date.parse(since ?? ''));
  assert.ok(jupyter.http.url?.startsWith('https://'), 'it may work again at any moment');
  assert.deepEqual([jupyter.tcp?.state, jupyter.tcp?.health?.state], ['open', 'answering']);
  assert.ok(Date.parse(jupyter.lastUsedAt ?? '') > Date.now() - 60_000);
  assert.deepEqual(listing.administration?.routes.http, {
    open: 2,
    untried: 2,
    failing: 1,
    waiting: 1,
    refused: 1,
  });
  const page = await (await get('/')).text();
  assert.deepEqual(statesIn(page), [
    'http refused',
    'http waiting',
    'tcp not tried yet',
    'http does not answer',
    'tcp open',
    'http not tried yet',
  ]);
  const said = /<p class="small">(Does not answer since.*?)<\/p>/s.exec(page)?.[1] ?? '';
  assert.match(
    said.replaceAll(/\s+/g, ' '),
    /^Does not answer since <time datetime="[^"]+" title="[-0-9]+ [:0-9]+ UTC">\d\d:\d\d UTC<\/time> \(connection refused\)\. The task is running, but nothing listens at the address that it gave\.$/,
  );
  assert.match(page, /used <time datetime="[^"]+" title="[^"]+">just now</);
});

test('whoever looks has tried what nobody has tried, and sees it at once or with the next look', async (t) => {
  const tried: string[] = [];
  const release = new EventEmitter();
  const check: Check = async ({ id }, way) => {
    tried.push(`${way} ${id.slice(0, 1)}`);
    if (id === ENDPOINTS.named.id) await once(release, 'go');
    return id === ENDPOINTS.jupyter.id && way === 'http' ? 'unhealthy' : 'answers';
  };
  const web = await serveWeb(viewerOf('user'), tableWith(), {}, 'visible', check);
  t.after(() => web.close());
  const states = async () => statesIn(await (await web.get('/')).text());
  assert.deepEqual(await states(), [
    'http refused',
    'http waiting',
    'tcp not tried yet',
    'http does not answer',
    'tcp open',
  ]);
  assert.deepEqual(tried, ['tcp b', 'http a', 'tcp a'], 'of what the user may see alone');
  release.emit('go');
  await until(() => web.activity.of(ENDPOINTS.named.id, 'tcp').answeredAt > 0);
  assert.equal((await states())[2], 'tcp open');
  assert.equal(tried.length, 3);
  const { endpoints } = LISTING.parse(await (await web.get('/api/v1/routes')).json());
  const { health, reason } = endpoints[2]?.http ?? {};
  assert.deepEqual([health?.state, health?.failure], ['not_answering', 'unhealthy']);
  assert.equal(reason, 'The task says of itself that it is not well.');
});

test('a static route says how many of its tasks answer, of those that one may see', async () => {
  const { get, activity } = await served('admin');
  const told = async () => {
    const { staticRoutes } = LISTING.parse(await (await get('/api/v1/routes')).json());
    const page = await (await get('/')).text();
    return [staticRoutes[0]?.answering, /<span>(\d of them answers?)<\/span>/.exec(page)?.[1]];
  };
  assert.deepEqual(await told(), [2, undefined]);
  activity.failed('http', ENDPOINTS.jupyter.id, 'refused');
  assert.deepEqual(await told(), [1, '1 of them answers']);
  activity.failed('http', ENDPOINTS.bobs.id, 'timeout');
  assert.deepEqual(await told(), [0, '0 of them answer']);
  const page = await (await get('/')).text();
  assert.match(page, /<h3>chat<\/h3>.*HTTP\s*<span class="state failing">does not answer</s);
  activity.reached('http', ENDPOINTS.bobs.id);
  const user = await served();
  user.activity.failed('http', ENDPOINTS.bobs.id, 'refused');
  const listing = LISTING.parse(await (await user.get('/api/v1/routes')).json());
  assert.equal(listing.staticRoutes[0]?.answering, 1, 'of a hidden task nothing is told');
});

test('a follower names the leader; a link to ClearML that is broken says how', async () => {
  const web = await serveWeb(viewerOf('admin'), tableWith({ stale: true }), {
    leader: false,
    lastError: 'ClearML does not answer: ECONNREFUSED',
  });
  cleanups.push(web.close);
  const page = await (await web.get('/')).text();
  assert.match(page, /<dt>Leader<\/dt>\s*<dd>router-0<\/dd>/);
  assert.match(page, /does not answer:<\/span> ClearML does not answer: ECONNREFUSED/);
});

test('of two thousand endpoints a page shows a hundred, and `?q=` finds one of them', async () => {
  const few = await served('admin', tableOf(100));
  const many = await served('admin', tableOf(2_000));
  const small = await (await few.get('/')).text();
  const large = await (await many.get('/')).text();
  assert.ok(large.length < small.length * 1.05, `${large.length} beside ${small.length} bytes`);
  assert.ok(large.length < 250_000, `${large.length} bytes`);
  assert.match(large, /Page 1 of 20/);
  const last = await (await many.get('/?page=20')).text();
  assert.match(last, /Page 20 of 20/);
  assert.equal(last.split('class="row"').length - 1, 100);
  for (const odd of ['page=21', 'page=-1', 'page=x', 'page=1.5', 'page=1e9', 'page=', 'page=%00']) {
    const page = await (await many.get(`/?${odd}`)).text();
    assert.equal(page.split('class="row"').length - 1, 100, odd);
  }
  const found = await (await many.get('/?q=Session+1234')).text();
  assert.equal(found.split('class="row"').length - 1, 1);
  assert.match(found, /1 of 2000/);
  assert.match(found, /session 1234/);
  const none = await (await many.get(`/?q=${encodeURIComponent('<i>"nothing"')}`)).text();
  assert.match(none, /No endpoint matches “&lt;i&gt;&quot;nothing&quot;”/);
  const paged = await (await many.get('/?q=a+%26b%3D&page=2')).text();
  assert.doesNotMatch(paged, /q=a &b/);
});

test('a page of two thousand endpoints takes little longer than one of a hundred', async () => {
  const few = await served('admin', tableOf(100));
  const many = await served('admin', tableOf(2_000));
  const time = async ({ get }: typeof few): Promise<number> => {
    const times: number[] = [];
    for (let round = 0; round < 15; round += 1) {
      const began = performance.now();
      await (await get('/')).text();
      times.push(performance.now() - began);
    }
    return Math.min(...times);
  };
  await time(few);
  const ratio = (await time(many)) / (await time(few));
  assert.ok(ratio < 20, `${ratio} times as long for twenty times as many`);
});

test('clones of one task have names that tell them apart', async () => {
  const [one, other] = ['a', 'b'].map((digit) => {
    const clone = { ...ENDPOINTS.jupyter, id: digit.repeat(32) };
    return [clone.id, { ...clone, task: { ...clone.task, id: clone.id } }] as const;
  });
  assert.ok(one !== undefined && other !== undefined);
  const { get } = await served('admin', tableWith({ endpoints: new Map([one, other]) }));
  const page = await (await get('/')).text();
  assert.match(page, /aria-label="Copy URL of JupyterLab for the churn model \(aaaaaaaa\)"/);
  assert.match(page, /aria-label="Copy URL of JupyterLab for the churn model \(bbbbbbbb\)"/);
});
