import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { RawAnswer, RawTask } from '../../support/raw_peers.ts';
import { header, headerValues } from '../../support/raw_peers.ts';
import { addTask, httpAsk, tcpAsk, taskWhen } from '../../lab/clearml/asks.ts';
import { callApi, userToken } from '../../lab/clearml/client.ts';
import { textOf } from '../../lab/clearml/document.ts';
import { credentials, ids } from '../../lab/clearml/seed.ts';
import { startClearMl } from '../../lab/clearml/server.ts';
import { settingsFor, startRouterProcess } from '../../support/router_process.ts';
import { echoTask, HOST, NAVIGATION, startOutside } from '../../support/outside.ts';
import type { Outside } from '../../support/outside.ts';
import { HANDSHAKE } from '../../support/web_socket_handshake.ts';
import { found, spellings } from './spellings.ts';

const WILDCARD = 'tasks.example.test';
const ORIGIN = `Origin: http://${HOST}`;
const REASONS = [
  'no-token',
  'token-invalid',
  'token-expired',
  'token-revoked',
  'not-visible',
  'unknown-endpoint',
  'cross-site',
  'foreign-origin',
  'clearml-unavailable',
  'rate-limited',
  'too-many-cookies',
];
/** What a task may hold: put there by `clearml-session`, applications and users. */
const RUNTIME = {
  _user_key: 'USERKEYOFTHETASK00000000',
  _user_secret: 'user-secret/of+the task',
  _ssh_password: 'ssh-password-of-the-task',
  _jupyter_token: 'jupyter-token-of-the-task',
  _git_credentials: 'https://git:git-password-of-the-task@git.example.test',
};
const SETTINGS = {
  ROUTER_SECRET: 'router-secret-of-this-test',
  'password of the forward proxy': 'proxy-password-of-this-test',
};
/** What goes between a user and the task, through the router, and is none of its business. */
const IN_PASSING = {
  'token in the query': 'token-of-the-query-string',
  'Authorization of the application': 'application-authorization',
  'bytes of a TCP session': 'password-typed-into-ssh',
};

/** A forward proxy, as HTTP_PROXY names one; `asked` holds what it was told to let somebody in. */
function forwardProxy(asked: Set<string>): Server {
  return createServer((request, response) => {
    asked.add(request.headers['proxy-authorization'] ?? '');
    const { url = '', method, headers } = request;
    const onward = httpRequest(url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.writeHead(502).end());
    request.pipe(onward);
  });
}

