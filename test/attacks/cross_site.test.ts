import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CLEARML_COOKIE, claims, sign, taskId, tokenOf } from '../router/auth/fixture.ts';
import type { Guarded } from './guarded_router.ts';
import { ROUTER_HOST, TUNNEL, WEBSOCKET, WILDCARD, guarded } from './guarded_router.ts';
import { header } from './raw_peers.ts';

const MINE = taskId('a');
const OTHERS = taskId('b');
const T = `/service/${MINE}`;
const OWN_HOST = `${MINE}.${WILDCARD}`;

let world: Guarded;
let cookie = '';
let bearer = '';

before(async () => {
  world = await guarded([MINE, OTHERS]);
  const token = await tokenOf('owner');
  world.clearml.grant(token, MINE);
  cookie = `Cookie: ${CLEARML_COOKIE}=${token}`;
  bearer = `Authorization: Bearer ${token}`;
});

after(() => world.close());

const NAVIGATES = ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document'];

describe('A27: upgrades without the right to the task', () => {
  it('are refused as requests are, and no task hears of them', async () => {
    const before = world.task.connections.length;
    const expired = await sign({ ...claims('owner'), exp: 1_000_000_000 });
    const stranger = await tokenOf('stranger');
    world.clearml.grant(stranger);
    for (const handshake of [WEBSOCKET, TUNNEL]) {
      const upgrade = (...headers: readonly string[]) =>
        world.ask(`GET ${T}/ws`, ...handshake, ...headers);
      assert.equal((await upgrade()).status, 401);
      assert.equal((await upgrade(`Authorization: Bearer ${expired}`)).status, 401);
      assert.equal((await upgrade(`Authorization: Bearer ${stranger}`)).status, 404);
      assert.equal((await upgrade('Sec-Fetch-Mode: navigate', 'Accept: text/html')).status, 401);
    }
    assert.equal(world.task.connections.length, before);
  });
});

describe('A28: upgrades by a page of another origin', () => {
  const upgrade = (...headers: readonly string[]) =>
    world.ask(`GET ${T}/ws`, ...WEBSOCKET, ...headers);

  it('are refused when they come with the cookie', async () => {
    const before = world.task.connections.length;
    for (const origin of [
      'https://evil.example',
      'null',
      `http://${ROUTER_HOST}`,
      `https://${ROUTER_HOST}.evil.example`,
      `https://evil.example/${ROUTER_HOST}`,
      `https://${ROUTER_HOST}:8443`,
      `https://${OWN_HOST}`,
      '',
    ]) {
      const answer = await upgrade(cookie, `Origin: ${origin}`);
      assert.equal(answer.status, 403, origin);
    }
    const navigation = [...NAVIGATES, 'Origin: https://evil.example'];
    assert.equal((await upgrade(cookie, ...navigation)).status, 403);
    assert.equal(world.task.connections.length, before);
  });

  it('pass from the own origin, from no browser, and with a Bearer token', async () => {
    assert.equal((await upgrade(cookie, `Origin: https://${ROUTER_HOST}`)).status, 101);
    assert.equal((await upgrade(cookie)).status, 101);
    assert.equal((await upgrade(bearer)).status, 101);
    assert.equal((await upgrade(bearer, 'Origin: https://evil.example')).status, 101);
  });
});

