import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RawAnswer, RawTask } from '../../support/raw_peers.ts';
import { header, headerValues } from '../../support/raw_peers.ts';
import { credentials } from '../../lab/clearml/seed.ts';
import { echoTask, NAVIGATION, startOutside } from '../../support/outside.ts';
import type { Outside } from '../../support/outside.ts';

for (const [origin, name] of [
  ['http://router.example.test', 'router_session'],
  ['https://router.example.test', '__Host-router_session'],
] as const) {
  describe(`the router's own pages under ${origin}`, () => {
    let world: Outside;
    let task: RawTask;
    let id: string;
    before(async () => {
      world = await startOutside({ ROUTER_URL: origin }, { edition: 'enterprise' });
      task = await echoTask();
      id = await world.serve(task);
    });
    after(async () => {
      await world.stop();
      await task.close();
    });

    const signIn = (next?: string, secret?: string): Promise<RawAnswer> => {
      const { accessKey, secretKey } = credentials.alice;
      const fields = new URLSearchParams({
        access_key: accessKey,
        secret_key: secret ?? secretKey,
        ...(next === undefined ? {} : { next }),
      }).toString();
      return world.ask(
        'POST /auth/sign-in',
        NAVIGATION,
        'Accept: text/html',
        `Origin: ${origin}`,
        'Content-Type: application/x-www-form-urlencoded',
        `Content-Length: ${fields.length}`,
        'Connection: close',
        '',
        fields,
      );
    };
    const session = (answer: RawAnswer): string =>
      headerValues(answer, 'set-cookie').find((line) => line.startsWith(`${name}=`)) ?? '';

    test('sign-in sets the session cookie, which opens endpoints and pages; sign-out ends it', async () => {
      const answer = await signIn(`/service/${id}/lab?a=b`);
      assert.equal(answer.status, 303);
      assert.equal(header(answer, 'location'), `/service/${id}/lab?a=b`);
      const cookie = session(answer);
      assert.match(cookie, /; HttpOnly/i);
      assert.match(cookie, /; Path=\/(;|$)/i);
      assert.equal(/; Secure/i.test(cookie), origin.startsWith('https:'));
      const pair = `Cookie: ${cookie.split(';')[0]}`;
      const served = await world.ask(`GET /service/${id}/`, pair);
      assert.equal(served.status, 200);
      assert.doesNotMatch(served.body, /router_session|eyJ/);
      assert.equal((await world.ask('GET /', pair, NAVIGATION)).status, 200);
      const out = await world.ask(
        'POST /auth/sign-out',
        pair,
        `Origin: ${origin}`,
        'Content-Length: 0',
      );
      assert.ok([302, 303].includes(out.status), String(out.status));
      assert.match(session(out), /Max-Age=0|Expires=Thu, 01 Jan 1970/i);
      assert.equal((await world.ask(`GET /service/${id}/`, pair)).status, 401);
    });

    test('wrong credentials: the form again, no cookie', async () => {
      const answer = await signIn(undefined, 'wrong');
      assert.equal(answer.status, 401);
      assert.equal(session(answer), '');
    });

    test('the way back leads to an endpoint, a static route or the page of this router, nowhere else', async () => {
      for (const next of [
        'https://evil.test/',
        '//evil.test/',
        '/\\evil.test',
        '/%09/evil.test',
        `/service/${id}/../../auth/sign-out`,
        '/metrics',
        'javascript:alert(1)',
      ]) {
        assert.equal(header(await signIn(next), 'location'), '/', next);
      }
    });

    test('of a form that another site sends: 403', async () => {
      for (const path of ['sign-in', 'sign-out']) {
        const answer = await world.ask(
          `POST /auth/${path}`,
          'Origin: https://evil.test',
          'Content-Type: application/x-www-form-urlencoded',
          'Content-Length: 0',
        );
        assert.equal(answer.status, 403);
      }
    });

    test("the user's endpoints, as a page and as JSON; nobody else's", async () => {
      const mine = await world.ask('GET /api/v1/routes', world.bearer);
      assert.equal(mine.status, 200);
      assert.match(mine.body, new RegExp(id));
      assert.match((await world.ask('GET /', world.cookie, NAVIGATION)).body, new RegExp(id));
      world.clearml.state.restrictTask(id, []);
      const token = await world.clearml.token('aaaaaaaaaaaaaaaaaaaaaaaaaaaaab0b');
      const other = await world.ask('GET /api/v1/routes', `Authorization: Bearer ${token}`);
      assert.equal(other.status, 200);
      assert.doesNotMatch(other.body, new RegExp(id));
      world.clearml.state.restrictTask(id, undefined);
    });

    test('without a token: to sign-in, or 401 in JSON', async () => {
      for (const path of ['/', '/api/v1/routes']) {
        const program = await world.ask(`GET ${path}`);
        assert.equal(program.status, 401);
        assert.match(header(program, 'content-type') ?? '', /^application\/json/);
        assert.match(header(program, 'www-authenticate') ?? '', /^Bearer/);
      }
      const page = await world.ask('GET /', NAVIGATION);
      assert.ok([302, 303].includes(page.status));
    });

    test('any Host reaches the main port, but the pages are on that of ROUTER_URL alone', async () => {
      const elsewhere = 'Host: pod-7.svc:8080';
      assert.equal((await world.ask(`GET /service/${id}/`, elsewhere, world.bearer)).status, 200);
      for (const path of ['/', '/api/v1/routes', '/auth/sign-in']) {
        const answer = await world.ask(`GET ${path}`, elsewhere, world.bearer);
        assert.equal(answer.status, 404, path);
      }
      const away = await world.ask(`GET /service/${id}/`, 'Host: evil.test', NAVIGATION);
      assert.ok([302, 303].includes(away.status));
      const location = header(away, 'location') ?? '';
      assert.doesNotMatch(location, /evil/);
      assert.ok(location.startsWith(`${origin}/auth/sign-in`), location);
      const redirected = await world.ask(`GET /service/${id}`, 'Host: evil.test', world.bearer);
      assert.equal(redirected.status, 308);
      assert.doesNotMatch(header(redirected, 'location') ?? '', /evil/);
    });

    test('health and metrics are not on the main port', async () => {
      for (const path of ['/healthz', '/readyz', '/metrics']) {
        assert.equal((await world.ask(`GET ${path}`)).status, 404);
      }
    });
  });
}
