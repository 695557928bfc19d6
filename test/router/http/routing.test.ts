import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { StaticRoute } from '../../../router/routes/model/table.ts';
import { HOST, LET_IN, T, attacked } from '../../support/attacked.ts';
import { OK, RawClient, header, headerValues, rawTask, replying } from '../../support/raw_peers.ts';
import type { RawTask } from '../../support/raw_peers.ts';
import { TASK_A, TASK_B, httpEndpoint, startProxy } from '../../support/proxy_world.ts';
import type { ProxyWorld } from '../../support/proxy_world.ts';
import { HANDSHAKE } from '../../support/web_socket_handshake.ts';

async function world(
  t: TestContext,
  make: (ports: readonly [number, number]) => Parameters<typeof startProxy>,
): Promise<{ tasks: readonly [RawTask, RawTask]; world: ProxyWorld; client: RawClient }> {
  const named = (name: string) =>
    replying(
      `HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/; Domain=x\r\nContent-Length: 1\r\n\r\n${name}`,
    );
  const tasks = [await rawTask(named('A')), await rawTask(named('B'))] as const;
  const started = await startProxy(...make([tasks[0].port, tasks[1].port]));
  const client = await RawClient.connect(started.port);
  t.after(async () => {
    client.destroy();
    await started.close();
    for (const task of tasks) await task.close();
  });
  return { tasks, world: started, client };
}

function route(changes: Partial<StaticRoute>): StaticRoute {
  return {
    name: 'chat',
    type: 'path',
    match: 'chat',
    access: 'visible',
    loadBalanced: false,
    enabled: true,
    status: 'routing',
    endpoints: [],
    ...changes,
  };
}

test('an endpoint on a host of its own: no prefix, neither in nor out', async (t) => {
  const { tasks, client } = await world(t, ([a, b]) => [
    [httpEndpoint(a, TASK_A), httpEndpoint(b, `${TASK_B}__My.App`)],
  ]);
  const own = `Host: ${TASK_A.toUpperCase()}.W.router.test:8443`;
  client.send('GET /x?y HTTP/1.1', own, LET_IN, '', '');
  const answer = await client.answer();
  assert.equal(answer.body, 'A');
  assert.deepEqual(headerValues(answer, 'set-cookie'), ['a=1; Path=/']);
  assert.deepEqual(tasks[0].requests(), ['GET /x?y HTTP/1.1']);
  assert.doesNotMatch(tasks[0].seen(), /x-forwarded-prefix/i);
  assert.match(tasks[0].seen(), /X-Forwarded-Host: A+\.W\.router\.test:8443\r\n/);
  client.send(`GET ${T}/under HTTP/1.1`, own, LET_IN, '', '');
  assert.equal((await client.answer()).status, 200);
  assert.deepEqual(tasks[0].requests()[1], 'GET /under HTTP/1.1');
  client.send('GET / HTTP/1.1', `Host: ${TASK_B}--my.app.w.router.test`, LET_IN, '', '');
  assert.equal((await client.answer()).body, 'B');
});

test('static routes by path and by host', async (t) => {
  const { tasks, client } = await world(t, ([a, b]) => {
    const one = httpEndpoint(a, TASK_A);
    const two = httpEndpoint(b, TASK_B);
    const hosted = {
      name: 'h',
      type: 'subdomain',
      match: 'chat.example.com',
      endpoints: [two],
    } as const;
    return [[one, two], {}, [route({ endpoints: [one] }), route(hosted)]];
  });
  client.send('GET /chat/v1/models HTTP/1.1', HOST, LET_IN, '', '');
  const answer = await client.answer();
  assert.equal(answer.body, 'A');
  assert.deepEqual(headerValues(answer, 'set-cookie'), ['a=1; Path=/chat/']);
  assert.match(tasks[0].seen(), /^GET \/v1\/models HTTP[^]*X-Forwarded-Prefix: \/chat\r\n/);
  client.send('GET /x HTTP/1.1', 'Host: chat.example.com', LET_IN, '', '');
  assert.equal((await client.answer()).body, 'B');
  client.send('GET /chat HTTP/1.1', HOST, LET_IN, '', '');
  assert.equal(header(await client.answer(), 'location'), '/chat/');
});