describe('A44: programs and scripts without a token', () => {
  it('get 401 in their own form, never a redirect to a page', async () => {
    const asks: readonly (readonly string[])[] = [
      [`GET ${T}/`, 'Accept: */*'],
      [`GET ${T}/`, 'Accept: application/json, text/plain, */*'],
      [`GET ${T}/`, 'Accept: text/event-stream'],
      [`GET ${T}/`, 'Accept: text/html;q=0.1, application/json'],
      [`GET ${T}/`, 'Accept: text/html;q=0.5, */*'],
      [`GET ${T}/`, 'Accept: text/html;q=x'],
      [`GET ${T}/`, 'Accept: text/html', 'Sec-Fetch-Mode: cors', 'Sec-Fetch-Dest: empty'],
      [`GET ${T}/`, 'Accept: text/html', 'Sec-Fetch-Site: same-origin'],
      [`POST ${T}/`, 'Accept: text/html', 'Content-Length: 0'],
      [`POST ${T}/pkg.Service/Call`, 'Content-Type: application/grpc', 'Content-Length: 0'],
      [`GET ${T}/`],
    ];
    for (const [line = '', ...headers] of asks) {
      const answer = await world.ask(line, ...headers);
      assert.equal(answer.status, 401, headers.join());
      assert.equal(header(answer, 'www-authenticate'), 'Bearer');
      assert.equal(header(answer, 'location'), undefined);
    }
  });

  it('while a person is sent to sign-in', async () => {
    for (const headers of [
      NAVIGATES,
      ['Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
    ]) {
      const answer = await world.ask(`GET ${T}/`, ...headers);
      assert.equal(answer.status, 302);
      assert.match(header(answer, 'location') ?? '', /^https:\/\/router\.example\.com\/auth\//);
    }
  });
});

describe('A45: a preflight', () => {
  it('has no cookie, and goes no further than anything else without one', async () => {
    const before = world.task.connections.length;
    const answer = await world.ask(
      `OPTIONS ${T}/`,
      'Origin: https://evil.example',
      'Access-Control-Request-Method: PUT',
    );
    assert.equal(answer.status, 401);
    assert.equal(header(answer, 'access-control-allow-origin'), undefined);
    assert.equal(world.task.connections.length, before);
  });
});

describe('A46: requests that another site makes with the cookie', () => {
  const CROSS = 'Sec-Fetch-Site: cross-site';

  it('are refused, whatever they are, unless they open a page', async () => {
    const before = world.task.connections.length;
    const asks: readonly (readonly string[])[] = [
      [`POST ${T}/`, CROSS, ...NAVIGATES, 'Content-Length: 0'],
      [`POST ${T}/`, 'Origin: https://evil.example', 'Content-Length: 0'],
      [`POST ${T}/`, 'Origin: null', 'Content-Length: 0'],
      [`DELETE ${T}/`, CROSS],
      [`GET ${T}/`, CROSS, 'Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Dest: image'],
      [`GET ${T}/`, CROSS, 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: iframe'],
      [`GET ${T}/`, CROSS, 'Sec-Fetch-Mode: cors', 'Sec-Fetch-Dest: empty'],
      [`GET ${T}/`, CROSS],
      [`HEAD ${T}/`, CROSS, ...NAVIGATES],
      [`GET ${T}/`, 'Origin: https://evil.example'],
      [`GET ${T}/`, 'Sec-Fetch-Site: something-new', 'Sec-Fetch-Mode: cors'],
    ];
    for (const [line = '', ...headers] of asks) {
      assert.equal((await world.ask(line, cookie, ...headers)).status, 403, headers.join());
    }
    assert.equal(world.task.connections.length, before);
  });

  it('a link opens, the own pages work, and a Bearer token is not bound', async () => {
    const asks: readonly (readonly string[])[] = [
      [`GET ${T}/`, cookie, CROSS, ...NAVIGATES],
      [`GET ${T}/`, cookie, 'Sec-Fetch-Site: none', ...NAVIGATES],
      [
        `POST ${T}/`,
        cookie,
        'Sec-Fetch-Site: same-origin',
        `Origin: https://${ROUTER_HOST}`,
        'Content-Length: 0',
      ],
      [`POST ${T}/`, cookie, 'Content-Length: 0'],
      [`POST ${T}/`, bearer, CROSS, 'Origin: https://evil.example', 'Content-Length: 0'],
    ];
    for (const [line = '', ...headers] of asks) {
      assert.equal((await world.ask(line, ...headers)).status, 200, headers.join());
    }
  });

  it('costs ClearML nothing', async () => {
    const { calls } = world.clearml;
    const token = await tokenOf('owner', Date.now() - 9000);
    await world.ask(`POST ${T}/`, `Cookie: ${CLEARML_COOKIE}=${token}`, CROSS, 'Content-Length: 0');
    assert.equal(world.clearml.calls, calls);
  });
});

describe('A47: the page of one task calls another, each on a host of its own', () => {
  it('is refused, in both directions between path form and wildcard form', async () => {
    const before = world.task.connections.length;
    const host = `Host: ${OWN_HOST}`;
    const sibling = `Origin: https://${OTHERS}.${WILDCARD}`;
    const asks: readonly (readonly string[])[] = [
      ['GET /', host, 'Sec-Fetch-Site: same-site', 'Sec-Fetch-Mode: no-cors'],
      ['GET /', host, 'Sec-Fetch-Site: same-site', 'Sec-Fetch-Mode: cors', sibling],
      ['POST /', host, sibling, 'Content-Length: 0'],
      ['POST /', host, `Origin: https://${ROUTER_HOST}`, 'Content-Length: 0'],
      ['GET /ws', host, ...WEBSOCKET, sibling],
      ['GET /ws', host, ...WEBSOCKET, `Origin: https://${ROUTER_HOST}`],
      [`POST ${T}/`, `Origin: https://${OWN_HOST}`, 'Content-Length: 0'],
      [`GET ${T}/`, 'Sec-Fetch-Site: same-site', 'Sec-Fetch-Mode: no-cors'],
    ];
    for (const [line = '', ...headers] of asks) {
      assert.equal((await world.ask(line, cookie, ...headers)).status, 403, headers.join());
    }
    assert.equal(world.task.connections.length, before);
    const own = await world.ask(
      'POST /',
      host,
      cookie,
      `Origin: https://${OWN_HOST}`,
      'Content-Length: 0',
    );
    assert.equal(own.status, 200);
  });
});
