import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test, type TestContext } from 'node:test';
import { freePort } from '../../lab/free_port.ts';
import { UNLIMITED } from '../../../router/load/load_guard.ts';
import { until } from '../../support/attacked.ts';
import { bearer, taskId, tokenOf } from '../../support/auth_fixture.ts';
import {
  ROUTER_HOST,
  balanced,
  deafPort,
  resetting,
  task,
  type Balanced,
} from '../../support/balanced.ts';
import {
  OK,
  headerValues,
  rawTask,
  replying,
  type RawAnswer,
  type RawTask,
} from '../../support/raw_peers.ts';

const named = (name: string) =>
  replying(`HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`);

/** One request by the route, on a connection of its own. */
async function ask(
  { client: connected, user }: Balanced,
  method: string,
  headers: readonly string[] = [],
  body = '',
): Promise<RawAnswer> {
  const client = await connected();
  client.send(`${method} /chat/x HTTP/1.1`, ROUTER_HOST, user, ...headers, '', body);
  const answer = await client.answer(method === 'HEAD', 10_000);
  client.destroy();
  return answer;
}

const SETTINGS = {
  origin: 'https://router.example.com',
  wildcardHost: undefined,
  pathForm: true,
  isTrustedProxy: undefined,
  secureCookies: false,
};

const codeOf = ({ body }: RawAnswer): string => (JSON.parse(body) as { error: string }).error;

/** Somebody listens at a port where nobody did, and answers so. */
async function listenAgain(t: TestContext, port: number, answer: string): Promise<void> {
  const server = createServer((socket) => {
    socket.on('data', () => socket.write(answer)).on('error', () => undefined);
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
}

test('under steady load nothing fails but what a task had got, whether it refuses, resets or is silent', async (t) => {
  const resets = await task(t, resetting);
  const silent = await task(t, () => undefined);
  const works = await task(t, named('works'));
  const world = await balanced(t, [await freePort(), resets.port, silent.port, works.port], {
    settings: { ...SETTINGS, answerTime: 500 },
  });
  const failed: string[] = [];
  const ten = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn++) {
      for (const [method, headers, body] of [
        ['GET', [], ''],
        ['POST', ['Content-Length: 2'], 'hi'],
      ] as const) {
        const answer = await ask(world, method, headers, body);
        if (answer.status === 200) assert.equal(answer.body, 'works');
        else failed.push(`${method} ${codeOf(answer)}`);
      }
    }
  };
  await Promise.all([ten(), ten(), ten(), ten(), ten(), ten()]);
  // Each got one request a connection.
  const got = ({ connections }: RawTask, method: string): number =>
    connections.filter(({ text }) => text().startsWith(method)).length;
  const count = (text: string): number => failed.filter((line) => line === text).length;
  assert.equal(count('GET task-timeout'), got(silent, 'GET'));
  assert.equal(count('POST task-timeout'), got(silent, 'POST'));
  assert.equal(count('POST task-reset'), got(resets, 'POST'));
  assert.equal(failed.length, silent.connections.length + got(resets, 'POST'));
  assert.ok(resets.connections.length <= 24, 'it is left alone once it has failed');
  assert.ok((await world.failovers('request')) >= 1);
  const failures = world.events('upstream_failed').map(({ failure }) => failure);
  assert.ok(failures.every((failure) => /^(refused|reset|timeout)$/.test(String(failure))));
});