describe('secrets, with LOG_LEVEL=debug', () => {
  const folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  const asked = new Set<string>();
  const proxy = forwardProxy(asked);
  const secrets = new Map<string, string>(
    Object.entries({ ...RUNTIME, ...SETTINGS, ...IN_PASSING }),
  );
  let world: Outside;
  let task: RawTask;
  let shell: RawTask;
  let id: string;
  before(async () => {
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { port } = proxy.address() as AddressInfo;
    world = await startOutside(
      {
        LOG_LEVEL: 'debug',
        ROUTER_SECRET: SETTINGS['ROUTER_SECRET'],
        ROUTER_WILDCARD_HOST: WILDCARD,
        STATE_FILE: join(folder, 'state.json'),
        HTTP_PROXY: `http://user:${SETTINGS['password of the forward proxy']}@127.0.0.1:${port}`,
        ACCESS_CACHE_SECONDS: '0',
        ACCESS_STALE_SECONDS: '0',
        TCP_ROUTER_ADDRESS: 'tcp.example.test',
        TCP_PORT_START: '31920',
        TCP_PORT_END: '31922',
      },
      { edition: 'enterprise' },
    );
    task = await echoTask();
    shell = await echoTask();
    id = await world.notice({ ...RUNTIME, ...httpAsk({ address: '127.0.0.1', port: task.port }) });
    const { router, alice } = credentials;
    keep('access key of the router', router.accessKey);
    keep('secret key of the router', router.secretKey);
    keep('signing key', world.clearml.signingKey.raw);
    keep('signing key as base64url', world.clearml.signingKey.base64url);
    keep('access key of alice', alice.accessKey);
    keep('secret key of alice', alice.secretKey);
    keepToken('token of alice', world.bearer.slice('Authorization: Bearer '.length));
  });
  after(async () => {
    await world.stop();
    await task.close();
    await shell.close();
    proxy.close();
    proxy.closeAllConnections();
    rmSync(folder, { recursive: true });
  });

  const keep = (name: string, secret: string): string => {
    assert.ok(secret.length >= 16, name);
    secrets.set(name, secret);
    return secret;
  };
  /** Each part of it: a header says little, but claims are nobody's business, and a signature is the secret itself. */
  const keepToken = (name: string, token: string): string => {
    const [, claims = '', signature = ''] = token.split('.');
    keep(`${name}, claims`, claims);
    keep(`${name}, signature`, signature);
    return token;
  };
  const keepCookie = (name: string, answer: RawAnswer): string => {
    const line = headerValues(answer, 'set-cookie').find((one) => one.startsWith(`${name}=`)) ?? '';
    const [pair = ''] = line.split(';');
    keep(`cookie ${name} of ${header(answer, 'location')}`, pair.slice(name.length + 1));
    return pair;
  };
  const post = (
    path: string,
    fields: object,
    ...headers: readonly string[]
  ): Promise<RawAnswer> => {
    const body = new URLSearchParams({ ...fields }).toString();
    const type = 'Content-Type: application/x-www-form-urlencoded';
    const length = `Content-Length: ${body.length}`;
    return world.ask(`POST ${path}`, type, length, 'Connection: close', ...headers, '', body);
  };
  const signIn = (secret: string): Promise<RawAnswer> =>
    post(
      '/auth/sign-in',
      { access_key: credentials.alice.accessKey, secret_key: secret, next: `/service/${id}/` },
      ORIGIN,
      NAVIGATION,
    );
  const status = async (
    expected: number,
    ...request: Parameters<Outside['ask']>
  ): Promise<void> => {
    const answer = await world.ask(...request);
    assert.equal(answer.status, expected, `${request.join(' | ')}: ${answer.body}`);
  };
  const query = `?token=${IN_PASSING['token in the query']}`;

  test('a request, an upgrade and a TCP session are served', async () => {
    const own = `Authorization: Basic ${IN_PASSING['Authorization of the application']}`;
    await status(200, `GET /service/${id}/a${query}`, world.bearer);
    await status(200, `GET /service/${id}/b${query}`, world.cookie, own);
    await status(101, `GET /service/${id}/c${query}`, world.cookie, own, ORIGIN, ...HANDSHAKE);
    assert.ok(task.seen().includes(own) && task.seen().includes(query));
    const tcp = await world.notice({
      ...RUNTIME,
      ...tcpAsk({ address: '127.0.0.1', port: shell.port }),
    });
    const { runtime } = await taskWhen(world.clearml, tcp, (one) => {
      return one.runtime['external_address'] === 'tcp.example.test';
    });
    const socket = connect(Number(textOf(runtime['external_tcp_port'])), '127.0.0.1');
    socket.write(`GET /${IN_PASSING['bytes of a TCP session']} HTTP/1.1\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.match(answer.toString(), /typed-into-ssh/);
    socket.destroy();
    await world.router.logged(({ event }) => event === 'tcp');
  });

  test('a task that asks for what is refused, and one that does not answer', async () => {
    await world.notice({ ...RUNTIME, ...httpAsk({ address: '169.254.169.254', port: 80 }) });
    const away = await echoTask();
    await away.close();
    const lost = await world.notice({
      ...RUNTIME,
      ...httpAsk({ address: '127.0.0.1', port: away.port }),
    });
    await status(503, `GET /service/${lost}/${query}`, world.bearer);
    await status(503, `GET /service/${lost}/${query}`, world.bearer, ...HANDSHAKE);
  });

  test('signed in, handed over to a host of its own, and signed out', async () => {
    assert.equal((await signIn(keep('a wrong secret key', 'wrong-secret-of-alice'))).status, 401);
    assert.equal((await post('/auth/sign-in', {}, 'Origin: http://evil.test')).status, 403);
    const signedIn = await signIn(credentials.alice.secretKey);
    const session = `Cookie: ${keepCookie('router_session', signedIn)}`;
    await status(200, `GET /service/${id}/`, session);
    await status(200, 'GET /', session, NAVIGATION);

    const host = `Host: ${id}.${WILDCARD}`;
    const begun = await world.ask(`GET /${query}`, host, NAVIGATION);
    const state = `Cookie: ${keepCookie('router_state', begun)}`;
    const led = (header(begun, 'location') ?? '').slice(`http://${HOST}`.length);
    const left = header(await world.ask(`GET ${led}`, session, NAVIGATION), 'location') ?? '';
    const entry = new URL(left);
    keep('code of the handover', entry.searchParams.get('code') ?? '');
    const entered = await world.ask(
      `GET ${entry.pathname}${entry.search}`,
      host,
      state,
      NAVIGATION,
    );
    const there = `Cookie: ${keepCookie('router_session', entered)}`;
    await status(200, 'GET /', host, there);

    await status(303, 'POST /auth/sign-out', session, ORIGIN, 'Content-Length: 0');
    await status(401, `GET /service/${id}/`, session);
  });

  test('an endpoint token is made, used and revoked', async () => {
    const wish = JSON.stringify({ endpoint: id, label: 'of this test' });
    const json = ['Content-Type: application/json', `Content-Length: ${wish.length}`];
    const made = await world.ask('POST /api/v1/endpoint-tokens', world.bearer, ...json, '', wish);
    const { token, id: record } = JSON.parse(made.body) as Record<'token' | 'id', string>;
    keep('endpoint token', token.slice('ttr_'.length));
    const bearer = `Authorization: Bearer ${token}`;
    await status(200, `GET /service/${id}/${query}`, bearer);
    await status(204, `DELETE /api/v1/endpoint-tokens/${record}`, world.bearer);
    await status(401, `GET /service/${id}/${query}`, bearer);
  });

  test('denials of each kind', async () => {
    const { clearml } = world;
    const of = async (name: string, token: string): Promise<readonly string[]> => {
      keepToken(name, token);
      return [`Authorization: Bearer ${token}`];
    };
    const path = `GET /service/${id}/${query}`;
    const bobs = await userToken(clearml, 'bob', { claims: { session_id: 'ended' } });
    await callApi(clearml.url, 'auth.logout', {}, `Bearer ${bobs}`);
    const expired = await userToken(clearml, 'alice', { expiresIn: -10 });
    const foreign = expired.replace(/\.[^.]*$/, `.${'x'.repeat(43)}`);
    await status(401, path);
    await status(401, path, ...(await of('revoked token', bobs)));
    await status(401, path, ...(await of('expired token', expired)));
    await status(401, path, ...(await of('forged token', foreign)));
    await status(302, path, `Cookie: ${clearml.cookieName}=${foreign}`, NAVIGATION);
    await status(403, path, world.cookie, 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: cors');
    await status(403, path, world.cookie, 'Origin: http://evil.test', ...HANDSHAKE);
    const many = Array.from({ length: 9 }, () => world.cookie.slice('Cookie: '.length)).join('; ');
    await status(431, path, `Cookie: ${many}`);
    const fresh = await of('fresh token', await userToken(clearml, 'admin', { expiresIn: 999 }));
    await status(200, path, ...fresh);
    const [bob = ''] = await of('token of bob', await clearml.token(ids.bob, { expiresIn: 500 }));
    const quiet = addTask(clearml).id;
    await status(404, `GET /service/${quiet}/${query}`, bob);
    clearml.state.restrictTask(id, [ids.alice]);
    await status(404, path, bob);
    for (let number = 0; number < 70; number += 1) {
      await world.ask(`GET /service/${String(number).padStart(32, 'f')}/${query}`, bob);
    }
    await clearml.down();
    await status(503, path, ...fresh);
    await clearml.up();
    await status(401, 'GET /api/v1/routes', 'Authorization: Bearer not-a-token-of-anybody');
    for (const why of REASONS) {
      await world.router.logged(({ event, reason }) => event === 'denied' && reason === why);
    }
  });

  test('nothing that the router wrote, measured or listed has one in any spelling', async () => {
    const { router } = world;
    const listed = await Promise.all([
      world.ask('GET /', world.bearer, NAVIGATION),
      world.ask('GET /api/v1/routes', world.bearer),
      world.ask('GET /auth/endpoint-tokens', world.bearer, NAVIGATION),
    ]);
    const open = await Promise.all(
      ['/metrics', '/readyz', '/healthz'].map((path) => fetch(router.adminUrl + path)),
    );
    const admin = await Promise.all(open.map((answer) => answer.text()));
    await router.stop();
    assert.ok(router.written().length > 10_000);
    assert.deepEqual([...asked].map(String), [
      `Basic ${Buffer.from(`user:${SETTINGS['password of the forward proxy']}`).toString('base64')}`,
    ]);
    assert.deepEqual(found(secrets, router.written()), []);
    assert.deepEqual(found(secrets, admin.join('')), []);
    assert.deepEqual(found(secrets, listed.map(({ body }) => body).join('')), []);
  });

  test('nothing that a task was sent has one but what the user sent to the task', () => {
    const passing = Object.keys(IN_PASSING).toSorted();
    assert.deepEqual(found(secrets, task.seen() + shell.seen()).toSorted(), passing);
  });

  test('a router that never reached ClearML says nothing of them either', async () => {
    const clearml = await startClearMl();
    clearml.faults.add({ kind: 'status', status: 503 });
    const settings = { ...settingsFor(clearml), LOG_LEVEL: 'debug' };
    const router = await startRouterProcess(settings);
    const token = keepToken('early token', await userToken(clearml, 'alice'));
    keep('its signing key', clearml.signingKey.raw);
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${router.url}/service/${id}/${query}`, { headers });
    assert.equal(answer.status, 503);
    await router.logged(({ reason }) => reason === 'not-ready');
    await router.stop();
    await clearml.stop();
    assert.deepEqual(found(secrets, router.written()), []);
  });
});

test('spellings: each is found in what it was spelled into', () => {
  const secret = 'a secret/with+all of it';
  const spelled = [
    secret,
    new URLSearchParams({ secret }).toString().replaceAll('+', '%20'),
    Buffer.from(`user:${secret}`).toString('base64'),
    Buffer.from(`u:${secret}!`).toString('base64url'),
    Buffer.from(secret).toString('hex'),
  ];
  for (const text of spelled) {
    assert.ok(
      spellings(secret).some((one) => text.includes(one)),
      text,
    );
  }
});
