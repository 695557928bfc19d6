import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { taskWhen, addTask, changeRuntime, tcpAsk } from '../../lab/clearml/asks.ts';
import { textOf } from '../../lab/clearml/document.ts';
import { parseProxyHeader } from '../../../router/tcp/proxy_header.ts';
import { startOutside } from '../../support/outside.ts';
import type { Outside } from '../../support/outside.ts';
import { settingsFor, startRouterProcess } from '../../support/router_process.ts';

const ALLOWED = 'PROXY TCP4 203.0.113.7 198.51.100.1 40000 30400\r\n';
const STRANGER = 'PROXY TCP4 203.0.114.7 198.51.100.1 40000 30400\r\n';

describe('the TCP range behind a load balancer that speaks the PROXY protocol', () => {
  let world: Outside;
  let port: number;
  const heard: Buffer[] = [];
  const task: Server = createServer((socket) => {
    const index = heard.push(Buffer.alloc(0)) - 1;
    socket.on('data', (bytes) => {
      const all = Buffer.concat([heard[index] ?? bytes, bytes]);
      heard[index] = all;
      if (all.includes('hello')) socket.end('done');
    });
  });
  before(async () => {
    task.listen(0, '127.0.0.1');
    await once(task, 'listening');
    world = await startOutside({
      TCP_ROUTER_ADDRESS: 'tcp.example.test',
      TCP_PORT_START: '31910',
      TCP_PORT_END: '31914',
      TCP_PROXY_PROTOCOL: 'accept',
      TCP_SOURCE_RANGES: '203.0.113.0/24',
      TRUSTED_PROXIES: '127.0.0.1',
      HEALTH_PORT: '0',
    });
    const ask = tcpAsk({ address: '127.0.0.1', port: (task.address() as AddressInfo).port });
    const { id } = addTask(world.clearml, { runtime: { ...ask, router_proxy_protocol: 'v2' } });
    const answered = await taskWhen(
      world.clearml,
      id,
      ({ runtime }) => runtime['external_address'] === 'tcp.example.test',
    );
    port = Number(textOf(answered.runtime['external_tcp_port']));
  });
  after(async () => {
    await world.stop();
    task.close();
  });

  /** What comes back, or the code of the error. */
  async function said(bytes: string): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    socket.write(bytes);
    let got = '';
    return new Promise((resolve) => {
      socket
        .on('data', (chunk) => (got += chunk.toString()))
        .on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
        .on('end', () => resolve(got));
    });
  }

  test('the client that the header names is held against the ranges, logged and told to the task', async () => {
    assert.equal(await said(`${ALLOWED}hello`), 'done');
    const [bytes = Buffer.alloc(0)] = heard;
    const header = parseProxyHeader(bytes);
    assert.ok(header.state === 'complete');
    assert.deepEqual(header.ends?.client, { address: '203.0.113.7', port: 40_000 });
    assert.equal(bytes.subarray(header.length).toString(), 'hello');
    const line = await world.router.logged(({ event }) => event === 'tcp');
    assert.deepEqual([line['client'], line['proxy']], ['203.0.113.7', '127.0.0.1']);
  });

  test('a health check may begin with the header, too, at the port that is asked for health', async () => {
    const check = async (url: string | undefined): Promise<string> => {
      const socket = connect(Number(new URL(url ?? '').port), '127.0.0.1');
      socket.write(`${ALLOWED}GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      return text(socket);
    };
    const { adminUrl, healthUrl } = world.router;
    assert.match(await check(healthUrl), /^HTTP\/1\.1 200 /);
    assert.match(await check(adminUrl), /^HTTP\/1\.1 400 /);
    const alone = await startRouterProcess({
      ...settingsFor(world.clearml),
      TCP_PROXY_PROTOCOL: 'accept',
      TRUSTED_PROXIES: '127.0.0.1',
    });
    await alone.readyz(200);
    assert.match(await check(alone.adminUrl), /^HTTP\/1\.1 200 /);
    await alone.stop();
  });

  test('another client, and a load balancer without a header, are reset and counted', async () => {
    assert.equal(await said(STRANGER), 'ECONNRESET');
    assert.equal(await said('SSH-2.0-OpenSSH_9.2\r\n'), 'ECONNRESET');
    const metrics = await (await fetch(`${world.router.adminUrl}/metrics`)).text();
    for (const outcome of ['forbidden', 'malformed']) {
      const counted = `task_router_tcp_connections_total{port="${port}",outcome="${outcome}"} 1`;
      assert.ok(metrics.includes(counted), counted);
    }
    assert.equal(heard.length, 1);
  });
});

describe('a TCP range whose ports are mapped to others of the router', () => {
  let world: Outside;
  const task: Server = createServer((socket) => socket.end('done'));
  before(async () => {
    task.listen(0, '127.0.0.1');
    await once(task, 'listening');
    world = await startOutside({
      TCP_ROUTER_ADDRESS: 'tcp.example.test',
      TCP_PORT_START: '22',
      TCP_PORT_END: '23',
      TCP_LISTEN_START: '31920',
    });
  });
  after(async () => {
    await world.stop();
    task.close();
  });

  test('tasks, logs, metrics and the listing have the public port, and connections come to the other', async () => {
    const ask = tcpAsk({ address: '127.0.0.1', port: (task.address() as AddressInfo).port });
    const { id } = addTask(world.clearml, { runtime: ask });
    const { runtime } = await taskWhen(
      world.clearml,
      id,
      (found) => found.runtime['external_address'] === 'tcp.example.test',
    );
    const port = Number(textOf(runtime['external_tcp_port']));
    assert.ok(port === 22 || port === 23, `${port} is no public port`);
    const socket = connect(31_920 + port - 22, '127.0.0.1');
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    assert.equal(bytes.toString(), 'done');
    socket.end();
    const line = await world.router.logged(({ event }) => event === 'tcp');
    assert.equal(line['port'], port);
    const metrics = await (await fetch(`${world.router.adminUrl}/metrics`)).text();
    assert.ok(metrics.includes(`task_router_tcp_connections_total{port="${port}",`));
    const { body } = await world.ask('GET /api/v1/routes', world.bearer);
    assert.match(body, new RegExp(`"port":${port}\\b`));
    assert.doesNotMatch(body + metrics, /3192[01]/);
  });
});

describe('TCP_ONLY_VISIBLE', () => {
  test('a task that narrows its endpoint loses its port and who came by it, and keeps the tunnel', async (t) => {
    const task = createServer((socket) => socket.on('error', () => undefined).write('hello'));
    task.listen(0, '127.0.0.1');
    await once(task, 'listening');
    const world = await startOutside({
      ACCESS_DEFAULT: 'visible',
      TCP_ONLY_VISIBLE: 'true',
      TCP_ROUTER_ADDRESS: 'tcp.example.test',
      TCP_PORT_START: '31920',
      TCP_PORT_END: '31924',
    });
    t.after(async () => {
      await world.stop();
      task.close();
    });
    const ask = tcpAsk({ address: '127.0.0.1', port: (task.address() as AddressInfo).port });
    const { id } = addTask(world.clearml, { runtime: ask });
    const answered = await taskWhen(
      world.clearml,
      id,
      ({ runtime }) => runtime['external_address'] === 'tcp.example.test',
    );
    const port = Number(textOf(answered.runtime['external_tcp_port']));
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    await once(socket, 'data');
    const gone = new Promise((resolve) => socket.once('close', resolve));
    changeRuntime(world.clearml, id, { router_access: 'owner' });
    await gone;
    let came = '';
    // A connection that comes before the port is let go of is taken and reset; none reaches the task.
    const tryAgain = async (): Promise<string | undefined> => {
      const again = connect(port, '127.0.0.1').on('data', (data) => (came += data.toString()));
      const [error] = (await once(again, 'error')) as [NodeJS.ErrnoException];
      return error.code;
    };
    let refused = await tryAgain();
    for (const until = performance.now() + 5_000; performance.now() < until;) {
      if (refused === 'ECONNREFUSED') break;
      assert.equal(refused, 'ECONNRESET');
      refused = await tryAgain();
    }
    assert.equal(refused, 'ECONNREFUSED');
    assert.equal(came, '');

    const listed = await world.ask('GET /api/v1/routes', world.bearer);
    const { endpoints } = JSON.parse(listed.body) as {
      endpoints: { tcp: Record<string, unknown> }[];
    };
    const { state, port: left, noPort } = endpoints[0]?.tcp ?? {};
    assert.deepEqual(
      [state, left, noPort],
      [
        'open',
        null,
        'it is for its owner alone, and a port would let in whoever reaches it (TCP_ONLY_VISIBLE)',
      ],
    );
    const page = await world.ask('GET /', world.bearer);
    assert.match(page.body, /It is for its owner alone, and a port would let in/);
  });
});