test('a silent task is nobody’s first choice again since its clients left, until it answers', async (t) => {
  let speaks = false;
  const silent = await task(t, (connection) => {
    if (speaks) named('back')(connection);
  });
  const works = await task(t, named('works'));
  const world = await balanced(t, [silent.port, works.port]);
  const id = taskId('1');
  const own = `/service/${id}/`;
  const leave = async (line: string, ...rest: readonly string[]): Promise<void> => {
    const ended = world.events('request').length;
    const got = silent.seen().length;
    const client = await world.client();
    client.send(`${line} HTTP/1.1`, ROUTER_HOST, world.user, ...rest);
    await until(() => silent.seen().length > got);
    client.destroy();
    await until(() => world.events('request').length > ended);
  };
  await leave(`POST ${own}`, 'Content-Length: 5', '', 'he');
  assert.equal(world.activity.givenUp.of({ id }), 0, 'it was to get more of the request');
  await leave(`GET ${own}`, '', '');
  await leave(`POST ${own}`, 'Content-Length: 5', '', 'hello');
  assert.equal(world.activity.givenUp.of({ id }), 2);
  for (let turn = 0; turn < 6; turn++) assert.equal((await ask(world, 'GET')).body, 'works');
  world.activity.failed('http', id, 'timeout', performance.now());
  await leave(`GET ${own}`, '', '');
  assert.equal(world.activity.givenUp.of({ id }), 0, 'what it had when it was ejected');
  speaks = true;
  const client = await world.client();
  client.send(`GET ${own} HTTP/1.1`, ROUTER_HOST, world.user, '', '');
  assert.equal((await client.answer()).body, 'back');
  const bodies = [await ask(world, 'GET'), await ask(world, 'GET')].map(({ body }) => body);
  assert.deepEqual(new Set(bodies), new Set(['works', 'back']));
});

test('where nothing was sent, every method goes on to the next task, with all of its body', async (t) => {
  const big = 'b'.repeat(300_000);
  for (const [method, headers, body] of [
    ['GET', [], ''],
    ['HEAD', [], ''],
    ['PATCH', ['Content-Length: 0'], ''],
    ['POST', ['Content-Length: 5'], 'hello'],
    ['POST', ['Expect: 100-continue', 'Content-Length: 5'], 'hello'],
    ['PUT', [`Content-Length: ${big.length}`], big],
    ['POST', ['Transfer-Encoding: chunked'], '5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n'],
  ] as const) {
    const works = await task(t);
    const world = await balanced(t, [await freePort(), works.port]);
    const client = await world.client();
    client.send(`${method} /chat/x HTTP/1.1`, ROUTER_HOST, world.user, ...headers, '', body);
    let answer = await client.answer(method === 'HEAD');
    if (answer.status === 100) answer = await client.answer();
    assert.equal(answer.status, 200, method);
    assert.equal(works.requests().length, 1);
    const sent = works.seen().slice(works.seen().indexOf('\r\n\r\n') + 4);
    const whole = headers.some((line) => line.startsWith('Transfer')) ? 'helloyou' : body;
    assert.equal(sent.replaceAll(/(^|\r\n)[0-9a-f]+\r\n/g, '').replace(/\r\n$/, ''), whole);
    assert.equal(await world.failovers('request'), 1);
    const [line] = world.events('request');
    assert.deepEqual([line?.['status'], line?.['endpoint']], [200, taskId('2')]);
  }
});

test('what was sent is sent again only where once more is the same as once, and nothing of a body was used up', async (t) => {
  const cases = [
    ['GET', [], '', 2],
    ['HEAD', [], '', 2],
    ['OPTIONS', [], '', 2],
    ['DELETE', [], '', 2],
    ['POST', [], '', 1],
    ['PATCH', ['Content-Length: 5'], 'hello', 1],
    ['PUT', ['Content-Length: 10'], 'hello', 1],
    ['DELETE', ['Content-Length: 5'], 'hello', 1],
  ] as const;
  for (const [method, headers, body, times] of cases) {
    const first = await task(t, resetting);
    const second = await task(t);
    const world = await balanced(t, [first.port, second.port]);
    const answer = await ask(world, method, headers, body);
    assert.equal(answer.status, times === 2 ? 200 : 502, method);
    if (times === 1) assert.equal(codeOf(answer), 'task-reset');
    assert.equal(first.requests().length, 1, method);
    assert.equal(second.requests().length, times - 1, method);
    // It is left alone all the same.
    assert.equal((await ask(world, 'GET')).status, 200);
    assert.equal(first.requests().length, 1, method);
  }
});

