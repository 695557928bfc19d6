import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test, type TestContext } from 'node:test';
import { runInNewContext } from 'node:vm';
import { Visits } from '../../../router/waiting/visits.ts';
import { HOST, LET_IN, T } from '../../support/attacked.ts';
import { CLEARML_COOKIE, bearer, taskId, tokenOf } from '../../support/auth_fixture.ts';
import { freePort } from '../../lab/free_port.ts';
import { ROUTER_HOST, balanced } from '../../support/balanced.ts';
import { TASK_A, httpEndpoint, startProxy, type ProxyWorld } from '../../support/proxy_world.ts';
import { RawClient, header, type RawAnswer } from '../../support/raw_peers.ts';

const NAVIGATION = ['Accept: text/html', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Site: none'];
const POLL = ['Task-Router-Poll: 1', 'Accept: application/json', 'Sec-Fetch-Site: same-origin'];

interface World extends ProxyWorld {
  readonly ask: (...lines: readonly string[]) => Promise<RawAnswer>;
  /** Port at which nothing listens at first. */
  readonly taskPort: number;
}

/** A router in front of a task that does not listen. */
async function world(t: TestContext, changes: Parameters<typeof startProxy>[1] = {}) {
  const taskPort = await freePort();
  const started = await startProxy([httpEndpoint(taskPort)], changes);
  const ask = async (...lines: readonly string[]): Promise<RawAnswer> => {
    const client = await RawClient.connect(started.port);
    client.send(...lines, '', '');
    const answer = await client.answer(lines[0]?.startsWith('HEAD'));
    client.destroy();
    return answer;
  };
  t.after(() => started.close());
  return { ...started, ask, taskPort } satisfies World;
}

/** A task's app begins to listen. */
async function listen(t: TestContext, port: number): Promise<string[]> {
  const seen: string[] = [];
  const app = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
    response.end('app');
  }).listen(port, '127.0.0.1');
  await once(app, 'listening');
  t.after(() => void app.close());
  return seen;
}

const textOf = ({ body }: RawAnswer): string =>
  Buffer.from(body, 'latin1')
    .toString()
    .replace(/<(style|script|noscript)>.*?<\/\1>/gs, '')
    .replaceAll(/<[^>]+>/g, '\n')
    .replaceAll(/\n+/g, '\n')
    .trim();

test('a program is told 503, and when to come again', async (t) => {
  const { ask } = await world(t);
  for (const method of ['GET', 'POST']) {
    const answer = await ask(`${method} ${T}/api HTTP/1.1`, HOST, LET_IN, 'Content-Length: 0');
    assert.equal(answer.status, 503);
    assert.equal(header(answer, 'retry-after'), '3');
    assert.deepEqual(JSON.parse(answer.body), {
      error: 'task-refused',
      title: 'The task does not listen',
      detail: 'The task is running, but nothing listens at the address that it gave.',
      advice:
        'If the task has just started, wait until its app listens. Otherwise look at the console of the task in ClearML: the app may have stopped, or may listen on another port or on 127.0.0.1 only.',
    });
  }
});

test('whoever opens a page gets one that waits, and says what ClearML and the router know', async (t) => {
  const settings = {
    origin: 'http://router.test',
    wildcardHost: undefined,
    pathForm: true,
    isTrustedProxy: undefined,
    secureCookies: false,
    clearmlWebUrl: 'https://app.example.com',
  };
  const { ask, routes, taskPort } = await world(t, { settings });
  const shown = httpEndpoint(taskPort);
  const task = { ...shown.task, name: '<b>train</b>', startedAt: Date.now() - 125_000 };
  routes.show([{ ...shown, task }]);
  const page = await ask(`GET ${T}/lab?token=x HTTP/1.1`, HOST, LET_IN, ...NAVIGATION);
  assert.deepEqual([page.status, header(page, 'retry-after')], [503, '3']);
  assert.equal(
    textOf(page),
    [
      'Waiting for the task',
      'Waiting for the task',
      'The task is running, but nothing listens at the address that it gave.',
      'Task',
      '&lt;b&gt;train&lt;/b&gt;',
      'ClearML',
      'running, started ',
      '2 min ago',
      'Router',
      `tried 127.0.0.1:${taskPort}: nothing listens there`,
      'This page looks every few seconds, and opens the app as soon as it listens.',
      'It has taken 15 minutes. Look at',
      'what the app says in ',
      'its console in ClearML',
      ': it may have stopped, or still be loading',
      'whether it listens on the port that the task gave',
      'whether it listens on all addresses (0.0.0.0), not on 127.0.0.1 alone',
      'Wait again',
      'Your endpoints',
      'task-traffic-router · 503 task-refused',
    ].join('\n'),
  );
  assert.match(page.body, /<section id="late" hidden>/);
  const refresh = '<noscript><meta http-equiv="refresh" content="5;url=./lab?token=x"></noscript>';
  assert.ok(page.body.includes(`${refresh}</head>`));
  assert.match(
    page.body,
    /href="https:\/\/app\.example\.com\/projects\/\*\/experiments\/a{32}\/output\/log"/,
  );
  assert.match(
    header(page, 'content-security-policy') ?? '',
    /^default-src 'none'; style-src 'sha256-[\w+/=]+'; base-uri 'none'; form-action 'none'; script-src 'sha256-[\w+/=]+'; connect-src 'self'$/,
  );
  const head = await ask(`HEAD ${T}/ HTTP/1.1`, HOST, LET_IN, ...NAVIGATION);
  assert.deepEqual([head.status, header(head, 'retry-after')], [503, '3']);
});

