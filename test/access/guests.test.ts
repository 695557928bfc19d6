import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { LinkRecord } from '../../router/auth/sharing/store.ts';
import { staticRoute, table, tokenOf } from '../support/auth_fixture.ts';
import { GUEST_COOKIES, guestLink, guestSession } from '../support/guest_links.ts';
import {
  ROUTER_HOST,
  TUNNEL,
  WILDCARD,
  endpointAt,
  guarded,
  type Guarded,
} from '../support/guarded_router.ts';
import { RawClient } from '../support/raw_peers.ts';
import { HANDSHAKE } from '../support/web_socket_handshake.ts';
import { ROUTER_SECRET } from './credentials.ts';

const ID = 'a'.repeat(32);
const OTHER = 'b'.repeat(32);
const PATH = `/service/${ID}/x`;
const OWN_HOST = `Host: ${ID}.${WILDCARD}`;
/** ACCESS_CACHE_SECONDS of the test, and the 5 s of the rule. Milliseconds. */
const LATEST = 5_300;

let folder = '';
let world: Guarded;
let link: LinkRecord;
let session = '';

async function start(environment: Record<string, string> = {}): Promise<void> {
  const settings = {
    STATE_FILE: join(folder, 'state'),
    ROUTER_SECRET,
    ACCESS_DEFAULT: 'owner',
    ACCESS_GUESTS: 'true',
    ACCESS_CACHE_SECONDS: '0.3',
    ...environment,
  };
  world = await guarded([ID, OTHER], settings, (endpoints) => [
    staticRoute('chat', 'visible', endpoints.slice(0, 1)),
  ]);
  if (world.settings.ACCESS_GUESTS) {
    link = await guestLink(world, ID);
    session = await guestSession(world, link);
  }
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'access-guests-'));
});

