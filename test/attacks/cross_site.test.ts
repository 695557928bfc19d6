import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  CLEARML_COOKIE,
  claims,
  sign,
  staticRoute,
  taskId,
  tokenOf,
} from '../support/auth_fixture.ts';
import type { Guarded } from '../support/guarded_router.ts';
import { ROUTER_HOST, TUNNEL, WILDCARD, guarded } from '../support/guarded_router.ts';
import { header } from '../support/raw_peers.ts';
import { HANDSHAKE } from '../support/web_socket_handshake.ts';

const MINE = taskId('a');
const OTHERS = taskId('b');
const T = `/service/${MINE}`;
const OWN_HOST = `${MINE}.${WILDCARD}`;

let world: Guarded;
let cookie = '';
let bearer = '';

/** A token of its own, as each sign-in gets. */
async function freshToken(): Promise<string> {
  made += 1;
  const token = await sign({ ...claims('owner'), jti: String(made) });
  world.clearml.grant(token, MINE);
  return token;
}
let made = 0;
const fresh = async () => `Cookie: ${CLEARML_COOKIE}=${await freshToken()}`;

before(async () => {
  world = await guarded([MINE, OTHERS], {}, (endpoints) => [
    staticRoute('chat', 'authenticated', endpoints),
  ]);
  cookie = await fresh();
  bearer = `Authorization: Bearer ${await freshToken()}`;
});

after(() => world.close());

const NAVIGATES = ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document'];

