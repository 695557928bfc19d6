import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UseJudge, type UseSigns } from '../../../router/activity/use_judge.ts';
import { shownRoutes } from '../../support/shown_routes.ts';
import { httpEndpoint, TASK_A, TASK_B } from '../../support/proxy_world.ts';

const A = httpEndpoint(1, TASK_A);
const B = httpEndpoint(1, TASK_B);

const FETCH: UseSigns = {
  method: 'GET',
  contentLength: undefined,
  chunked: false,
  fetchMode: 'cors',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64)',
  accept: '*/*',
};
const PLAIN: UseSigns = { ...FETCH, fetchMode: undefined };
const PROGRAM: UseSigns = { ...PLAIN, userAgent: 'python-requests/2.32' };

/** Asks about one request often, as an open tab or a program does. */
function repeated(path: (turn: number) => string, signs: UseSigns, byToken = false): boolean[] {
  const judge = new UseJudge(() => 0);
  return Array.from({ length: 6 }, (_, turn) => judge.isUse(A, path(turn), signs, byToken));
}

const ALWAYS = Array.from({ length: 6 }, () => true);
const NEVER = ALWAYS.map(() => false);
const AT_FIRST = [true, true, false, false, false, false];

test('what a page fetches is a use at first, and a poll once the same comes again and again', () => {
  assert.deepEqual(
    repeated(() => '/api/sessions', FETCH),
    AT_FIRST,
  );
  assert.deepEqual(
    repeated(() => '/api/sessions', { ...FETCH, method: 'HEAD', fetchMode: 'same-origin' }),
    AT_FIRST,
  );
  assert.deepEqual(
    repeated((turn) => `/api/contents/work?${1_700_000_000 + turn}&content=0`, FETCH),
    AT_FIRST,
    'the time that a page adds makes no other request of it',
  );
  assert.deepEqual(
    repeated((turn) => `/runs/${turn}/scalars`, FETCH),
    ALWAYS,
  );
  assert.deepEqual(
    repeated((turn) => `/runs?tag=${'abcdef'[turn]}`, FETCH),
    ALWAYS,
  );
});

test('a body, another method, a navigation and a program are always a use', () => {
  const path = (): string => '/api/sessions';
  for (const signs of [
    { ...FETCH, method: 'POST' },
    { ...FETCH, method: 'OPTIONS' },
    { ...FETCH, contentLength: '2' },
    { ...FETCH, chunked: true },
    { ...FETCH, fetchMode: 'navigate' },
    { ...PLAIN, accept: 'text/html,application/xhtml+xml' },
    PROGRAM,
  ]) {
    assert.deepEqual(repeated(path, signs), ALWAYS, JSON.stringify(signs));
  }
  assert.deepEqual(repeated(path, FETCH, true), ALWAYS);
  // No body at all, said in so many words.
  assert.deepEqual(repeated(path, { ...FETCH, contentLength: '0' }), AT_FIRST);
  // Browsers say nothing of themselves to plain http but their name.
  assert.deepEqual(repeated(path, PLAIN), AT_FIRST);
});

test('a monitor is no use, by a token or without', () => {
  for (const path of [
    '/metrics',
    '/metrics?name=up',
    '/healthz',
    '/api/status',
    '/v2/health/ready',
  ]) {
    assert.deepEqual(
      repeated(() => path, PROGRAM, true),
      NEVER,
      path,
    );
    assert.deepEqual(
      repeated(() => path, PROGRAM),
      NEVER,
      path,
    );
  }
  assert.deepEqual(
    repeated(() => '/metrics/mine', PROGRAM, true),
    ALWAYS,
  );
});

test('what a task names as the path of its health is a monitor’s, too', () => {
  const judge = new UseJudge(() => 0);
  const upstream = { address: '127.0.0.1', family: 4, port: 1 } as const;
  const http = { state: 'open', upstream, healthPath: '/up?deep=1' } as const;
  const named = { ...A, http };
  assert.ok(!judge.isUse(named, '/up?deep=1', PROGRAM, true));
  assert.ok(judge.isUse(named, '/up', PROGRAM, true));
  assert.ok(judge.isUse(A, '/up?deep=1', PROGRAM, true));
});

test('a poll is one even among many others, and is new again an hour later', () => {
  let now = 0;
  const judge = new UseJudge(() => now);
  const polled = Array.from({ length: 16 }, (_, index) => `/poll/${index}/x`);
  for (let turn = 0; turn < 3; turn++) {
    now += 60_000;
    for (const path of polled) judge.isUse(A, path, FETCH, false);
  }
  for (const path of polled) assert.ok(!judge.isUse(A, path, FETCH, false), path);
  assert.ok(judge.isUse(B, '/poll/0/x', FETCH, false), 'each endpoint for itself');
  now += 3_602_000;
  assert.ok(judge.isUse(A, '/poll/0/x', FETCH, false));
});

/** What a JupyterLab 4.6 that nobody touches asks for every ten seconds, with a notebook open, as recorded. */
const UNTOUCHED: readonly (readonly [string, string, string?])[] = [
  ['GET', '/lab/api/workspaces'],
  ['GET', '/api/terminals'],
  ['GET', '/api/contents?content=1&hash=0'],
  ['PUT', '/lab/api/workspaces/default', '1546'],
  ['GET', '/api/sessions'],
  ['GET', '/api/kernels'],
];
/** The same, once a minute. */
const UNTOUCHED_BY_MINUTE = ['/api/me', '/api/kernelspecs'];

test('a JupyterLab that is left open is used no more after two minutes, until somebody does something in it', () => {
  let now = 0;
  const judge = new UseJudge(() => now);
  const ask = (method: string, path: string, contentLength?: string): boolean => {
    const at = `${path}${path.includes('?') ? '&' : '?'}${1_796_067_367_088 + now}`;
    return judge.isUse(A, at, { ...FETCH, method, contentLength }, false);
  };
  const uses: string[] = [];
  for (; now < 600_000; now += 10_000) {
    const polled = [
      ...UNTOUCHED.filter((one) => ask(...one)),
      ...(now % 60_000 === 0 ? UNTOUCHED_BY_MINUTE.filter((path) => ask('GET', path)) : []),
    ];
    if (polled.length > 0) uses.push(`${now / 1000} s`);
  }
  assert.deepEqual(uses, ['0 s', '10 s', '60 s']);
  // Another tab of it was opened; then it is left again.
  assert.ok(ask('PUT', '/lab/api/workspaces/default', '1788'));
  assert.ok(ask('PUT', '/lab/api/workspaces/default', '1788'));
  assert.ok(!ask('PUT', '/lab/api/workspaces/default', '1788'));
  // It saves a notebook that somebody has changed, every two minutes, and a second time.
  for (let turn = 0; turn < 4; turn++) assert.ok(ask('PUT', '/api/contents/a.ipynb', '617'));
});

test('what is routed no more is forgotten', () => {
  const routes = shownRoutes();
  const judge = new UseJudge(() => 0);
  const ask = (): boolean => judge.isUse(A, '/api/sessions', FETCH, false);
  for (const expected of [true, true, false]) assert.equal(ask(), expected);
  routes.show([A]);
  judge.forget(routes.current());
  assert.ok(!ask());
  routes.show([]);
  judge.forget(routes.current());
  assert.ok(ask());
});
