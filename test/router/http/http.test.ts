import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OK, RawClient, header, rawTask, replying } from '../../support/raw_peers.ts';
import { COOKIE, TASK_A, httpEndpoint, startProxy } from '../../support/proxy_world.ts';

const T = `/service/${TASK_A}`;

test('carries a request to the task, without the prefix, with who asks and from where', async (t) => {
  const task = await rawTask(replying(OK));
  const world = await startProxy([httpEndpoint(task.port)]);
  t.after(async () => {
    await world.close();
    await task.close();
  });
  const client = await RawClient.connect(world.port);
  client.send(
    `GET ${T}/a/b?x=1&y=%20 HTTP/1.1`,
    'Host: router.test:8080',
    `Cookie: theme=dark; ${COOKIE}; lang=en`,
    'X-Odd-CASE: kept',
    '',
    '',
  );
  const answer = await client.answer();
  assert.equal(answer.status, 200);
  assert.equal(answer.body, 'ok');
  const lines = task.seen().split('\r\n');
  assert.deepEqual(lines, [
    'GET /a/b?x=1&y=%20 HTTP/1.1',
    'Host: router.test:8080',
    'Cookie: theme=dark; lang=en',
    'X-Odd-CASE: kept',
    'X-Forwarded-For: 127.0.0.1',
    'X-Forwarded-Proto: http',
    'X-Forwarded-Host: router.test:8080',
    `X-Forwarded-Prefix: ${T}`,
    'X-ClearML-User-Id: alice',
    'X-ClearML-User-Name: Alice Liddell',
    'Connection: keep-alive',
    '',
    '',
  ]);
  assert.equal(header(answer, 'content-length'), '2');
});

test('answers by itself what it does not serve', async (t) => {
  const world = await startProxy([]);
  t.after(() => world.close());
  const client = await RawClient.connect(world.port);
  client.send(`GET ${T}/ HTTP/1.1`, 'Host: router.test', '', '');
  const denied = await client.answer();
  assert.equal(denied.status, 401);
  assert.equal(header(denied, 'www-authenticate'), 'Bearer');
  assert.equal((JSON.parse(denied.body) as { error: string }).error, 'no-token');
  client.send(`GET ${T}?q=1 HTTP/1.1`, 'Host: router.test', '', '');
  const moved = await client.answer();
  assert.equal(moved.status, 308);
  assert.equal(header(moved, 'location'), `${T}/?q=1`);
  client.send(`GET ${T}/ HTTP/1.1`, 'Host: router.test', `Cookie: ${COOKIE}`, '', '');
  assert.equal((await client.answer()).status, 404);
  client.send('GET /nowhere HTTP/1.1', 'Host: elsewhere.test', '', '');
  assert.equal((await client.answer()).status, 404);
});