test('a task that has begun to answer is not replaced, nor one that answers wrongly', async (t) => {
  for (const says of ['HTTP/1.1 2', 'HTTP/1.1 102 Processing\r\n\r\n', 'no HTTP\r\n\r\n']) {
    const first = await task(t, ({ socket }) => void socket.end(says));
    const second = await task(t);
    const world = await balanced(t, [first.port, second.port]);
    const client = await world.client();
    client.send('GET /chat/ HTTP/1.1', ROUTER_HOST, world.user, '', '');
    let answer = await client.answer();
    if (answer.status < 200) answer = await client.answer();
    assert.equal(answer.status, 502, says);
    assert.equal(second.requests().length, 0, says);
  }
});

test('three tasks in all', async (t) => {
  const lost = [];
  for (let count = 0; count < 5; count++) lost.push(await task(t, resetting));
  const world = await balanced(
    t,
    lost.map(({ port }) => port),
  );
  assert.equal((await ask(world, 'GET')).status, 502);
  assert.equal(
    lost.reduce((sum, { connections }) => sum + connections.length, 0),
    3,
  );
});

test('a task that is silent is asked once, keeps its place, and gets no more while others have less to do', async (t) => {
  const silent = await task(t, () => undefined);
  const works = await task(t, named('works'));
  const settings = { ...SETTINGS, answerTime: 500 };
  const world = await balanced(t, [silent.port, works.port], { settings });
  const waiting = ask(world, 'GET');
  await until(() => silent.requests().length === 1);
  for (let turn = 0; turn < 5; turn++) assert.equal((await ask(world, 'GET')).body, 'works');
  assert.equal(silent.requests().length, 1);
  const late = await waiting;
  assert.deepEqual([late.status, codeOf(late)], [504, 'task-timeout']);
  assert.equal(works.requests().length, 5);
  // Slow is not lost: it takes its turn again.
  const [one, two] = [ask(world, 'GET'), ask(world, 'GET')];
  await until(() => silent.requests().length === 2);
  assert.deepEqual(
    (await Promise.all([one, two])).map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 504],
  );
});

test('a task that takes no connection in time is lost, whatever time its answers have', async (t) => {
  const works = await task(t);
  const settings = { ...SETTINGS, answerTime: 300 };
  const deaf = await deafPort(t);
  const world = await balanced(t, [deaf, works.port], { settings });
  assert.equal((await ask(world, 'POST', ['Content-Length: 5'], 'hello')).status, 200);
  assert.match(works.seen(), /\r\n\r\nhello$/);
  assert.deepEqual(
    world.events('upstream_failed').map(({ failure }) => failure),
    ['timeout'],
  );
  assert.equal(await world.failovers('request'), 1);
});

