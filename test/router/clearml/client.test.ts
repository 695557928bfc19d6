import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createClearMl } from '../../../router/clearml/client.ts';
import { RouterError, type RouterErrorCode } from '../../../router/errors.ts';
import { addTask, endTask } from '../../lab/clearml/asks.ts';
import { credentials, defaultSeed, ids } from '../../lab/clearml/seed.ts';
import { connect, count, eventually, keepLog, serve } from '../../support/installation.ts';

function withCode(code: RouterErrorCode, message = /./) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof RouterError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  };
}

test('logs in once for calls that come together, and tells the cookie that the server sets', async (t) => {
  const server = await serve(t, { cookieName: 'allegro_token_x', cookieDomain: '.Corp.example' });
  const clearml = connect(t, server);
  const heard: (string | undefined)[] = [];
  clearml.onLogin((login) => heard.push(login.cookieName));
  await Promise.all([clearml.tasks({ running: true }, 0), clearml.queues(), clearml.users()]);
  assert.equal(count(server, 'auth.login'), 1);
  clearml.onLogin((login) => heard.push(login.cookieName));
  assert.deepEqual(heard, ['allegro_token_x', 'allegro_token_x']);
});

test('renews the login before it ends', async (t) => {
  const server = await serve(t, { tokenSeconds: 2 });
  const clearml = createClearMl({
    apiHost: server.url,
    ...credentials.admin,
    sslVerify: true,
    log: keepLog().log,
    environment: {},
  });
  t.after(clearml.close);
  const tokens = new Set<string>();
  clearml.onLogin(({ token }) => tokens.add(token));
  await eventually(() => {
    clearml.queues().catch(String);
    return tokens.size === 2;
  }, 'a second login');
  assert.equal(count(server, 'auth.login'), 2);
});

test('a 401 is answered with one new login, and with no more than one', async (t) => {
  const server = await serve(t);
  const clearml = connect(t, server);
  await clearml.queues();
  server.rotateSecret();
  await clearml.queues();
  assert.equal(count(server, 'auth.login'), 2);
  const fault = server.faults.add({ kind: 'unauthorized', calls: ['queues.get_all'] });
  await assert.rejects(clearml.queues(), withCode('CLEARML_UNAUTHORIZED'));
  assert.equal(fault.met, 2);
  assert.equal(count(server, 'auth.login'), 3);
});

test('wrong credentials are said clearly, without the secret', async (t) => {
  const server = await serve(t);
  const { accessKey } = credentials.router;
  const secretKey = `wrong-${randomUUID()}`;
  const { log, lines } = keepLog();
  const clearml = createClearMl({
    apiHost: server.url,
    accessKey,
    secretKey,
    sslVerify: true,
    log,
  });
  t.after(clearml.close);
  await assert.rejects(
    clearml.queues(),
    withCode('CLEARML_UNAUTHORIZED', /check CLEARML_API_ACCESS_KEY and CLEARML_API_SECRET_KEY/),
  );
  assert.doesNotMatch(lines.join(''), new RegExp(secretKey));
});

