import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { RawTask } from '../../support/raw_peers.ts';
import { addTask, httpAsk, taskWhen, tcpAsk } from '../../lab/clearml/asks.ts';
import type { Runtime } from '../../lab/clearml/records.ts';
import { LISTING } from '../../../router/web/overview/listing.ts';
import { echoTask, HOST, NAVIGATION, startOutside } from '../../support/outside.ts';
import type { Outside } from '../../support/outside.ts';
import { HANDSHAKE } from '../../support/web_socket_handshake.ts';

const WILDCARD = 'tasks.example.test';
const ROUTE = { name: 'chat', type: 'path', path: 'chat' };

describe('with ROUTER_PATH_FORM off', () => {
  const folder = mkdtempSync(join(tmpdir(), 'path-form-'));
  let world: Outside;
  let task: RawTask;
  let served: RawTask;
  let id: string;
  let runtime: Runtime;
  let chat: Runtime;
  before(async () => {
    const file = join(folder, 'routes.json');
    writeFileSync(file, JSON.stringify({ routes: [ROUTE] }));
    world = await startOutside({
      ROUTER_WILDCARD_HOST: WILDCARD,
      ROUTER_PATH_FORM: 'false',
      ACCESS_DEFAULT: 'visible',
      STATIC_ROUTES_FILE: file,
      TCP_ROUTER_ADDRESS: '192.0.2.1',
      TCP_PORT_START: '41000',
      TCP_PORT_END: '41001',
    });
    task = await echoTask();
    served = await echoTask();
    const ask = { address: '127.0.0.1', port: task.port };
    ({ id } = addTask(world.clearml, {
      runtime: {
        ...httpAsk(ask),
        ...httpAsk({ ...ask, name: 'no_label' }),
        ...tcpAsk({ ...ask, name: 'both_none' }),
      },
    }));
    const wanted = (key: string) => (row: { runtime: Runtime }) => row.runtime[key] !== undefined;
    ({ runtime } = await taskWhen(world.clearml, id, wanted('browser_endpoint')));
    const other = addTask(world.clearml, {
      runtime: httpAsk({
        address: '127.0.0.1',
        port: served.port,
        route: { name: 'chat', mode: 'path' },
      }),
    });
    ({ runtime: chat } = await taskWhen(world.clearml, other.id, wanted('endpoint')));
  });
  after(async () => {
    await world.stop();
    await task.close();
    await served.close();
    rmSync(folder, { recursive: true });
  });

  test('the answers name the host of the endpoint, and the task is there', async () => {
    const url = `http://${id}.${WILDCARD}/`;
    assert.deepEqual([runtime['endpoint'], runtime['browser_endpoint']], [url, url]);
    const { status, body } = await world.ask('GET /x?y', `Host: ${id}.${WILDCARD}`, world.bearer);
    assert.equal(status, 200);
    assert.match(body, /^GET \/x\?y HTTP/);
    assert.doesNotMatch(body, /x-forwarded-prefix/i);
  });

  test('below /service/ there is what is at any unknown page, for everybody alike', async () => {
    for (const who of [
      [],
      [world.bearer],
      [world.cookie],
      [world.cookie, NAVIGATION],
      [NAVIGATION],
    ]) {
      for (const path of [`/service/${id}/`, `/service/${id}`, '/service/']) {
        const asked = await world.ask(`GET ${path}`, ...who);
        const unknown = await world.ask('GET /nothing', ...who);
        assert.equal(asked.status, 404);
        assert.equal(asked.body, unknown.body);
      }
    }
    const upgrade = await world.ask(`GET /service/${id}/`, world.bearer, ...HANDSHAKE);
    assert.equal(upgrade.status, 404);
    const elsewhere = await world.ask(`GET /service/${id}/`, 'Host: other.test', world.bearer);
    assert.equal(elsewhere.status, 404);
    assert.ok(!task.seen().includes('/service/'));
  });

  test('static path routes are where they were', async () => {
    assert.equal(chat['endpoint'], `http://${HOST}/chat/`);
    const { status, body } = await world.ask('GET /chat/a', world.bearer);
    assert.equal(status, 200);
    assert.match(body, /^GET \/a HTTP/);
  });

  test('a name that makes no host name is refused with its reason, and is not answered', async () => {
    const { body } = await world.ask('GET /api/v1/routes', world.bearer);
    const { endpoints } = LISTING.parse(JSON.parse(body));
    const named = endpoints.find(({ name }) => name === 'no_label');
    assert.equal(named?.http?.state, 'refused');
    assert.equal(
      named?.http?.reason,
      'the path form is off on this router (ROUTER_PATH_FORM), and the name of the endpoint makes no host name: ' +
        'at most 29 of a-z, 0-9 and -, and none that differs from another of the task by case alone',
    );
    assert.equal(runtime['endpoint__no_label'], undefined);
    assert.ok(endpoints.every(({ http }) => http === null || http.pathUrl === null));
    const tcp = endpoints.find(({ name }) => name === 'both_none');
    assert.deepEqual([tcp?.tcp?.state, tcp?.tcp?.tunnelUrl], ['open', null]);
  });

  test('the page leads to the hosts of endpoints alone', async () => {
    const { body } = await world.ask('GET /', world.cookie, NAVIGATION);
    assert.ok(body.includes(`http://${id}.${WILDCARD}/`));
    assert.ok(!body.includes('/service/'));
  });

  test('sign-in leads to no path below /service/', async () => {
    const next = encodeURIComponent(`/service/${id}/`);
    const { status, body } = await world.ask(`GET /auth/sign-in?next=${next}`, NAVIGATION);
    assert.equal(status, 200);
    assert.ok(!body.includes('/service/'));
  });
});
