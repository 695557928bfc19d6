import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RawTask } from '../../support/raw_peers.ts';
import { header } from '../../support/raw_peers.ts';
import { echoTask, HOST, NAVIGATION, startOutside } from '../../support/outside.ts';
import type { Outside } from '../../support/outside.ts';
import { HANDSHAKE } from '../../support/web_socket_handshake.ts';

describe('paths, methods and requests of other sites', () => {
  let world: Outside;
  let task: RawTask;
  let id: string;
  let T: string;
  before(async () => {
    world = await startOutside();
    task = await echoTask();
    id = await world.serve(task);
    T = `/service/${id}`;
  });
  after(async () => {
    await world.stop();
    await task.close();
  });

  for (const rest of [
    '/',
    '/?',
    '//evil.com/x',
    '/;/x',
    '/a%2fb%5Cc%00',
    '/%',
    '/%ff',
    '/?q="<>^{}|`',
    '/a/../b',
    '/a/b/%2e%2e/..',
    '/a?../../..',
    '/a..b/...',
    '/service/other',
  ]) {
    test(`after the id byte for byte: ${rest}`, async () => {
      const { status, body } = await world.ask(`GET ${T}${rest}`, world.bearer);
      assert.equal(status, 200, body);
      assert.equal(body.slice(4, body.indexOf(' HTTP/1.1')), rest);
    });
  }

  for (const rest of [
    '/..',
    '/../',
    '/a/../../b',
    '/%2e%2e/b',
    '/.%2E/b',
    '/..%2fb',
    '/..\\b',
    '/a\\..\\..\\b',
    '/a%5c..%5C..%5cb',
    '/..;x/b',
    '/./../b',
    '//../../b',
  ]) {
    test(`above the endpoint: 400 for ${rest}`, async () => {
      assert.equal((await world.ask(`GET ${T}${rest}`, world.bearer)).status, 400);
      assert.equal((await world.ask(`GET ${T}${rest}`, world.bearer, ...HANDSHAKE)).status, 400);
    });
  }

  test('no second spelling of an id: 404', async () => {
    const encoded = `%${id.charCodeAt(0).toString(16)}${id.slice(1)}`;
    for (const other of [encoded, id.toUpperCase(), `${id}x`, id.slice(1), `${id}%2f`, `${id};a`]) {
      if (other === id) continue;
      assert.equal((await world.ask(`GET /service/${other}/`, world.bearer)).status, 404, other);
    }
  });

  test('without its slash: 308 with its query', async () => {
    for (const query of ['', '?', '?a=b&c=/../d']) {
      const answer = await world.ask(`POST ${T}${query}`, world.bearer, 'Content-Length: 0');
      assert.equal(answer.status, 308);
      const location = (header(answer, 'location') ?? '').replace(`http://${HOST}`, '');
      assert.equal(location, `${T}/${query}`);
    }
  });

  test('Host is kept', async () => {
    for (const host of [HOST, 'Some.Other:81', '[::1]:8080']) {
      const { body } = await world.ask(`GET ${T}/`, world.bearer, `Host: ${host}`);
      assert.ok(body.toLowerCase().includes(`\r\nhost: ${host.toLowerCase()}\r\n`), body);
    }
  });

  test('CONNECT and TRACE get 405', async () => {
    assert.equal((await world.ask('CONNECT 10.0.0.1:22', world.bearer)).status, 405);
    assert.equal((await world.ask(`CONNECT ${T}/`, world.bearer)).status, 405);
    assert.equal((await world.ask(`TRACE ${T}/`, world.bearer)).status, 405);
    assert.equal((await world.ask('TRACE /')).status, 405);
    assert.ok(!task.requests().some((line) => /^(CONNECT|TRACE)/.test(line)));
  });

  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
    test(`${method} passes`, async () => {
      const { status } = await world.ask(`${method} ${T}/m`, world.bearer, 'Content-Length: 0');
      assert.equal(status, 200);
      assert.ok(task.requests().includes(`${method} /m HTTP/1.1`));
    });
  }

  const CROSS = 'Sec-Fetch-Site: cross-site';
  const refused: Readonly<Record<string, readonly [string, ...string[]]>> = {
    'an image': ['GET', CROSS, 'Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Dest: image'],
    'a form': ['POST', CROSS, NAVIGATION, 'Sec-Fetch-Dest: document', 'Content-Length: 0'],
    'a frame': ['GET', CROSS, NAVIGATION, 'Sec-Fetch-Dest: iframe'],
    'a fetch': ['GET', CROSS, 'Sec-Fetch-Mode: cors', 'Origin: https://evil.test'],
    'a foreign Origin alone': ['GET', 'Origin: https://evil.test'],
    'Origin: null': ['POST', 'Origin: null', 'Content-Length: 0'],
    'an upgrade of a foreign Origin': ['GET', ...HANDSHAKE, 'Origin: https://evil.test'],
    'an upgrade of Origin null': ['GET', ...HANDSHAKE, 'Origin: null'],
    'an upgrade of the right host and another scheme': [
      'GET',
      ...HANDSHAKE,
      `Origin: ftp://${HOST}`,
    ],
  };
  for (const [name, [method, ...headers]] of Object.entries(refused)) {
    test(`of another site with the cookie, ${name}: 403; with a Bearer token it passes`, async () => {
      const before = task.requests().length;
      const answer = await world.ask(`${method} ${T}/x`, world.cookie, ...headers);
      assert.equal(answer.status, 403);
      assert.equal(task.requests().length, before);
      const bearer = await world.ask(`${method} ${T}/x`, world.bearer, ...headers);
      assert.ok([200, 101].includes(bearer.status), String(bearer.status));
    });
  }

  const passing: Readonly<Record<string, readonly [string, ...string[]]>> = {
    'a link': ['GET', CROSS, NAVIGATION, 'Sec-Fetch-Dest: document'],
    'its own page': [
      'POST',
      'Sec-Fetch-Site: same-origin',
      `Origin: http://${HOST}`,
      'Content-Length: 0',
    ],
    'the address bar': ['GET', 'Sec-Fetch-Site: none', NAVIGATION],
    'a WebSocket of its own page': ['GET', ...HANDSHAKE, `Origin: http://${HOST}`],
    'a client without Sec-Fetch-* and Origin': ['PUT', 'Content-Length: 0'],
  };
  for (const [name, [method, ...headers]] of Object.entries(passing)) {
    test(`with the cookie, ${name}: passes`, async () => {
      const answer = await world.ask(`${method} ${T}/x`, world.cookie, ...headers);
      assert.ok([200, 101].includes(answer.status), `${answer.status} ${answer.body}`);
    });
  }
});