test('a lost task comes back by a probe', async (t) => {
  const works = await task(t, named('works'));
  const back = await rawTask(named('back'));
  const world = await balanced(t, [back.port, works.port]);
  const [first] = world.endpoints;
  assert.ok(first);
  assert.equal((await ask(world, 'GET')).body, 'back');
  await back.close();
  for (let turn = 0; turn < 4; turn++) assert.equal((await ask(world, 'GET')).body, 'works');
  assert.ok(world.activity.of(first.id, 'http').failedAt > 0);
  await listenAgain(t, back.port, 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nback');
  const since = performance.now();
  for (;;) {
    const { status, body } = await ask(world, 'GET');
    assert.equal(status, 200);
    if (body === 'back') break;
    assert.ok(performance.now() - since < 5_000, 'it never came back');
  }
  const { answeredAt, failedAt } = world.activity.of(first.id, 'http');
  assert.ok(answeredAt >= failedAt, 'it is shown as answering');
});

test('nothing is refused since all tasks failed before', async (t) => {
  const ports = [await freePort(), await freePort()];
  const world = await balanced(t, ports);
  for (let turn = 0; turn < 2; turn++) {
    const answer = await ask(world, 'GET');
    assert.deepEqual([answer.status, codeOf(answer)], [503, 'task-refused']);
  }
  await listenAgain(t, ports[1] ?? 0, OK);
  assert.equal((await ask(world, 'GET')).status, 200);
});

test('a browser moves on with the task that it had, and its cookie says so', async (t) => {
  const first = await rawTask(named('first'));
  const second = await task(t, named('second'));
  const world = await balanced(t, [first.port, second.port]);
  const moved = async (cookie: string[]) => {
    const answer = await ask(world, 'GET', cookie);
    return [answer.body, headerValues(answer, 'set-cookie').join()] as const;
  };
  const [body, given] = await moved([]);
  assert.equal(body, 'first');
  const had = [`Cookie: ${given.split(';')[0]}`];
  assert.deepEqual(await moved(had), ['first', '']);
  await first.close();
  const [next, changed] = await moved(had);
  assert.equal(next, 'second');
  assert.match(
    changed,
    /^router_sticky_[0-9a-f]{8}=[\w-]{16}; Path=\/chat\/; HttpOnly; SameSite=Lax$/,
  );
  assert.notEqual(changed, given);
  // While it is out, nobody tries it first; the cookie of before leads to the other one, too.
  assert.deepEqual(await moved(had), ['second', changed]);
  assert.deepEqual(await moved([`Cookie: ${changed.split(';')[0]}`]), ['second', '']);
  assert.equal(world.events('upstream_failed').length, 1);
});

test('a request whose task ends before it has answered goes on to another', async (t) => {
  const ends = await task(t, () => undefined);
  const works = await task(t, named('works'));
  const world = await balanced(t, [ends.port, works.port]);
  const waiting = ask(world, 'GET');
  await until(() => ends.requests().length === 1);
  const [, stays] = world.endpoints;
  assert.ok(stays);
  world.serve(stays);
  const answer = await waiting;
  assert.deepEqual([answer.status, answer.body], [200, 'works']);
});

test('one that has waited for long goes on, too, but for what is not the same when it comes twice', async (t) => {
  const ends = await task(t, () => undefined);
  const works = await task(t, named('works'));
  const world = await balanced(t, [ends.port, works.port]);
  const [first, stays] = world.endpoints;
  assert.ok(first !== undefined && stays !== undefined);
  world.serve(first);
  const [reading, writing] = [ask(world, 'GET'), ask(world, 'POST')];
  await until(() => ends.requests().length === 2);
  world.serve(first, stays);
  await until(() => world.held() === 2, 4_000);
  world.serve(stays);
  const [read, wrote] = [await reading, await writing];
  assert.equal(read.status, 502, 'its route had one task when it came');
  assert.deepEqual([wrote.status, codeOf(wrote)], [502, 'task-ended']);
  assert.equal(world.held(), 0);
  world.serve(first, stays);
  const later = [ask(world, 'GET'), ask(world, 'GET')];
  await until(() => ends.requests().length === 3);
  await until(() => world.held() === 1, 4_000);
  world.serve(stays);
  for (const answer of await Promise.all(later)) assert.equal(answer.body, 'works');
  await until(() => world.held() === 0);
});

test('whoever uploads to tasks that are all lost gets to read how, and may go on', async (t) => {
  const world = await balanced(t, [await freePort(), await freePort()]);
  const client = await world.client();
  const line = 'Content-Length: 5000000';
  client.send('POST /chat/x HTTP/1.1', ROUTER_HOST, world.user, line, '', 'x'.repeat(5_000_000));
  assert.equal((await client.answer()).status, 503);
  client.send('GET /chat/x HTTP/1.1', ROUTER_HOST, world.user, '', '');
  assert.equal((await client.answer()).status, 503);
});

test('a router that ends asks no other task', async (t) => {
  const silent = await task(t, () => undefined);
  const other = await task(t);
  const world = await balanced(t, [silent.port, other.port]);
  const client = await world.client();
  client.send('GET /chat/x HTTP/1.1', ROUTER_HOST, world.user, '', '');
  await until(() => silent.requests().length === 1);
  await world.close();
  await client.untilClosed();
  assert.equal(other.connections.length, 0);
});

test('an endpoint by its own URL does not fail over', async (t) => {
  const works = await task(t);
  const world = await balanced(t, [await freePort(), works.port]);
  const client = await world.client();
  client.send(`GET /service/${taskId('1')}/ HTTP/1.1`, ROUTER_HOST, world.user, '', '');
  assert.equal((await client.answer()).status, 503);
  assert.equal(works.connections.length, 0);
});

test('the gate is asked for each task: a user who may see one gets no other, and is denied nothing', async (t) => {
  const hidden = await task(t);
  const lost = await freePort();
  const world = await balanced(t, [lost, hidden.port], {}, 'visible');
  const one = await tokenOf('one');
  world.clearml.grant(one, taskId('1'));
  const [name, value] = bearer(one);
  const of = { ...world, user: `${name}: ${value}` };
  for (let turn = 0; turn < 3; turn++) {
    const answer = await ask(of, 'GET');
    assert.deepEqual([answer.status, codeOf(answer)], [503, 'task-refused']);
  }
  assert.equal(hidden.connections.length, 0);
  assert.ok(
    world.clearml.questions.some((ids) => ids.includes(taskId('2'))),
    'it was asked',
  );
  assert.deepEqual(world.events('denied'), []);
  // Another user may see both.
  assert.equal((await ask(world, 'GET')).status, 200);
  assert.match(hidden.seen(), /X-ClearML-User-Id: user\r\n/);
});

test('a task that is its owner’s alone gets nothing of what others lost', async (t) => {
  const owned = await task(t);
  const world = await balanced(t, [await freePort(), owned.port]);
  const [lost, second] = world.endpoints;
  assert.ok(lost !== undefined && second !== undefined);
  world.serve(lost, { ...second, access: 'owner' });
  for (const method of ['GET', 'POST']) assert.equal((await ask(world, method)).status, 503);
  assert.equal(owned.connections.length, 0);
  assert.deepEqual(world.events('denied'), []);
});

test('what goes on counts at the task that it goes to', async (t) => {
  const waiting: (() => void)[] = [];
  const slow = await task(t, ({ socket, text }) => {
    if (text().endsWith('\r\n\r\n')) waiting.push(() => socket.write(OK));
  });
  const first = await rawTask(resetting);
  const world = await balanced(t, [first.port, slow.port], {
    limits: { ...UNLIMITED, requests: { ...UNLIMITED.requests, perTask: 1, perUser: 2 } },
  });
  const one = ask(world, 'GET');
  await until(() => waiting.length === 1);
  await first.close();
  const two = await ask(world, 'GET');
  assert.deepEqual([two.status, codeOf(two)], [503, 'requests-per-task']);
  waiting[0]?.();
  assert.equal((await one).status, 200);
  for (let turn = 1; turn < 4; turn++) {
    const next = ask(world, 'GET');
    await until(() => waiting.length === turn + 1);
    waiting[turn]?.();
    assert.equal((await next).status, 200);
  }
});

test('tasks that close in the middle of a load lose what they had got and nothing else', async (t) => {
  const closing = await rawTask(named('closing'));
  const works = await task(t, named('works'));
  const world = await balanced(t, [closing.port, works.port]);
  let closed: Promise<void> | undefined;
  let lost = 0;
  const post = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) {
      if (closing.seen().length >= 5_000) closed ??= closing.close();
      const reading = await ask(world, 'GET');
      assert.equal(reading.status, 200);
      const { status, body } = await ask(world, 'POST', ['Content-Length: 2'], 'hi');
      if (status === 200) continue;
      assert.deepEqual(
        [status, (JSON.parse(body) as { error: string }).error],
        [502, 'task-reset'],
      );
      lost += 1;
    }
  };
  await Promise.all([post(), post(), post(), post()]);
  await closed;
  assert.ok(lost <= 4, `${lost}`);
  const posts = (closing.seen() + works.seen()).split('POST /x HTTP/1.1').length - 1;
  assert.ok(posts <= 80 && posts >= 80 - lost, `${posts} of which ${lost} were lost`);
});