test('a load-balanced route spreads browsers and keeps each where it is', async (t) => {
  const { tasks, client } = await world(t, ([a, b]) => {
    const endpoints = [httpEndpoint(a, TASK_A), httpEndpoint(b, TASK_B)];
    return [endpoints, {}, [route({ loadBalanced: true, endpoints })]];
  });
  const served: string[] = [];
  let sticky = '';
  for (let turn = 0; turn < 4; turn++) {
    client.send('GET /chat/ HTTP/1.1', HOST, LET_IN, '', '');
    const answer = await client.answer();
    served.push(answer.body);
    const cookies = headerValues(answer, 'set-cookie');
    assert.equal(cookies.length, 2);
    sticky = cookies[1] ?? '';
  }
  assert.deepEqual(served, ['A', 'B', 'A', 'B']);
  assert.match(
    sticky,
    /^router_sticky_[0-9a-f]{8}=[\w-]{16}; Path=\/chat\/; HttpOnly; SameSite=Lax$/,
  );
  const before = tasks[1].requests().length;
  for (let turn = 0; turn < 3; turn++) {
    client.send('GET /chat/ HTTP/1.1', HOST, `${LET_IN}; ${sticky.split(';')[0]}`, '', '');
    const answer = await client.answer();
    assert.equal(answer.body, 'B');
    assert.equal(headerValues(answer, 'set-cookie').length, 1);
  }
  assert.equal(tasks[1].requests().length, before + 3);
  assert.doesNotMatch(tasks[1].seen(), /router_sticky/);
});

test('own pages are asked in turn, on the router’s own host alone', async (t) => {
  const asked: string[] = [];
  const { client } = await world(t, () => [
    [],
    {
      pages: [
        async ({ path }) => {
          asked.push(path);
          return false;
        },
        async ({ path, query, clientAddress }, response) => {
          if (path !== '/') return false;
          response.end(`${query} ${clientAddress}`);
          return true;
        },
      ],
    },
  ]);
  client.send('GET /?a=b HTTP/1.1', 'Host: router.test:99', '', '');
  assert.equal((await client.answer()).body, 'a=b 127.0.0.1');
  client.send('GET /api/v1/nothing HTTP/1.1', HOST, '', '');
  assert.equal((await client.answer()).status, 404);
  client.send('GET / HTTP/1.1', 'Host: elsewhere.test', '', '');
  assert.equal((await client.answer()).status, 404);
  assert.deepEqual(asked, ['/', '/api/v1/nothing']);
});

test('a page that breaks is the router’s own fault, and says no more than that', async (t) => {
  const { client, world: started } = await world(t, () => [
    [],
    { pages: [() => Promise.reject(new Error('a secret detail'))] },
  ]);
  client.send('GET / HTTP/1.1', HOST, '', '');
  const answer = await client.answer();
  assert.equal(answer.status, 500);
  assert.doesNotMatch(answer.body, /secret/);
  assert.match(started.logLines.join(''), /a secret detail/);
});

test('pages of the router come in the form that the client reads, and escape what others said', async (t) => {
  const attack = await attacked(t);
  const reason = 'the address "<script>alert(1)</script>" is none';
  attack.world.routes.show([httpEndpoint(1, TASK_A, { state: 'refused', reason })]);
  const client = await attack.client();
  const ask = async (accept: string) => {
    client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, `Accept: ${accept}`, '', '');
    return client.answer();
  };
  const html = await ask('text/html');
  assert.equal(html.status, 502);
  assert.match(html.body, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
  assert.doesNotMatch(html.body, /<script/);
  assert.match(header(html, 'content-security-policy') ?? '', /^default-src 'none'/);
  assert.equal(header(html, 'x-content-type-options'), 'nosniff');
  const json = await ask('application/json');
  assert.match((JSON.parse(json.body) as { detail: string }).detail, /<script>/);
  assert.equal(header(await ask('text/plain'), 'content-type'), 'text/plain; charset=utf-8');
});

