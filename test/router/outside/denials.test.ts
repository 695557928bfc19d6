import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RawTask } from '../../support/raw_peers.ts';
import { header, rawTask } from '../../support/raw_peers.ts';
import { callApi, userToken } from '../../lab/clearml/client.ts';
import { ids } from '../../lab/clearml/seed.ts';
import { echoTask, NAVIGATION, startOutside } from '../../support/outside.ts';
import type { Outside } from '../../support/outside.ts';
import { HANDSHAKE } from '../../support/web_socket_handshake.ts';

describe('denials', () => {
  let world: Outside;
  let task: RawTask;
  let id: string;
  before(async () => {
    const settings = { ACCESS_CACHE_SECONDS: '0.2', ACCESS_STALE_SECONDS: '0' };
    world = await startOutside(settings, { edition: 'enterprise' });
    task = await echoTask();
    id = await world.serve(task);
  });
  after(async () => {
    await world.stop();
    await task.close();
  });

  const PROGRAMS: Readonly<Record<string, readonly [string, ...string[]]>> = {
    'a request without any hint': ['GET'],
    curl: ['GET', 'Accept: */*'],
    'a script that fetches': ['GET', 'Accept: text/html', 'Sec-Fetch-Mode: cors'],
    'an image': ['GET', 'Accept: image/avif,image/*;q=0.8,*/*;q=0.5', 'Sec-Fetch-Mode: no-cors'],
    'a preflight': ['OPTIONS', 'Origin: http://a.test', 'Access-Control-Request-Method: PUT'],
    'a form without Sec-Fetch-*': ['POST', 'Accept: text/html', 'Content-Length: 0'],
    'JSON before HTML': ['GET', 'Accept: application/json, text/html;q=0.9'],
    'a WebSocket': ['GET', ...HANDSHAKE],
  };
  for (const [name, [method, ...headers]] of Object.entries(PROGRAMS)) {
    test(`no token, ${name}: 401, JSON, WWW-Authenticate: Bearer`, async () => {
      const answer = await world.ask(`${method} /service/${id}/`, ...headers);
      assert.equal(answer.status, 401);
      assert.match(header(answer, 'www-authenticate') ?? '', /^Bearer/);
      assert.match(header(answer, 'content-type') ?? '', /^application\/json/);
      assert.equal(typeof JSON.parse(answer.body), 'object');
      assert.equal(header(answer, 'location'), undefined);
    });
  }

  const BROWSERS: Readonly<Record<string, readonly [string, ...string[]]>> = {
    'Sec-Fetch-Mode: navigate': ['GET', NAVIGATION],
    'navigate, by a form': ['POST', NAVIGATION, 'Content-Length: 0'],
    'an Accept that prefers text/html': [
      'GET',
      'Accept: text/html,application/xml;q=0.9,*/*;q=0.8',
    ],
    'HEAD that prefers text/html': ['HEAD', 'Accept: text/html'],
  };
  for (const [name, [method, ...headers]] of Object.entries(BROWSERS)) {
    test(`no token, ${name}: to sign-in`, async () => {
      const answer = await world.ask(`${method} /service/${id}/a?b`, ...headers);
      assert.ok([302, 303].includes(answer.status), String(answer.status));
      const location = new URL(header(answer, 'location') ?? '', 'http://router.example.test');
      assert.equal(location.origin, 'http://router.example.test');
      assert.equal(location.pathname, '/auth/sign-in');
      if (method === 'GET') assert.equal(location.searchParams.get('next'), `/service/${id}/a?b`);
    });
  }

  test("a token that does not hold: as none, ClearML's own 401 included", async () => {
    const { clearml, ask } = world;
    const revoked = await userToken(clearml, 'bob', { claims: { session_id: 'revoked here' } });
    await callApi(clearml.url, 'auth.logout', {}, `Bearer ${revoked}`);
    const expired = await userToken(clearml, 'alice', { expiresIn: -10 });
    for (const token of ['garbage', revoked, expired]) {
      const answer = await ask(`GET /service/${id}/`, `Authorization: Bearer ${token}`);
      assert.equal(answer.status, 401, token.slice(0, 10));
      const cookie = `Cookie: ${clearml.cookieName}=${token}`;
      const page = await ask(`GET /service/${id}/`, cookie, NAVIGATION);
      assert.ok([302, 303].includes(page.status), `${page.status} ${page.body}`);
    }
  });

  test('a task that the user may not see and one that does not exist: the same 404', async () => {
    const other = await echoTask();
    const hidden = await world.serve(other);
    world.clearml.state.restrictTask(hidden, [ids.bob]);
    const forms = [[], [NAVIGATION], [...HANDSHAKE]];
    for (const form of forms) {
      const [unseen, unknown, ended] = await Promise.all(
        [hidden, 'f'.repeat(32), `${id}__none`].map((which) =>
          world.ask(`GET /service/${which}/`, world.bearer, ...form),
        ),
      );
      const named = (text: string | undefined): string | undefined =>
        text?.replaceAll(/[0-9a-f]{32}(__none)?/g, 'ID');
      assert.equal(unseen?.status, 404);
      assert.equal(unknown?.status, 404);
      assert.equal(named(unseen?.body), named(unknown?.body));
      assert.equal(named(ended?.body), named(unknown?.body));
      assert.deepEqual(
        unseen?.headers.map(([key]) => key),
        unknown?.headers.map(([key]) => key),
      );
    }
    assert.equal(other.seen(), '');
    await other.close();
  });

  test('a known task that does not listen: 503 and a page that waits; one that closes: 502', async () => {
    const gone = await echoTask();
    const { port } = gone;
    await gone.close();
    const refusing = await world.serve({ ...gone, port });
    const page = await world.ask(`GET /service/${refusing}/`, world.bearer, NAVIGATION);
    assert.equal(page.status, 503);
    assert.equal(header(page, 'retry-after'), '3');
    assert.match(header(page, 'content-type') ?? '', /^text\/html/);
    assert.match(page.body, /<h1>Waiting for the task<\/h1>/);
    const closing = await rawTask(({ socket }) => socket.destroy());
    const cut = await world.serve(closing);
    const answer = await world.ask(`GET /service/${cut}/`, world.bearer);
    assert.equal(answer.status, 502);
    await closing.close();
  });

  test('ClearML away and no kept yes: 503 with Retry-After', async () => {
    await world.clearml.down();
    for (const form of [[], [NAVIGATION], [...HANDSHAKE]]) {
      const answer = await world.ask(
        `GET /service/${id}/`,
        `Authorization: Bearer ${await userToken(world.clearml, 'admin')}`,
        ...form,
      );
      assert.equal(answer.status, 503);
      assert.match(header(answer, 'retry-after') ?? '', /^[1-9][0-9]*$/);
    }
    const without = await world.ask(`GET /service/${id}/`);
    assert.equal(without.status, 401);
    await world.clearml.up();
  });
});