test('without scripts it loads itself anew at its own address, whatever that holds', async (t) => {
  const { ask } = await world(t);
  for (const [path, url] of [
    ['/', './'],
    ['//evil.example/', './'],
    ['//evil.example', './evil.example'],
    ['/a/javascript:b?c=/d', './javascript:b?c=/d'],
    [`/"'><script>`, './&quot;&#39;&gt;&lt;script&gt;'],
  ] as const) {
    const own = `Host: ${TASK_A}.w.router.test`;
    const page = await ask(`GET ${path} HTTP/1.1`, own, LET_IN, ...NAVIGATION);
    assert.match(page.body, /http-equiv/);
    assert.equal(/content="5;url=([^"]*)"/.exec(page.body)?.[1], url);
  }
});

test('its script asks at its own address, also where the path looks like another host', async (t) => {
  const { ask } = await world(t);
  const own = `Host: ${TASK_A}.w.router.test`;
  const page = await ask('GET //evil.example/ HTTP/1.1', own, LET_IN, ...NAVIGATION);
  const script = /<script>(.*?)<\/script>/s.exec(page.body)?.[1] ?? '';
  const { promise: asked, resolve } = Promise.withResolvers<string>();
  const location = new URL(`http://${TASK_A}.w.router.test//evil.example/#part`);
  runInNewContext(script, {
    location,
    performance,
    document: { getElementById: () => ({ hidden: true }) },
    setTimeout: (look: () => void) => look(),
    fetch: (url: string) => {
      resolve(new URL(url, location).href);
      return new Promise(() => undefined);
    },
  });
  assert.equal(await asked, `http://${TASK_A}.w.router.test//evil.example/`);
});

test('a task that has not said where it listens is waited for, too', async (t) => {
  const { ask, routes } = await world(t);
  routes.show([httpEndpoint(1, TASK_A, { state: 'waiting' })]);
  const page = await ask(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, ...NAVIGATION);
  assert.deepEqual([page.status, header(page, 'retry-after')], [503, '3']);
  assert.match(textOf(page), /\nRouter\nhas not been told yet where the task listens\n/);
  assert.equal((await ask(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, ...POLL)).status, 503);
});

test('a form that was sent, a script and an upgrade get no page that loads itself anew', async (t) => {
  const { ask } = await world(t);
  const sent = await ask(
    `POST ${T}/ HTTP/1.1`,
    HOST,
    LET_IN,
    'Content-Length: 0',
    'Origin: http://router.test',
    ...NAVIGATION,
  );
  const script = await ask(
    `GET ${T}/ HTTP/1.1`,
    HOST,
    LET_IN,
    'Accept: text/html',
    'Sec-Fetch-Mode: cors',
  );
  for (const answer of [sent, script]) {
    assert.equal(answer.status, 503);
    assert.doesNotMatch(answer.body, /<script|http-equiv/);
    assert.match(answer.body, /<h1>The task does not listen<\/h1>/);
  }
});

test('its question is answered by the router alone: 503 while nothing listens, 204 from then on; that is no use of the endpoint', async (t) => {
  const { ask, activity, taskPort, access } = await world(t);
  assert.equal((await ask(`GET ${T}/lab HTTP/1.1`, HOST, LET_IN, ...POLL)).status, 503);
  const seen = await listen(t, taskPort);
  let answer: RawAnswer;
  do answer = await ask(`GET ${T}/lab HTTP/1.1`, HOST, LET_IN, ...POLL);
  while (answer.status === 503);
  assert.deepEqual([answer.status, answer.body], [204, '']);
  assert.equal(header(answer, 'content-length'), undefined);
  assert.deepEqual(seen, []);
  const { usedAt, answeredAt } = activity.of(TASK_A, 'http');
  assert.equal(usedAt, 0);
  assert.ok(answeredAt > 0);
  assert.equal(access.at(-1)?.['reason'], 'wait-over');
  const opened = await ask(`GET ${T}/lab HTTP/1.1`, HOST, LET_IN, ...NAVIGATION);
  assert.equal(opened.body, 'app');
  const posted = await ask(`POST ${T}/ HTTP/1.1`, HOST, LET_IN, POLL[0] ?? '', 'Content-Length: 0');
  assert.equal(posted.body, 'app', 'it is a question of GET alone');
  assert.doesNotMatch(seen.join(), /poll/i);
});

