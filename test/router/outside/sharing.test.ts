import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { KEY_USES, SealKeys } from '../../../router/auth/sealed/seal_keys.ts';
import { Grants } from '../../../router/auth/sharing/grants.ts';
import { GRANTS } from '../../../router/auth/sharing/store.ts';
import { EMPTY_TABLE } from '../../../router/routes/model/table.ts';
import { createSharedState } from '../../../router/state/shared_state.ts';
import { createStateFile } from '../../../router/state/state_file.ts';
import { createLog } from '../../../router/telemetry/log.ts';
import { httpAsk, tcpAsk } from '../../lab/clearml/asks.ts';
import { ids } from '../../lab/clearml/seed.ts';
import { TUNNEL } from '../../support/guarded_router.ts';
import { startOutside } from '../../support/outside.ts';
import type { Outside } from '../../support/outside.ts';
import type { RawAnswer, RawClient, RawTask } from '../../support/raw_peers.ts';
import { header, rawTask, replying } from '../../support/raw_peers.ts';
import { HANDSHAKE, accepting } from '../../support/web_socket_handshake.ts';

const STREAM = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n';
const ROUTER_SECRET = 'a-secret-of-the-router-itself';
/** However long ClearML's yes is kept: what the router itself knows counts within 5 s, at every replica. Milliseconds. */
const LATEST = 5_000;
/** Of a close frame: 1008, policy violation. */
const CLOSED = '\u0003\u00f0';
const ORIGIN = 'Origin: http://router.example.test';

describe('what an owner shares, and takes back', () => {
  let folder = '';
  let world: Outside;
  let task: RawTask;
  let id = '';
  let bob = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'shared-'));
    world = await startOutside({
      ACCESS_DEFAULT: 'owner',
      STATE_FILE: join(folder, 'state'),
      ROUTER_SECRET,
      TCP_ROUTER_ADDRESS: 'tcp.example.test',
      TCP_PORT_START: '31930',
      TCP_PORT_END: '31931',
    });
    task = await rawTask(replying((head) => accepting(head) ?? STREAM));
    const at = { address: '127.0.0.1', port: task.port };
    id = await world.notice({ ...httpAsk(at), ...tcpAsk({ ...at, name: 'ssh' }) });
    await world.router.logged(({ endpoint }) => endpoint === `${id}__ssh`);
    bob = `Authorization: Bearer ${await world.clearml.token(ids.bob, { claims: { session_id: 'b' } })}`;
  });
  after(async () => {
    await world.stop();
    await task.close();
    await rm(folder, { recursive: true });
  });

  async function call(line: string, who: string, body = ''): Promise<RawAnswer> {
    const client = await world.connect(line, who, `Content-Length: ${body.length}`);
    client.send(body);
    try {
      return await client.answer();
    } finally {
      client.destroy();
    }
  }

  async function give(wish: object): Promise<{ readonly id: string; readonly url: string }> {
    const answer = await call('POST /api/v1/grants', world.bearer, JSON.stringify(wish));
    assert.equal(answer.status, 201, answer.body);
    return JSON.parse(answer.body) as { id: string; url: string };
  }

  /** Bob's WebSocket, tunnel and stream, each open. */
  async function open(): Promise<readonly [RawClient, RawClient, RawClient]> {
    const socket = await world.connect(`GET /service/${id}/ws`, bob, ...HANDSHAKE);
    const tunnel = await world.connect(`GET /service/${id}__ssh/`, bob, ...TUNNEL);
    for (const client of [socket, tunnel]) assert.equal((await client.answer()).status, 101);
    const stream = await world.connect(`GET /service/${id}/stream`, bob);
    await stream.untilText('data: 1\n\n');
    return [socket, tunnel, stream];
  }

  /** The stream is cut off, the others are closed; nothing is open afterwards. */
  async function ended(stream: RawClient, ...others: readonly RawClient[]): Promise<void> {
    await Promise.all([
      stream.untilClosed(LATEST),
      ...others.map((client) => client.untilText(CLOSED, LATEST)),
    ]);
    for (const client of [stream, ...others]) client.destroy();
    assert.equal((await world.ask(`GET /service/${id}/`, bob)).status, 404);
  }

  const both = async (people: readonly string[]) => {
    const one = await give({ endpoint: id, people });
    const other = await give({ endpoint: `${id}__ssh`, people });
    return [one.id, other.id];
  };

  test('by the owner: an open WebSocket, a stream and a tunnel end in time', async () => {
    assert.equal((await world.ask(`GET /service/${id}/`, bob)).status, 404);
    const grants = await both([ids.bob]);
    const [socket, tunnel, stream] = await open();
    for (const grant of grants) {
      const answer = await call(`DELETE /api/v1/grants/${grant}`, world.bearer);
      assert.equal(answer.status, 204);
    }
    await ended(stream, socket, tunnel);
  });

  test('at another replica: they end in time, too', async () => {
    const grants = await both([ids.bob]);
    const [socket, tunnel, stream] = await open();
    const log = createLog('error', { write: () => undefined });
    const state = createSharedState(createStateFile(join(folder, 'state')), log);
    const replica = new Grants({
      section: state.section(GRANTS),
      keys: new SealKeys({ keys: [] }, [ROUTER_SECRET], KEY_USES.grants).current,
      routes: { current: () => EMPTY_TABLE },
      log,
      now: Date.now,
    });
    try {
      for (const grant of grants) {
        const revoked = await replica.revoke((one) => one.ownerId === ids.alice, grant);
        assert.ok(typeof revoked === 'object');
      }
    } finally {
      replica.close();
      state.close();
    }
    await ended(stream, socket, tunnel);
  });

  test('a link: who came by it is out with it, and no log holds what opens it', async () => {
    const { url, id: grant } = await give({ endpoint: id, link: { uses: 1 } });
    const { pathname } = new URL(url);
    const accept = 'Accept: text/html';
    const stranger = await world.ask(`GET ${pathname}`, accept, 'Sec-Fetch-Mode: navigate');
    assert.equal(stranger.status, 302);
    const page = await world.ask(`GET ${pathname}?more=1`, accept, bob);
    assert.match(page.body, /shares sample task with you/);
    assert.equal((await world.ask(`GET /service/${id}/`, bob)).status, 404);
    const opened = await call(`POST ${pathname}`, bob);
    assert.deepEqual(
      [opened.status, header(opened, 'location')],
      [303, `http://router.example.test/service/${id}/`],
    );
    const stream = await world.connect(`GET /service/${id}/stream`, bob);
    await stream.untilText('data: 1\n\n');
    assert.equal((await world.ask(`GET ${pathname}%20`, bob)).status, 404);
    assert.equal(
      (await world.ask(`POST ${pathname}`, bob, ORIGIN, 'Content-Length: 0')).status,
      303,
    );
    assert.equal((await call(`DELETE /api/v1/grants/${grant}`, world.bearer)).status, 204);
    await ended(stream);
    const line = await world.router.logged(({ path }) => String(path).startsWith('/share/'));
    assert.equal(line['path'], `${pathname.slice(0, pathname.indexOf('.'))}…`);
    assert.ok(!world.router.written().includes(pathname.slice(-43)));
  });
});
