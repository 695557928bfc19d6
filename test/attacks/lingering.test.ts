import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { suite, test } from 'node:test';
import { freePort } from '../lab/free_port.ts';
import { UNLIMITED } from '../../router/load/load_guard.ts';
import type { LingerBounds } from '../../router/http/lingering_close.ts';
import { ALICE, TASK_A, httpEndpoint } from '../support/proxy_world.ts';
import { taskId } from '../support/auth_fixture.ts';
import { HOST, LET_IN, OTHER, T, attacked, stillServes, until } from '../support/attacked.ts';
import { ROUTER_HOST, guarded } from '../support/guarded_router.ts';
import { OK, header, replying } from '../support/raw_peers.ts';
import type { RawClient } from '../support/raw_peers.ts';
import { HANDSHAKE } from '../support/web_socket_handshake.ts';

/** Uploads as `urllib` does: with `Connection: close`, and nothing read before all is sent. Prints the status that it got. */
const UPLOAD = `
import sys, urllib.error, urllib.request
url, size, *headers = sys.argv[1:]
request = urllib.request.Request(url, data=b'x' * int(size), method='POST')
for header in headers: request.add_header(*header.split(': ', 1))
try: print(urllib.request.urlopen(request, timeout=30).status)
except urllib.error.HTTPError as error: print(error.code, len(error.read()) > 0)
except Exception as error: print(repr(error))
`;

