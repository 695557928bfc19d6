import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Shares } from '../../router/auth/sharing/shares.ts';
import {
  CLEARML_COOKIE,
  claims,
  sign,
  staticRoute,
  table,
  tokenOf,
} from '../support/auth_fixture.ts';
import type { Guarded } from '../support/guarded_router.ts';
import { ROUTER_HOST, TUNNEL, endpointAt, guarded } from '../support/guarded_router.ts';
import { RawClient } from '../support/raw_peers.ts';
import { HANDSHAKE } from '../support/web_socket_handshake.ts';
import { Forger, ROUTER_SECRET } from './credentials.ts';

const ID = 'a'.repeat(32);
/** ACCESS_CACHE_SECONDS of the test, and the 5 s of the rule. Milliseconds. */
const LATEST = 5_300;

/** What stays open: each ends with the right that it was opened by. */
const SESSIONS = {
  WebSocket: HANDSHAKE,
  'event stream': ['Accept: text/event-stream'],
  tunnel: TUNNEL,
} as const;

let folder = '';
let world: Guarded;
let forger: Forger;
/** The token of each user, as it was made. */
const tokens = new Map<string, string>();
let shared: 'people' | 'visible' | undefined;

const SHARES: Shares = {
  given: (_endpoint, { userId }) => (userId === 'colleague' ? shared : undefined),
};

async function start(environment: Record<string, string>): Promise<void> {
  const settings = {
    STATE_FILE: join(folder, 'state'),
    ROUTER_SECRET,
    ACCESS_CACHE_SECONDS: '0.3',
    ...environment,
  };
  world = await guarded([ID], settings, undefined, SHARES);
  forger = new Forger(world);
}

beforeEach(async () => {
  shared = undefined;
  folder = await mkdtemp(join(tmpdir(), 'access-held-'));
});

afterEach(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

/** Everything that this user can keep open by this path, by the user's token and by an endpoint token. */
async function open(user: string, path: string, audience: string): Promise<RawClient[]> {
  const token = await tokenOf(user);
  tokens.set(user, token);
  world.clearml.grant(token, ID);
  const bearer = `Authorization: Bearer ${token}`;
  const sealed = await forger.header('endpoint-token', 'good', token, audience, user);
  const clients: RawClient[] = [];
  for (const credential of [bearer, sealed]) {
    for (const [name, headers] of Object.entries(SESSIONS)) {
      const client = await RawClient.connect(world.port);
      client.send(`GET ${path} HTTP/1.1`, `Host: ${ROUTER_HOST}`, ...headers, credential, '', '');
      await client.untilText('\r\n\r\n');
      assert.match(client.pending, /^HTTP\/1\.1 (101|200) /, `${user}: ${name}`);
      clients.push(client);
    }
  }
  return clients;
}

/** Closed, or told by a close frame, which a peer has a while to answer. */
function hasEnded({ closed, pending }: RawClient): boolean {
  return closed || pending.includes('\u0088');
}

/** What takes the right of `colleague`, and not that of `owner`. */
async function ends(take: () => unknown, path: string, audience: string): Promise<void> {
  const [staying, losing] = await Promise.all([
    open('owner', path, audience),
    open('colleague', path, audience),
  ]);
  await take();
  const began = performance.now();
  const clients = [...staying, ...losing];
  try {
    await Promise.all(losing.map((client) => client.until(() => hasEnded(client), LATEST)));
    assert.ok(performance.now() - began < LATEST);
    assert.deepEqual(staying.map(hasEnded), Array(staying.length).fill(false));
  } finally {
    for (const client of clients) client.destroy();
  }
}

describe('what is open ends in time, and what its owner has open stays', () => {
  const path = `/service/${ID}/x`;
  const audience = `endpoint:${ID}`;
  const narrowed = () => table([{ ...endpointAt(world.task.port, ID), access: 'owner' }]);

  it('when the task narrows its endpoint', async () => {
    await start({ ACCESS_DEFAULT: 'visible' });
    await ends(() => world.routes.swap(narrowed()), path, audience);
  });

  it('when the owner takes back what they gave', async () => {
    await start({ ACCESS_DEFAULT: 'owner' });
    shared = 'people';
    await ends(() => (shared = undefined), path, audience);
    shared = 'visible';
    await ends(() => (shared = undefined), path, audience);
  });

  it('when the server turns out to keep nobody apart', async () => {
    await start({ ACCESS_DEFAULT: '' });
    const login = async (features: string) => {
      const token = await sign({ ...claims('router'), feature_set: features });
      world.clearml.login({ token, cookieName: CLEARML_COOKIE });
    };
    await login('advanced');
    await ends(() => login('basic'), path, audience);
  });

  it('when ClearML shows them the task no more', async () => {
    await start({ ACCESS_DEFAULT: 'visible' });
    const hide = () => world.clearml.sees.set(tokens.get('colleague') ?? '', new Set());
    await ends(hide, path, audience);
  });

  it('when a static route no longer names them', async () => {
    await start({ ACCESS_DEFAULT: 'owner' });
    const naming = (...people: readonly string[]) => {
      const one = endpointAt(world.task.port, ID);
      return table([one], [{ ...staticRoute('chat', 'people', [one]), people }]);
    };
    world.routes.swap(naming('colleague'));
    await ends(() => world.routes.swap(naming('somebody')), '/chat/x', 'static:chat');
  });

  it('when the task narrows what a static route leaves open', async () => {
    await start({ ACCESS_DEFAULT: 'owner' });
    const one = endpointAt(world.task.port, ID);
    const people = ['colleague'];
    const route = { ...staticRoute('chat', 'people', [one]), people };
    world.routes.swap(table([one], [route]));
    const now = { ...one, access: 'people' } as const;
    await ends(
      () => world.routes.swap(table([now], [{ ...route, endpoints: [now] }])),
      '/chat/x',
      'static:chat',
    );
  });
});