test('where the wait has no end in sight since the ask is refused, the page is to show that', async (t) => {
  const { ask, routes } = await world(t);
  routes.show([httpEndpoint(1, TASK_A, { state: 'refused', reason: 'no' })]);
  assert.equal((await ask(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, ...POLL)).status, 204);
});

test('without scripts it ends after 15 minutes, with what to look at; opened again it waits again', async (t) => {
  let now = 0;
  const { ask } = await world(t, { visits: new Visits(() => now) });
  const open = () => ask(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, ...NAVIGATION);
  for (; now < 15 * 60_000; now += 50_000) assert.match((await open()).body, /http-equiv/);
  const over = await open();
  assert.deepEqual([over.status, header(over, 'retry-after')], [503, '3']);
  assert.doesNotMatch(over.body, /http-equiv|id="late" hidden/);
  assert.match(textOf(over), /This page no longer waits\.\nIt has taken 15 minutes\. Look at\n/);
  assert.match((await open()).body, /http-equiv/);
});

test('to whom ClearML does not show the task its question is answered as for one that is not there', async (t) => {
  const there = await freePort();
  const world = await balanced(t, [there], {}, 'visible');
  const token = await tokenOf('other');
  world.clearml.grant(token, taskId('5'));
  const [name, value] = bearer(token);
  const client = await world.client();
  const ask = async (id: string, ...who: readonly string[]): Promise<RawAnswer> => {
    client.send(`GET /service/${id}/ HTTP/1.1`, ROUTER_HOST, ...who, ...POLL, '', '');
    return client.answer();
  };
  const other = `${name}: ${value}`;
  const hidden = await ask(taskId('1'), other);
  const none = await ask(taskId('9'), other);
  assert.equal(hidden.status, 404);
  const told = ({ status, headers, body }: RawAnswer) => ({
    status,
    headers: headers.filter(([key]) => key !== 'date'),
    body,
  });
  assert.deepEqual(told(hidden), told(none));
  assert.deepEqual(told(await ask(taskId('1'))), told(await ask(taskId('9'))));
  assert.equal((await ask(taskId('1'))).status, 401);
  assert.equal((await ask(taskId('1'), world.user)).status, 503);
  const session = `Cookie: ${CLEARML_COOKIE}=${world.user.slice('Authorization: Bearer '.length)}`;
  client.send(`GET /service/${taskId('1')}/ HTTP/1.1`, ROUTER_HOST, session, ...POLL.slice(0, 2));
  client.send('', 'Sec-Fetch-Site: cross-site', '', '');
  assert.equal((await client.answer()).status, 403, 'a page of another site learns nothing by it');
});

test('a task that is queued again is waited for, from the queue to the app', async (t) => {
  const taskPort = await freePort();
  const world = await balanced(t, [taskPort], {}, 'visible');
  const client = await world.client();
  const ask = async (...lines: readonly string[]): Promise<RawAnswer> => {
    const id = taskId('1');
    client.send(`GET /service/${id}/lab HTTP/1.1`, ROUTER_HOST, world.user, ...lines, '', '');
    return client.answer();
  };
  world.serve();
  world.clearml.words.set(taskId('1'), { status: 'queued', startedAt: 1 });
  const queued = await ask(...NAVIGATION);
  assert.deepEqual([queued.status, header(queued, 'retry-after')], [503, '5']);
  assert.match(
    textOf(queued),
    /\nClearML\nwaits in a queue\nRouter\nknows the way once the task runs/,
  );
  assert.match(queued.body, /http-equiv/);
  const poll = await ask(...POLL);
  assert.deepEqual(JSON.parse(Buffer.from(poll.body, 'latin1').toString()), {
    error: 'task-queued',
    title: 'The task waits in a queue',
    detail: '“a task” is queued in ClearML again, and does not run yet.',
    advice: 'Start the task again, or look at its console in ClearML.',
  });
  world.serve(...world.endpoints);
  assert.equal((await ask(...POLL)).status, 503);
  await listen(t, taskPort);
  let answer: RawAnswer;
  do answer = await ask(...POLL);
  while (answer.status === 503);
  assert.equal(answer.status, 204);
});

test('by a load-balanced route it waits while none of its tasks listens', async (t) => {
  const ports = [await freePort(), await freePort()];
  const world = await balanced(t, ports);
  const client = await world.client();
  const ask = async (...lines: readonly string[]): Promise<RawAnswer> => {
    client.send('GET /chat/ HTTP/1.1', ROUTER_HOST, world.user, ...lines, '', '');
    return client.answer();
  };
  const page = await ask(...NAVIGATION);
  assert.equal(page.status, 503);
  assert.match(page.body, /<h1>Waiting for the task<\/h1>/);
  assert.doesNotMatch(
    textOf(page),
    /127\.0\.0\.1:|\nTask\n/,
    'the route is for everybody, its tasks are not',
  );
  assert.equal((await ask(...POLL)).status, 503);
  await listen(t, ports[1] ?? 0);
  let answer: RawAnswer;
  do answer = await ask(...POLL);
  while (answer.status === 503);
  assert.equal(answer.status, 204);
  assert.equal((await ask(...NAVIGATION)).body, 'app');
});