afterEach(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

const byPath = (text = session) => `Cookie: ${GUEST_COOKIES.path}=${text}`;
const byHost = (text = session) => `Cookie: ${GUEST_COOKIES.wildcard}=${text}`;

const statusOf = async (line: string, ...headers: readonly string[]): Promise<number> =>
  (await world.ask(line, ...headers)).status;

/** What the task heard last. */
const heard = (): string => world.task.connections.at(-1)?.text() ?? '';

describe('a guest', () => {
  it('opens the endpoint of the link by HTTP and WebSocket, and ClearML is not asked', async () => {
    await start();
    world.clearml.questions.length = 0;
    const { calls } = world.clearml;
    assert.equal(await statusOf(`GET ${PATH}`, byPath()), 200);
    assert.equal(await statusOf(`POST ${PATH}`, byPath(), 'Content-Length: 0'), 200);
    assert.equal(await statusOf(`GET ${PATH}`, ...HANDSHAKE, byPath()), 101);
    assert.equal(await statusOf('GET /x', OWN_HOST, byHost()), 200);
    assert.equal(await statusOf('GET /x', OWN_HOST, ...HANDSHAKE, byHost()), 101);
    assert.deepEqual([world.clearml.questions, world.clearml.calls], [[], calls]);
  });

  it('is told to the task as one, without an id, and its cookies stay here', async () => {
    await start();
    const name = '<b>Zoë\u00a0100%</b>';
    const cookie = `${byPath(await guestSession(world, link, name))}; mine=1; ${GUEST_COOKIES.wildcard}=x; __Host-router_guest_visit=y`;
    await world.ask(`GET ${PATH}`, cookie, 'X-ClearML-User-Id: owner', 'X-ClearML-User-Name: o');
    const head = heard();
    assert.match(head, /^X-ClearML-User-Id: ?\r$/m);
    assert.match(head, /^X-ClearML-User-Name: <b>Zo%C3%AB%C2%A0100%25<\/b> \(guest\)\r$/m);
    assert.equal(head.match(/x-clearml-user/gi)?.length, 2);
    assert.match(head, /^Cookie: mine=1\r$/m);
    assert.ok(!head.includes('router_guest'), head);
    const socket = await world.ask(`GET ${PATH}`, ...HANDSHAKE, cookie);
    assert.equal(socket.status, 101);
    assert.match(heard(), /^X-ClearML-User-Id: ?\r$/im);
    assert.ok(!heard().includes('router_guest'));
  });

  it('is named by the link in the access log, and its own name is not', async () => {
    await start();
    await world.ask(`GET ${PATH}`, byPath());
    const line = world.lines.find((one) => one.includes('"event":"request"')) ?? '{}';
    const { user, credential } = JSON.parse(line) as Record<string, unknown>;
    assert.deepEqual([user, credential], [`guest of ${link.id}`, 'guest']);
    assert.ok(!world.lines.join('').includes(session));
  });

  it('gets no tunnel, and the task hears nothing of it', async () => {
    await start();
    const before = world.task.connections.length;
    assert.equal(await statusOf(`GET ${PATH}`, ...TUNNEL, byPath()), 401);
    assert.equal(await statusOf('GET /', OWN_HOST, ...TUNNEL, byHost()), 401);
    assert.equal(world.task.connections.length, before);
    const denied = world.lines.filter((line) => line.includes('"denied"')).at(-1) ?? '{}';
    assert.equal((JSON.parse(denied) as { kind: string }).kind, 'tunnel');
  });

  it('opens nothing else: no other endpoint, static route, page or call of the API', async () => {
    await start();
    const both = `${byPath()}; ${GUEST_COOKIES.wildcard}=${session}`;
    for (const [line, ...headers] of [
      [`GET /service/${OTHER}/x`],
      [`GET /service/${ID}__x/x`],
      ['GET /x', `Host: ${OTHER}.${WILDCARD}`],
      ['GET /chat/x'],
      ['GET /'],
      ['GET /auth/endpoint-tokens'],
      ['GET /auth/sharing'],
      ['GET /api/v1/routes'],
      [`GET /api/v1/endpoints/${ID}/access`],
      ['GET /api/v1/grants'],
      [`POST /api/v1/endpoint-tokens`, 'Content-Length: 0'],
      [`DELETE /api/v1/grants/${link.id}`],
    ] as const) {
      assert.equal(await statusOf(line, ...headers, both), 401, line);
    }
    assert.equal(world.task.connections.length, 0);
    // A session that was sealed for another endpoint than that of its link opens neither.
    const odd = await guestSession(world, link, 'Zoë', OTHER);
    assert.equal(await statusOf(`GET /service/${OTHER}/x`, byPath(odd)), 401);
    assert.equal(await statusOf(`GET ${PATH}`, byPath(odd)), 401);
    // Each form has a cookie of its own.
    assert.equal(await statusOf(`GET ${PATH}`, byHost()), 401);
    assert.equal(await statusOf('GET /x', OWN_HOST, byPath()), 401);
  });

  it('is no session, endpoint token or bearer, and these are no guest', async () => {
    await start();
    for (const credential of [
      `Cookie: __Host-router_session=${session}`,
      `Authorization: Bearer ${session}`,
      `Cookie: clearml_token_basic=${session}`,
      byPath('x'),
      byPath(`${session.slice(0, -2)}${session.endsWith('AA') ? 'BB' : 'AA'}`),
      byPath(await tokenOf('owner')),
    ]) {
      assert.equal(await statusOf(`GET ${PATH}`, credential), 401, credential.slice(0, 40));
    }
  });

  it('counts where nothing else holds that was sent, and only there', async () => {
    await start();
    const colleague = await tokenOf('colleague');
    world.clearml.grant(colleague, ID);
    const cookies = (token: string) => `${byPath()}; clearml_token_basic=${token}`;
    assert.equal(await statusOf(`GET ${PATH}`, cookies(colleague)), 404);
    assert.equal(
      await statusOf(`GET ${PATH}`, byPath(), `Authorization: Bearer ${colleague}`),
      404,
    );
    const blind = await tokenOf('blind');
    world.clearml.grant(blind, OTHER);
    assert.equal(await statusOf(`GET ${PATH}`, cookies(blind)), 404);
    world.clearml.state = 'away';
    const unasked = await tokenOf('unasked');
    assert.equal(await statusOf(`GET ${PATH}`, cookies(unasked)), 503);
    assert.equal(await statusOf(`GET ${PATH}`, byPath()), 200);
    world.clearml.state = 'here';
    const owner = await tokenOf('owner');
    world.clearml.grant(owner, ID);
    assert.equal(await statusOf(`GET ${PATH}`, cookies(owner)), 200);
    assert.match(heard(), /^X-ClearML-User-Id: owner\r$/m);
    assert.equal(await statusOf(`GET ${PATH}`, cookies('stale')), 200);
    assert.match(heard(), /^X-ClearML-User-Name: .*\(guest\)\r$/m);
    // What the task itself takes as Authorization goes on to it.
    assert.equal(await statusOf(`GET ${PATH}`, byPath(), 'Authorization: token its-own'), 200);
    assert.match(heard(), /^Authorization: token its-own\r$/m);
  });

  it('is held to where a browser sent the request from, as every cookie is', async () => {
    await start();
    const post = [`POST ${PATH}`, byPath(), 'Content-Length: 0'] as const;
    assert.equal(await statusOf(...post, 'Origin: https://evil.example'), 403);
    assert.equal(await statusOf(...post, 'Sec-Fetch-Site: cross-site'), 403);
    assert.equal(await statusOf(...post, 'Sec-Fetch-Site: same-site'), 403);
    assert.equal(await statusOf(...post, 'Sec-Fetch-Site: same-origin'), 200);
    const elsewhere = 'Origin: https://evil.example';
    assert.equal(await statusOf(`GET ${PATH}`, ...HANDSHAKE, byPath(), elsewhere), 403);
    const pathForm = `Origin: https://${ROUTER_HOST}`;
    assert.equal(await statusOf('GET /x', OWN_HOST, ...HANDSHAKE, byHost(), pathForm), 403);
    const denied = world.lines.filter((line) => line.includes('"denied"')).at(-1) ?? '{}';
    const { reason, user } = JSON.parse(denied) as Record<string, unknown>;
    assert.deepEqual([reason, user], ['foreign-origin', `guest of ${link.id}`]);
  });

  it('counts as one user with all guests of the link', async () => {
    await start({ MAX_WEBSOCKETS_PER_USER: '1' });
    const first = await RawClient.connect(world.port);
    try {
      const open = [`GET ${PATH} HTTP/1.1`, `Host: ${ROUTER_HOST}`, ...HANDSHAKE];
      first.send(...open, byPath(), '', '');
      await first.untilText('\r\n\r\n');
      assert.match(first.pending, /^HTTP\/1\.1 101 /);
      const second = byPath(await guestSession(world, link, 'Yves'));
      assert.equal(await statusOf(`GET ${PATH}`, ...HANDSHAKE, second), 429);
      const other = await guestLink(world, ID);
      const third = byPath(await guestSession(world, other));
      assert.equal(await statusOf(`GET ${PATH}`, ...HANDSHAKE, third), 101);
    } finally {
      first.destroy();
    }
  });
});

/** What ends the right of a guest. */
const ENDS: Readonly<Record<string, () => unknown>> = {
  'the link is taken back': () => world.auth.sharing?.grants.revoke(() => true, link.id),
  'the link has expired': () => world.pass(3_600_001),
  'the task keeps to its owner': () =>
    world.routes.swap(
      table([{ ...endpointAt(world.task.port, ID), access: 'owner' }, endpointAt(1, OTHER)]),
    ),
  'the task is another’s': () => {
    const one = endpointAt(world.task.port, ID);
    world.routes.swap(table([{ ...one, task: { ...one.task, userId: 'other' } }]));
  },
  'the task has ended': () => world.routes.swap(table([endpointAt(1, OTHER)])),
};

describe('what a guest has open', () => {
  for (const [when, end] of Object.entries(ENDS)) {
    it(`ends, and opens no more, when ${when}`, async () => {
      await start();
      const clients: RawClient[] = [];
      for (const headers of [HANDSHAKE, ['Accept: text/event-stream']]) {
        const client = await RawClient.connect(world.port);
        const head = [`GET ${PATH} HTTP/1.1`, `Host: ${ROUTER_HOST}`, ...headers, byPath()];
        client.send(...head, '', '');
        await client.untilText('\r\n\r\n');
        assert.match(client.pending, /^HTTP\/1\.1 (101|200) /);
        clients.push(client);
      }
      try {
        await end();
        const ended = ({ closed, pending }: RawClient) => closed || pending.includes('\u0088');
        await Promise.all(clients.map((client) => client.until(() => ended(client), LATEST)));
        assert.equal(await statusOf(`GET ${PATH}`, byPath()), 401);
      } finally {
        for (const client of clients) client.destroy();
      }
    });
  }
});

describe('where guests are let in nowhere', () => {
  for (const environment of [{ ACCESS_GUESTS: 'false' }, { ACCESS_WIDEST: 'owner' }]) {
    const [[name, value] = []] = Object.entries(environment);
    it(`${name} is ${value}: a session of before opens nothing`, async () => {
      await start();
      const before = session;
      assert.equal(await statusOf(`GET ${PATH}`, byPath(before)), 200);
      await world.close();
      await start(environment);
      assert.equal(await statusOf(`GET ${PATH}`, byPath(before)), 401);
    });
  }
});
