import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { createRequester } from '../../e2e/load/request.ts';
import { startSteady } from '../../e2e/load/steady.ts';
import { makeCertificate } from '../../lab/certificate.ts';
import { addTask, httpAsk, taskWhen, tcpAsk } from '../../lab/clearml/asks.ts';
import { userToken } from '../../lab/clearml/client.ts';
import { textOf } from '../../lab/clearml/document.ts';
import { startClearMl, type ClearMl } from '../../lab/clearml/server.ts';
import { startLeaseServer, type LeaseServer } from '../../support/kubernetes/lease_server.ts';
import { podOf } from '../../support/kubernetes/pod.ts';
import {
  settingsFor,
  startRouterProcess,
  type RouterProcess,
} from '../../support/router_process.ts';

/** Of the tasks. */
const TASK_ADDRESS = '127.0.0.5';
/** Each replica has an address of its own, so that both can have the ports of the range. */
const ADDRESSES = { a: '127.0.0.1', b: '127.0.0.2' } as const;
type Name = keyof typeof ADDRESSES;
/** Within this time a lost leader is healed. Milliseconds. */
const HEALED_WITHIN = 20_000;

const certificate = makeCertificate();
const skip =
  certificate === undefined
    ? 'needs openssl to make a certificate'
    : process.platform !== 'linux' && 'needs all of 127.0.0.0/8';

describe('two replicas', { skip }, () => {
  let clearml: ClearMl;
  let kubernetes: LeaseServer;
  let headers: Record<string, string>;
  let sample: string;
  let port: number;
  const tokenFile = `${certificate?.certFile}.replicas.token`;
  const routers = new Map<Name, RouterProcess>();
  const web = createServer((request, response) => {
    request.resume().on('end', () => response.end('<h1>Sample task</h1>'));
  });
  const tcp = createTcpServer((socket) => socket.on('error', () => undefined).end('hello'));

  async function start(name: Name): Promise<RouterProcess> {
    assert.ok(certificate !== undefined);
    const { settings, nodeOptions } = podOf(name, kubernetes, certificate, tokenFile);
    const router = await startRouterProcess(
      {
        ...settingsFor(clearml),
        BIND_ADDRESS: ADDRESSES[name],
        TCP_ROUTER_ADDRESS: 'tcp.example.test',
        TCP_PORT_START: '31820',
        TCP_PORT_END: '31829',
        ...settings,
      },
      { nodeOptions },
    );
    routers.set(name, router);
    await router.readyz(200);
    return router;
  }

  function leader(): Name {
    const name = kubernetes.leases.get('router')?.spec['holderIdentity'];
    assert.ok(name === 'a' || name === 'b', `held by ${String(name)}`);
    return name;
  }

  const portOf = (id: string): number =>
    Number(textOf(clearml.state.task(id)?.runtime['external_tcp_port']));

  /** A task asks for TCP; gives its port once the leader has answered. */
  async function askTcp(taskPort: number): Promise<{ id: string; port: number }> {
    const runtime = tcpAsk({ address: TASK_ADDRESS, port: taskPort });
    const { id } = addTask(clearml, { runtime });
    const late = AbortSignal.timeout(HEALED_WITHIN);
    const isAnswered = (): boolean =>
      clearml.state.task(id)?.runtime['external_address'] === 'tcp.example.test';
    await taskWhen(clearml, id, isAnswered, late);
    return { id, port: portOf(id) };
  }

  async function greeting(name: Name): Promise<string> {
    const socket = connect({ host: ADDRESSES[name], port });
    const [data] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return data.toString();
  }

  before(async () => {
    clearml = await startClearMl();
    assert.ok(certificate !== undefined);
    kubernetes = await startLeaseServer(certificate);
    writeFileSync(tokenFile, kubernetes.token);
    for (const server of [web, tcp]) {
      server.listen(0, TASK_ADDRESS);
      await once(server, 'listening');
    }
    headers = { authorization: `Bearer ${await userToken(clearml, 'alice')}` };
    await Promise.all([start('a'), start('b')]);
    const runtime = httpAsk({ address: TASK_ADDRESS, port: (web.address() as AddressInfo).port });
    sample = addTask(clearml, { runtime }).id;
    ({ port } = await askTcp((tcp.address() as AddressInfo).port));
  });
  after(async () => {
    await Promise.all([...routers.values()].map((router) => router.stop()));
    await Promise.all([clearml.stop(), kubernetes.stop()]);
    web.close();
    web.closeAllConnections();
    tcp.close();
    rmSync(tokenFile, { force: true });
    certificate?.remove();
  });

  test('both serve what the leader has answered', async () => {
    const follower = leader() === 'a' ? 'b' : 'a';
    await routers
      .get(follower)
      ?.logged(({ event, port: opened }) => event === 'route_opened' && opened === port);
    assert.deepEqual([await greeting('a'), await greeting('b')], ['hello', 'hello']);
  });

  test('the leader is killed: the other one serves on, and hands out ports in under 20 s', async () => {
    const lost = leader();
    const other = lost === 'a' ? 'b' : 'a';
    const url = `${routers.get(other)?.url}/service/${sample}/`;
    const requester = createRequester(url, () => headers);
    const load = startSteady(20, requester.ask);
    const began = performance.now();
    routers.get(lost)?.child.kill('SIGKILL');
    const next = await askTcp(4_000);
    assert.ok(performance.now() - began < HEALED_WITHIN);
    assert.equal(leader(), other);
    assert.notEqual(next.port, port);
    assert.equal(await greeting(other), 'hello');
    await load.stop();
    await requester.close();
    assert.deepEqual(load.report().failures, []);

    await start(lost);
    assert.equal(leader(), other, 'who comes back follows');
    assert.equal(await greeting(lost), 'hello');
  });

  test('the leader is told to end: it gives the lead away at once', async () => {
    const leaving = leader();
    const other = leaving === 'a' ? 'b' : 'a';
    const began = performance.now();
    assert.equal(await routers.get(leaving)?.stop(), 0);
    const next = await askTcp(4_001);
    assert.ok(performance.now() - began < 6_000, 'it waited until the Lease ran out');
    assert.equal(leader(), other);
    assert.notEqual(next.port, port);
    assert.equal(await greeting(other), 'hello');
  });
});
