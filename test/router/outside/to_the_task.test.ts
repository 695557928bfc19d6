import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RawTask } from '../../support/raw_peers.ts';
import { header, headerValues, rawTask, replying } from '../../support/raw_peers.ts';
import { ids } from '../../lab/clearml/seed.ts';
import { echoTask, startOutside } from '../../support/outside.ts';
import type { Outside } from '../../support/outside.ts';

/** The values of one header in the head that the task was sent. */
function sent(head: string, name: string): readonly string[] {
  return head
    .split('\r\n')
    .filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
    .map((line) => line.slice(name.length + 1).trim());
}

describe('what the task is sent, and what comes back', () => {
  let world: Outside;
  let task: RawTask;
  let id: string;
  before(async () => {
    world = await startOutside({
      ROUTER_URL: 'https://router.example.test:8443',
      ROUTER_WILDCARD_HOST: 'tasks.example.test',
      TRUSTED_PROXIES: '127.0.0.9',
    });
    task = await echoTask();
    id = await world.serve(task);
  });
  after(async () => {
    await world.stop();
    await task.close();
  });

  test('who asks: id, and the name percent-encoded UTF-8', async () => {
    const { body } = await world.ask(`GET /service/${id}/`, world.bearer);
    assert.deepEqual(sent(body, 'X-ClearML-User-Id'), [ids.alice]);
    assert.deepEqual(sent(body, 'X-ClearML-User-Name').map(decodeURIComponent), ['Alice Ångström']);
    assert.match(body, /^[\x20-\x7e\r\n]*$/);
  });

  test('from where: address, scheme of ROUTER_URL, Host with its port, prefix', async () => {
    const host = 'router.example.test:8443';
    const { body } = await world.ask(
      `GET /service/${id}/x`,
      world.bearer,
      `Host: ${host}`,
      'X-Forwarded-For: 1.2.3.4',
      'X-Forwarded-Proto: gopher',
      'X-Forwarded-Host: evil.test',
      'X-Forwarded-Prefix: /evil',
      'X_Forwarded_Prefix: /evil',
      'X-ClearML-User-Id: root',
      'X-ClearML-User_Id: root',
      'Forwarded: for=1.2.3.4',
      'X-Real-IP: 1.2.3.4',
    );
    assert.deepEqual(sent(body, 'X-Forwarded-For'), ['127.0.0.1']);
    assert.deepEqual(sent(body, 'X-Forwarded-Proto'), ['https']);
    assert.deepEqual(sent(body, 'X-Forwarded-Host'), [host]);
    assert.deepEqual(sent(body, 'X-Forwarded-Prefix'), [`/service/${id}`]);
    assert.deepEqual(sent(body, 'X-ClearML-User-Id'), [ids.alice]);
    assert.deepEqual(sent(body, 'Host'), [host]);
    assert.doesNotMatch(body, /evil|1\.2\.3\.4|root/);
  });

  test('no prefix on a wildcard host', async () => {
    const { body, status } = await world.ask(
      'GET /x',
      world.bearer,
      `Host: ${id}.tasks.example.test`,
    );
    assert.equal(status, 200);
    assert.match(body, /^GET \/x /);
    assert.deepEqual(sent(body, 'X-Forwarded-Prefix'), []);
  });

  test("the user's cookie and Bearer token stay here; other cookies pass as they are", async () => {
    const { body } = await world.ask(
      `GET /service/${id}/`,
      world.bearer,
      `${world.cookie}; theme=dark; a="b c"`,
      'Cookie: more=1',
      'Sec-Fetch-Site: same-origin',
    );
    assert.doesNotMatch(body, /eyJ/);
    assert.deepEqual(sent(body, 'Authorization'), []);
    assert.match(sent(body, 'Cookie').join('; '), /theme=dark; a="b c"(; |$)/);
    assert.match(body, /more=1/);
  });

  for (const value of ['Bearer sk-vllm-key', 'Basic YTpi', 'token abc', 'AWS4-HMAC x=y']) {
    test(`an Authorization that is not ClearML's passes with the cookie: ${value}`, async () => {
      const { body, status } = await world.ask(
        `GET /service/${id}/`,
        world.cookie,
        `Authorization: ${value}`,
      );
      assert.equal(status, 200);
      assert.deepEqual(sent(body, 'Authorization'), [value]);
      assert.doesNotMatch(body, /eyJ/);
    });
  }

  test('hop-by-hop headers and TE stop here', async () => {
    const { body } = await world.ask(
      `GET /service/${id}/`,
      world.bearer,
      'Connection: keep-alive, X-Nominated',
      'X-Nominated: 1',
      'TE: trailers',
      'Trailer: x',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: keep-alive',
      'Proxy-Authorization: Basic YTpi',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQAAP__',
    );
    assert.doesNotMatch(
      body,
      /^(te|trailer|keep-alive|proxy-.*|upgrade|x-nominated|http2-settings):/im,
    );
  });

  const LOCATIONS: readonly (readonly [string, (prefix: string, port: number) => string])[] = [
    ['/login', (prefix) => `${prefix}/login`],
    ['relative', () => 'relative'],
    ['?q', () => '?q'],
    ['PREFIX/already', (prefix) => `${prefix}/already`],
    ['http://127.0.0.1:PORT/own?x#y', (prefix) => `${prefix}/own?x#y`],
    ['https://elsewhere.test/x', () => 'https://elsewhere.test/x'],
  ];
  for (const [given, expected] of LOCATIONS) {
    test(`Location: ${given}`, async () => {
      let location = '';
      const redirecting = await rawTask(
        replying(() => `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`),
      );
      const own = await world.serve(redirecting);
      const prefix = `/service/${own}`;
      location = given.replace('PREFIX', prefix).replace('PORT', String(redirecting.port));
      const answer = await world.ask(`GET ${prefix}/`, world.bearer);
      assert.equal(answer.status, 302);
      const got = header(answer, 'location') ?? '';
      const wanted = expected(prefix, redirecting.port);
      assert.ok(got === wanted || got === `https://router.example.test:8443${wanted}`, got);
      await redirecting.close();
    });
  }

  test('Set-Cookie comes back confined to the endpoint', async () => {
    const names = ['a=1', 'b=2; Path=/; Domain=.example.test; HttpOnly', 'c=3; path=/sub/'];
    const lines = [...names, `${world.clearml.cookieName}=x; Path=/`, '__Host-router_session=x'];
    const setting = await echoTask(lines.map((line) => `Set-Cookie: ${line}\r\n`).join(''));
    const own = await world.serve(setting);
    const answer = await world.ask(`GET /service/${own}/`, world.bearer);
    const cookies = headerValues(answer, 'set-cookie');
    assert.equal(cookies.length, 3, cookies.join('\n'));
    for (const cookie of cookies) {
      assert.match(cookie, new RegExp(`; ?path=/service/${own}/`, 'i'));
      assert.doesNotMatch(cookie, /domain/i);
    }
    assert.match(cookies[1] ?? '', /HttpOnly/);
    assert.match(cookies[2] ?? '', new RegExp(`path=/service/${own}/sub/`, 'i'));
    await setting.close();
  });

  test('headers that would reach beyond the endpoint stay here', async () => {
    const wide = [
      'Clear-Site-Data: "*"',
      'Service-Worker-Allowed: /',
      'Strict-Transport-Security: max-age=1',
      'Alt-Svc: h2=":1"',
      'X-Accel-Redirect: /etc/passwd',
      'X-Sendfile: /etc/passwd',
    ];
    const grasping = await echoTask(wide.map((line) => `${line}\r\n`).join(''));
    const own = await world.serve(grasping);
    const answer = await world.ask(`GET /service/${own}/`, world.bearer);
    const names = new Set(answer.headers.map(([name]) => name));
    for (const line of wide) {
      const name = line.slice(0, line.indexOf(':')).toLowerCase();
      assert.ok(!names.has(name) || name === 'service-worker-allowed', name);
    }
    const allowed = header(answer, 'service-worker-allowed') ?? `/service/${own}/`;
    assert.ok(allowed.startsWith(`/service/${own}/`), allowed);
    await grasping.close();
  });
});