test('an endpoint that has no open way in says which', async (t) => {
  const attack = await attacked(t);
  const client = await attack.client();
  const ask = async () => {
    client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
    const answer = await client.answer();
    return [answer.status, (JSON.parse(answer.body) as { error: string }).error];
  };
  attack.world.routes.show([httpEndpoint(1, TASK_A, { state: 'waiting' })]);
  assert.deepEqual(await ask(), [503, 'task-starting']);
  attack.world.routes.show([{ ...httpEndpoint(1, TASK_A), http: undefined }]);
  assert.deepEqual(await ask(), [404, 'no-http']);
  attack.world.routes.show([httpEndpoint(1, TASK_A)]);
  assert.deepEqual(await ask(), [503, 'task-refused']);
  attack.world.routes.show([httpEndpoint(1, TASK_A, { state: 'refused', reason: 'never' })]);
  assert.deepEqual(await ask(), [502, 'task-not-served']);
});

test('a gate that must ask first changes nothing but the time', async (t) => {
  const attack = await attacked(t);
  attack.world.gate.patient = true;
  const client = await attack.client();
  client.send(`POST ${T}/x HTTP/1.1`, HOST, LET_IN, 'Content-Length: 5', '', 'hello');
  assert.equal((await client.answer()).status, 200);
  assert.match(attack.task.seen(), /\r\n\r\nhello$/);
  client.send(`GET ${T}/ HTTP/1.1`, HOST, '', '');
  assert.equal((await client.answer()).status, 401);
});

test('the access log says who got what', async (t) => {
  const attack = await attacked(t, replying(OK));
  const client = await attack.client();
  client.send(`POST ${T}/x?q HTTP/1.1`, HOST, LET_IN, 'Content-Length: 5', '', 'hello');
  await client.answer();
  client.send(`GET ${T}/y HTTP/1.1`, HOST, '', '');
  await client.answer();
  await attack.world.proxy.close();
  const [first, second] = attack.world.access;
  assert.deepEqual(
    { ...first, time: '', durationMs: 0 },
    {
      level: 'info',
      time: '',
      event: 'request',
      client: '127.0.0.1',
      method: 'POST',
      host: 'router.test',
      path: `${T}/x`,
      status: 200,
      durationMs: 0,
      bytesIn: 5,
      bytesOut: 2,
      endpoint: TASK_A,
      user: 'alice',
      credential: 'cookie',
      message: 'request',
    },
  );
  assert.equal(second?.['status'], 401);
  assert.equal(second?.['reason'], 'no-token');
  assert.equal(second?.['endpoint'], TASK_A);
});

test('the tunnel is asked for by its sub-protocol; its refusals are answered', async (t) => {
  const attack = await attacked(t, replying(OK), {
    tunnel: {
      asked: (request) => request.headers['sec-websocket-protocol'] === 'tunnel',
      open: async ({ admitted }) => ({ status: 404, reason: `no TCP at ${admitted.endpoint.id}` }),
      drain: async () => undefined,
    },
  });
  const client = await attack.client();
  const protocol = 'Sec-WebSocket-Protocol: tunnel';
  client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, ...HANDSHAKE, protocol, '', '');
  const answer = await client.answer();
  assert.equal(answer.status, 404);
  assert.match(answer.body, new RegExp(`no TCP at ${TASK_A}`));
  const stranger = await attack.client();
  stranger.send(`GET ${T}/ HTTP/1.1`, HOST, ...HANDSHAKE, protocol, '', '');
  assert.equal((await stranger.answer()).status, 401);
  assert.equal(attack.task.connections.length, 0);
});

test('only what a trusted proxy says of the client is passed on', async (t) => {
  const attack = await attacked(t, replying(OK), {
    settings: {
      origin: 'https://router.test',
      wildcardHost: undefined,
      pathForm: true,
      isTrustedProxy: (address) => address === '127.0.0.1',
      secureCookies: true,
    },
  });
  const client = await attack.client();
  client.send(
    `GET ${T}/ HTTP/1.1`,
    HOST,
    LET_IN,
    'X-Forwarded-For: 6.6.6.6, 192.0.2.7',
    'X-Forwarded-Proto: http',
    'X-Forwarded-Host: router.test:8443',
    '',
    '',
  );
  assert.equal((await client.answer()).status, 200);
  assert.match(
    attack.task.seen(),
    /X-Forwarded-For: 192\.0\.2\.7, 127\.0\.0\.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: router\.test:8443\r\n/,
  );
  assert.equal(attack.world.gate.asked[0]?.clientAddress, '192.0.2.7');
});