for (const [name, fault, code] of [
  ['cuts the connection', { kind: 'reset' }, 'CLEARML_UNAVAILABLE'],
  ['does not answer', { kind: 'hang' }, 'CLEARML_UNAVAILABLE'],
  ['answers 500', { kind: 'status', status: 500 }, 'CLEARML_UNAVAILABLE'],
  ['answers 429', { kind: 'status', status: 429 }, 'CLEARML_UNAVAILABLE'],
  ['answers with something else than JSON', { kind: 'garbage' }, 'CLEARML_ANSWER_INVALID'],
  ['answers without data', { kind: 'wrong-envelope' }, 'CLEARML_ANSWER_INVALID'],
  ['breaks off', { kind: 'truncate' }, undefined],
  ['refuses', { kind: 'error', code: 400, subcode: 12, message: 'no\nsuch' }, 'CLEARML_REFUSED'],
] as const) {
  test(`a server that ${name}`, async (t) => {
    const server = await serve(t);
    const clearml = connect(t, server, 300);
    await clearml.queues();
    server.faults.add({ ...fault, calls: ['queues.get_all'] });
    await assert.rejects(clearml.queues(), (error: unknown) => {
      assert.ok(error instanceof RouterError);
      if (code !== undefined) assert.equal(error.code, code);
      else assert.match(error.code, /^CLEARML_(UNAVAILABLE|ANSWER_INVALID)$/);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
    server.faults.clear();
    assert.ok((await clearml.queues()).size > 0);
  });
}

test('a connection that the server closed while it lay idle does not fail a call', async (t) => {
  const server = await serve(t);
  const clearml = connect(t, server);
  await clearml.queues();
  await server.down();
  await server.up();
  assert.ok((await clearml.queues()).size > 0);
});

test('tells the tasks that a token may see, and nothing for an empty list', async (t) => {
  const server = await serve(t, { edition: 'enterprise' });
  const clearml = connect(t, server);
  const mine = addTask(server).id;
  const hidden = addTask(server, { systemTags: ['external_service', 'hidden'] }).id;
  const foreign = addTask(server, { user: ids.mallory }).id;
  const alice = await server.token(ids.alice);
  const asked = [mine, hidden, foreign, randomUUID().replaceAll('-', '')];
  assert.deepEqual(await clearml.visibleTasks(alice, asked), new Set([mine, hidden]));
  const before = count(server, 'tasks.get_all_ex');
  assert.deepEqual(await clearml.visibleTasks(alice, []), new Set());
  assert.equal(count(server, 'tasks.get_all_ex'), before);
});

test('asks for more ids than one page holds', async (t) => {
  const server = await serve(t);
  const clearml = connect(t, server);
  const asked = Array.from({ length: 1_201 }, () => addTask(server).id);
  const alice = await server.token(ids.alice);
  assert.equal((await clearml.visibleTasks(alice, asked)).size, 1_201);
  assert.equal(count(server, 'tasks.get_all_ex'), 3);
});

test('signs users in and out, and knows whose a token is', async (t) => {
  const server = await serve(t);
  const clearml = connect(t, server);
  const { accessKey, secretKey } = credentials.alice;
  const { token } = await clearml.loginWith(accessKey, secretKey);
  assert.deepEqual(await clearml.currentUser(token), { id: ids.alice, name: 'Alice Ångström' });
  await clearml.logout(token);
  await assert.rejects(clearml.currentUser(token), withCode('CLEARML_UNAUTHORIZED'));
  await assert.rejects(clearml.loginWith(accessKey, 'wrong'), withCode('CLEARML_UNAUTHORIZED'));
  await clearml.loginWith('alice', 'lab-alice-password');
});

test('A81: sends Basic credentials in Latin-1, as the server decodes them, and in UTF-8 where that cannot be', async (t) => {
  const users = defaultSeed.users.map((user) =>
    user.id === ids.bob ? { ...user, username: 'jörg', password: 'pässwört ÿ§' } : user,
  );
  const server = await serve(t, { seed: { ...defaultSeed, users } });
  const clearml = connect(t, server);
  const { token } = await clearml.loginWith('jörg', 'pässwört ÿ§');
  assert.equal((await clearml.currentUser(token)).id, ids.bob);
  await assert.rejects(clearml.loginWith('jörg', 'pässwort'), withCode('CLEARML_UNAUTHORIZED'));

  let sent: string | undefined;
  const proxy = createServer((request, response) => {
    sent = request.headers.authorization?.replace('Basic ', '');
    response.writeHead(401).end('{"meta":{},"data":{}}');
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.after(() => proxy.close());
  const apiHost = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const { log } = keepLog();
  const other = createClearMl({ apiHost, accessKey: '', secretKey: '', sslVerify: true, log });
  t.after(other.close);
  for (const [name, secret, encoding] of [
    ['key', 'secret', 'latin1'],
    ['ÿ', '\u0080\u00ff', 'latin1'],
    ['łukasz', 'pässwört', 'utf8'],
    ['jörg', '密码€', 'utf8'],
  ] as const) {
    await assert.rejects(other.loginWith(name, secret), withCode('CLEARML_UNAUTHORIZED'));
    assert.equal(Buffer.from(sent ?? '', 'base64').toString(encoding), `${name}:${secret}`);
  }
});

test('a look asks for running tasks that ask; hidden ones too; a look for changes for ended ones', async (t) => {
  const server = await serve(t);
  const clearml = connect(t, server);
  const hidden = addTask(server, {
    systemTags: ['external_service', 'hidden'],
    queue: ids.queueGpu,
  });
  addTask(server, { systemTags: [] });
  const ended = addTask(server);
  endTask(server, ended.id);
  const { tasks: running, last } = await clearml.tasks({ running: true }, 0);
  assert.equal(last, true);
  assert.deepEqual(
    running.map(({ id, queueId, userId, companyId }) => [id, queueId, userId, companyId]),
    [[hidden.id, ids.queueGpu, ids.alice, ids.companyA]],
  );
  const since = new Date(Date.now() - 60_000).toISOString();
  assert.equal((await clearml.tasks({ changedSince: since }, 0)).tasks.length, 2);
  const future = new Date(Date.now() + 60_000).toISOString();
  assert.equal((await clearml.tasks({ changedSince: future }, 0)).tasks.length, 0);
});