describe('A27: upgrades without the right to the task', () => {
  it('are refused as requests are, and no task hears of them', async () => {
    const before = world.task.connections.length;
    const expired = await sign({ ...claims('owner'), exp: 1_000_000_000 });
    const stranger = await tokenOf('stranger');
    world.clearml.grant(stranger);
    for (const handshake of [HANDSHAKE, TUNNEL]) {
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
    world.ask(`GET ${T}/ws`, ...HANDSHAKE, ...headers);

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
    const unseen = await tokenOf('owner', Date.now() - 900_000);
    await world.ask(
      `POST ${T}/`,
      `Cookie: ${CLEARML_COOKIE}=${unseen}`,
      CROSS,
      'Content-Length: 0',
    );
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
      ['GET /ws', host, ...HANDSHAKE, sibling],
      ['GET /ws', host, ...HANDSHAKE, `Origin: https://${ROUTER_HOST}`],
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

describe('A72: what the browser alone can say decides before Origin', () => {
  const SAME = 'Sec-Fetch-Site: same-origin';
  const NULL = 'Origin: null';
  const OWN = `Origin: https://${ROUTER_HOST}`;
  const EVIL = 'Origin: https://evil.example';
  const body = 'Content-Length: 0';

  it('a page under `Referrer-Policy: no-referrer` sends its own forms, on each kind of host', async () => {
    const asks: readonly (readonly string[])[] = [
      [`POST ${T}/`, SAME, NULL, 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document', body],
      [`POST ${T}/`, SAME, NULL, 'Sec-Fetch-Mode: cors', body],
      [`PUT ${T}/`, SAME, NULL, body],
      [`POST ${T}/`, SAME, 'Origin: https://behind.a.proxy.example', body],
      ['POST /', `Host: ${OWN_HOST}`, SAME, NULL, body],
    ];
    for (const [line = '', ...headers] of asks) {
      assert.equal((await world.ask(line, cookie, ...headers)).status, 200, headers.join());
    }
    for (const path of [`${T}/ws`, T]) {
      const upgrade = await world.ask(`GET ${path}`, cookie, ...HANDSHAKE, SAME, NULL);
      assert.equal(upgrade.status, 101);
    }
  });

  it('and what it calls foreign is refused, whatever Origin says', async () => {
    const before = world.task.connections.length;
    for (const site of [
      'cross-site',
      'same-site',
      'none, same-origin',
      'same-origin, cross-site',
      '',
    ]) {
      const said = `Sec-Fetch-Site: ${site}`;
      for (const origin of [OWN, NULL]) {
        assert.equal((await world.ask(`POST ${T}/`, cookie, said, origin, body)).status, 403, said);
        const upgrade = await world.ask(`GET ${T}/ws`, cookie, ...HANDSHAKE, said, origin);
        assert.equal(upgrade.status, 403, said);
      }
    }
    const asks = [
      [`POST ${T}/`, NULL, body],
      [`POST ${T}/`, 'Sec-Fetch-Site: none', NULL, body],
      [`POST ${T}/`, 'Sec-Fetch-Site: none', EVIL, body],
      [`POST ${T}/`, SAME, 'Sec-Fetch-Site: cross-site', NULL, body],
    ] as const;
    for (const [line, ...headers] of asks) {
      assert.equal((await world.ask(line, cookie, ...headers)).status, 403, headers.join());
    }
    assert.equal(world.task.connections.length, before);
  });

  it('two Origin lines are refused, whichever of them is right', async () => {
    const before = world.task.connections.length;
    for (const [first, second] of [
      [OWN, EVIL],
      [EVIL, OWN],
      [OWN, OWN],
      [NULL, OWN],
    ] as const) {
      for (const said of [[], [SAME], NAVIGATES]) {
        const headers = [cookie, ...said, first, second];
        assert.equal((await world.ask(`GET ${T}/`, ...headers)).status, 403, headers.join());
        assert.equal((await world.ask(`POST ${T}/`, ...headers, body)).status, 403);
        const upgrade = await world.ask(`GET ${T}/ws`, ...HANDSHAKE, ...headers);
        assert.equal(upgrade.status, 403);
      }
    }
    assert.equal(world.task.connections.length, before);
  });

  it('the router’s own forms and its API go by the same rule', async () => {
    const forms = ['/auth/sign-in', '/auth/sign-out', `/api/v1/endpoints/${MINE}/test`];
    for (const path of forms) {
      const send = async (...headers: readonly string[]) =>
        (await world.ask(`POST ${path}`, cookie, ...headers, body)).status;
      for (const passing of [[SAME, NULL], [SAME, OWN], [OWN], ['Sec-Fetch-Site: none']]) {
        assert.notEqual(await send(...passing), 403, `${path} ${passing.join()}`);
        // Signing out ends the token that the other requests go by.
        world.clearml.refused.clear();
        if (path === '/auth/sign-out') cookie = await fresh();
      }
      for (const refused of [
        [NULL],
        [EVIL],
        ['Sec-Fetch-Site: same-site', OWN],
        ['Sec-Fetch-Site: cross-site', OWN],
        [OWN, EVIL],
        [SAME, OWN, OWN],
      ]) {
        assert.equal(await send(...refused), 403, `${path} ${refused.join()}`);
      }
    }
  });
});

describe('A79: at the prefix of an endpoint without its slash', () => {
  it('an upgrade and a preflight are carried as if it were there, and nothing else is', async () => {
    const origin = `Origin: https://${ROUTER_HOST}`;
    for (const query of ['', '?bare=1']) {
      const upgrade = await world.ask(`GET ${T}${query}`, ...HANDSHAKE, cookie, origin);
      assert.equal(upgrade.status, 101);
      const options = await world.ask(
        `OPTIONS ${T}${query}`,
        bearer,
        'Access-Control-Request-Method: PUT',
      );
      assert.equal(options.status, 200);
      const seen = world.task.seen();
      for (const method of ['GET', 'OPTIONS']) {
        assert.ok(seen.includes(`${method} /${query} HTTP/1.1\r\n`), seen);
      }
      assert.ok(seen.includes(`X-Forwarded-Prefix: ${T}\r\n`));
      for (const method of ['GET', 'POST', 'HEAD']) {
        const plain = await world.ask(`${method} ${T}${query}`, bearer, 'Content-Length: 0');
        assert.deepEqual([plain.status, header(plain, 'location')], [308, `${T}/${query}`]);
      }
    }
    assert.equal((await world.ask(`GET ${T}`, ...HANDSHAKE)).status, 401);
    assert.equal((await world.ask(`OPTIONS ${T}`)).status, 401);
    assert.equal((await world.ask(`GET ${T}x`, ...HANDSHAKE, bearer)).status, 404);
    const h2c = await world.ask(`GET ${T}`, bearer, 'Connection: Upgrade', 'Upgrade: h2c');
    assert.equal(h2c.status, 308);
  });

  it('at a static route by path likewise', async () => {
    for (const path of ['/chat', '/chat?x=1']) {
      assert.equal((await world.ask(`GET ${path}`, ...HANDSHAKE, bearer)).status, 101);
      assert.equal((await world.ask(`OPTIONS ${path}`, bearer)).status, 200);
      assert.equal((await world.ask(`GET ${path}`, bearer)).status, 308);
    }
  });
});