async function upload(port: number, path: string, ...headers: string[]): Promise<string> {
  const url = `http://127.0.0.1:${port}${path}`;
  const python = spawn('python3', ['-c', UPLOAD, url, '50000000', ...headers], {
    env: { ...process.env, no_proxy: '*' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  python.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await once(python, 'close');
  return text.trim();
}

const BEARER = `Authorization: Bearer ${ALICE.token}`;

suite('A57: a client that uploads and reads afterwards gets to read', () => {
  const early = (status: string) => replying(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nno`);
  /** A task that answers as soon as it has a head, and never reads on. */
  const deafTask =
    (status: string, ends: boolean) => (connection: { socket: Socket; text: () => string }) => {
      if (!connection.text().includes('\r\n\r\n') || connection.socket.isPaused()) return;
      connection.socket.pause().write(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nno`);
      if (ends) connection.socket.end();
    };

  test('its 401', async (t) => {
    const { world } = await attacked(t);
    assert.equal(await upload(world.port, `${T}/`), '401 True');
  });
  test('its 404', async (t) => {
    const { world } = await attacked(t);
    assert.equal(await upload(world.port, `/service/${'e'.repeat(32)}/`, BEARER), '404 True');
    assert.equal(await upload(world.port, '/no/such/page', BEARER), '404 True');
  });
  test('its 400, from the router and from the parser', async (t) => {
    const { world } = await attacked(t);
    assert.equal(await upload(world.port, `${T}/../../x`, BEARER), '400 True');
    assert.match(
      await upload(
        world.port,
        `${T}/`,
        BEARER,
        'Transfer-Encoding: xchunked',
        'Content-Length: 50000000',
      ),
      /^400/,
    );
  });
  test('its 413, 502 and 503, of a task that reads nothing, answers nonsense or is not there', async (t) => {
    for (const ends of [false, true]) {
      const { world } = await attacked(t, deafTask('413 Too Large', ends));
      assert.equal(await upload(world.port, `${T}/`, BEARER), '413 True');
    }
    const { world } = await attacked(t, deafTask('abc', false));
    assert.equal(await upload(world.port, `${T}/`, BEARER), '502 True');
    world.routes.show([httpEndpoint(await freePort(), TASK_A)]);
    assert.equal(await upload(world.port, `${T}/`, BEARER), '503 True');
  });
  test('its 503, beyond a limit', async (t) => {
    const attack = await attacked(t, early('200 OK'), {
      limits: { ...UNLIMITED, connections: { total: 1, perAddress: 0 } },
    });
    const first = await attack.client();
    first.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
    await first.answer();
    first.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN);
    assert.equal(await upload(attack.world.port, `${T}/`, BEARER), '503 True');
  });
  test('what the router says to a form that is too long', async (t) => {
    const world = await guarded([taskId('a')]);
    t.after(() => world.close());
    const form = ['Content-Type: application/x-www-form-urlencoded', `Host: ${ROUTER_HOST}`];
    assert.match(await upload(world.port, '/auth/sign-in', ...form), /^4\d\d True/);
  });
  test('the answer to an upgrade that is refused', async (t) => {
    const attack = await attacked(t);
    const client = await attack.client();
    // It goes on although the router has said its last.
    client.socket.allowHalfOpen = true;
    client.send(`GET ${T}/ws HTTP/1.1`, HOST, ...HANDSHAKE, '', '');
    const block = Buffer.alloc(1_000_000);
    for (let index = 0; index < 50; index++) {
      if (!client.socket.write(block)) await once(client.socket, 'drain');
    }
    assert.equal((await client.answer()).status, 401);
  });
});

suite('A57: strangers who hold connections', () => {
  const SHORT: LingerBounds = { time: 600, silence: 200, bytes: 1_000_000 };
  const stranger = async (client: Promise<RawClient>): Promise<RawClient> => {
    const connected = await client;
    connected.send(`POST ${T}/ HTTP/1.1`, HOST, 'Content-Length: 1000000000', '', 'x');
    const answer = await connected.answer();
    assert.equal(answer.status, 401);
    assert.equal(header(answer, 'connection'), 'keep-alive');
    return connected;
  };

  test('one that says nothing more, one that drips, one that pours: each is ended', async (t) => {
    const attack = await attacked(t, replying(OK), { linger: SHORT });
    await (await stranger(attack.client())).untilClosed(2_000);
    const dripping = await stranger(attack.client());
    const drip = setInterval(() => dripping.socket.write('x'), 50);
    t.after(() => clearInterval(drip));
    await dripping.untilClosed(2_000);
    const pouring = await stranger(attack.client());
    const block = Buffer.alloc(100_000);
    const pour = setInterval(() => pouring.socket.write(block), 5);
    t.after(() => clearInterval(pour));
    await pouring.untilClosed(2_000);
    await stillServes(attack);
  });

  test('sixty of them do not fill sixty connections', async (t) => {
    const attack = await attacked(t, replying(OK), {
      limits: { ...UNLIMITED, connections: { total: 60, perAddress: 0 } },
    });
    for (let index = 0; index < 60; index++) await stranger(attack.client());
    await stillServes(attack);
  });

  test('one whose body comes to its end keeps its connection', async (t) => {
    const attack = await attacked(t, replying(OK), { linger: SHORT });
    const client = await attack.client();
    for (let index = 0; index < 20; index++) {
      client.send(`POST ${T}/ HTTP/1.1`, HOST, 'Content-Length: 1000', '', 'x');
      assert.equal((await client.answer()).status, 401);
      client.socket.write('x'.repeat(999));
    }
    // Beyond the bounds of what lingers.
    await new Promise((resolve) => setTimeout(resolve, 800));
    client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
    assert.equal((await client.answer()).status, 200);
  });

  test('CONNECT, refused upgrades and malformed requests end, too', async (t) => {
    const attack = await attacked(t, replying(OK), { linger: SHORT });
    for (const [lines, status] of [
      [['CONNECT x:22 HTTP/1.1', HOST], 405],
      [[`GET ${T}/ws HTTP/1.1`, HOST, ...HANDSHAKE], 401],
      [[`GET ${T}/ HTTP/1.1`, 'Host : x'], 400],
      [[`GET ${T}/${'x'.repeat(40_000)} HTTP/1.1`, HOST], 431],
    ] as const) {
      const client = await attack.client();
      // Half of it stays open for as long as the router leaves it so.
      client.socket.allowHalfOpen = true;
      client.send(...lines, '', '');
      assert.equal((await client.answer()).status, status);
      const drip = setInterval(() => client.socket.write('x'), 50);
      t.after(() => clearInterval(drip));
      await new Promise((resolve) => client.socket.once('close', resolve));
    }
  });

  test('what follows an answer that closes is not served', async (t) => {
    const attack = await attacked(t);
    const client = await attack.client();
    client.send(
      `POST ${T}/ HTTP/1.1`,
      HOST,
      'Connection: close',
      'Content-Length: 2',
      '',
      `xxGET ${T}/next HTTP/1.1`,
      HOST,
      LET_IN,
      '',
      '',
    );
    assert.equal((await client.answer()).status, 401);
    await client.untilClosed();
    assert.equal(client.pending, '');
    client.send(`GET ${OTHER}/next HTTP/1.1`, HOST, LET_IN, '', '');
    await stillServes(attack);
    assert.equal(attack.other.seen(), '');
  });

  test('a body that stops being one ends the request at the task at once', async (t) => {
    const attack = await attacked(t, () => undefined);
    const client = await attack.client();
    client.send(
      `POST ${T}/ HTTP/1.1`,
      HOST,
      LET_IN,
      'Transfer-Encoding: chunked',
      '',
      '1',
      'x',
      '',
    );
    await until(() => attack.task.seen().includes('\r\n1\r\nx'));
    client.send('no size', '');
    assert.equal((await client.answer()).status, 400);
    await until(() => attack.task.connections[0]?.socket.destroyed === true);
  });

  test('a client that is answered instead of being told to go on is asked to leave', async (t) => {
    const attack = await attacked(t);
    const client = await attack.client();
    client.send(`POST ${T}/ HTTP/1.1`, HOST, 'Expect: 100-continue', 'Content-Length: 9', '', '');
    const answer = await client.answer();
    assert.equal(answer.status, 401);
    assert.equal(header(answer, 'connection'), 'close');
  });
});
