import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Listing } from '../../../router/web/overview/listing.ts';
import { makeCertificate } from '../../lab/certificate.ts';
import { addTask, endTask, httpAsk, taskWhen } from '../../lab/clearml/asks.ts';
import { userToken } from '../../lab/clearml/client.ts';
import { startClearMl, type ClearMl } from '../../lab/clearml/server.ts';
import { freePort } from '../../lab/free_port.ts';
import { count } from '../../support/installation.ts';
import { startLeaseServer, type LeaseServer } from '../../support/kubernetes/lease_server.ts';
import { podOf } from '../../support/kubernetes/pod.ts';
import { listingOf } from '../../support/listing_of.ts';
import { echoTask } from '../../support/outside.ts';
import type { RawTask } from '../../support/raw_peers.ts';
import {
  settingsFor,
  startRouterProcess,
  type RouterProcess,
} from '../../support/router_process.ts';
import { SHORT_TIMES } from '../../support/short_times/path.ts';

const KNOWN_NAMES = fileURLToPath(new URL('../peers/known_names.ts', import.meta.url));
const ADDRESSES = ['127.0.0.1', '127.0.0.2'] as const;
/** Seconds. Longer than a busy machine keeps a use from the leader. */
const AFTER = 12;
/** Longest that anything here is waited for. A lease runs for ten seconds, and the time of all tasks begins anew then. */
const LONGEST_MS = 80_000;
/** Clocks of one machine that are read one after the other. */
const READ_LATE_MS = 50;

const certificate = makeCertificate();
const skip =
  certificate === undefined
    ? 'needs openssl to make a certificate'
    : process.platform !== 'linux' && 'needs all of 127.0.0.0/8';

interface Replica {
  readonly name: string;
  readonly address: string;
  readonly router: RouterProcess;
}

describe('idle tasks of two replicas', { skip }, () => {
  let clearml: ClearMl;
  let kubernetes: LeaseServer;
  const tasks: RawTask[] = [];
  let token: string;
  let ports: { readonly http: number; readonly admin: number };
  const tokenFile = `${certificate?.certFile}.idle.token`;
  const replicas: Replica[] = [];

  /** A pod of this name, which no other has had. */
  async function start(name: string, address: string): Promise<void> {
    assert.ok(certificate !== undefined);
    const { settings, nodeOptions } = podOf(name, kubernetes, certificate, tokenFile);
    const router = await startRouterProcess(
      {
        ...settingsFor(clearml),
        ...settings,
        ROUTER_SECRET: 'a-secret-of-the-two-routers',
        BIND_ADDRESS: address,
        HTTP_PORT: String(ports.http),
        ADMIN_PORT: String(ports.admin),
        PEERS_HOST: 'router-peers',
        PEER_ADDRESSES: ADDRESSES.join(','),
        IDLE_POLICY: JSON.stringify({ after: AFTER, warning: 4, types: ['application'] }),
      },
      { nodeOptions: [...nodeOptions, '--import', KNOWN_NAMES, '--import', SHORT_TIMES] },
    );
    replicas.push({ name, address, router });
    await router.readyz(200);
  }

  function roles(): { readonly leader: Replica; readonly follower: Replica } {
    const holder = kubernetes.leases.get('router')?.spec['holderIdentity'];
    const running = replicas.filter(({ router }) => !router.child.killed);
    const leader = running.find(({ name }) => name === holder);
    const follower = running.find(({ name }) => name !== holder);
    assert.ok(leader !== undefined && follower !== undefined, `held by ${String(holder)}`);
    return { leader, follower };
  }

  const list = ({ address }: Replica): Promise<Listing> =>
    listingOf({ host: 'router.example.test', port: ports.http, token, address });

  /** A task that an agent runs, which is told to stop and goes on until it hears of it; known to both replicas. */
  async function serve(): Promise<string> {
    const task = await echoTask();
    tasks.push(task);
    const runtime = httpAsk({ address: '127.0.0.1', port: task.port });
    const { id } = addTask(clearml, { runtime, more: { last_worker: 'worker' } });
    await Promise.all(
      replicas.map(({ router }) =>
        router.logged((line) => line['event'] === 'route_opened' && line['task'] === id),
      ),
    );
    return id;
  }

  /** When it was used, at the earliest. */
  async function use({ router }: Replica, id: string): Promise<number> {
    const at = Date.now();
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${router.url}/service/${id}/predict`, { headers });
    await answer.text();
    assert.equal(answer.status, 200);
    return at;
  }

  const isStopping = (id: string): boolean =>
    clearml.state.task(id)?.['status_message'] === 'stopping';
  const stops = (): number => count(clearml, 'tasks.stop');

  /** Waits until a task was told to stop. */
  async function stopped(id: string): Promise<void> {
    await taskWhen(clearml, id, () => isStopping(id), AbortSignal.timeout(LONGEST_MS));
  }

  const told = (event: string, id: string): number =>
    replicas
      .flatMap(({ router }) => router.lines)
      .filter((line) => line['event'] === event && line['task'] === id).length;

  before(async () => {
    clearml = await startClearMl();
    assert.ok(certificate !== undefined);
    kubernetes = await startLeaseServer(certificate);
    writeFileSync(tokenFile, kubernetes.token);
    ports = { http: await freePort(), admin: await freePort() };
    token = await userToken(clearml, 'alice');
    await Promise.all(ADDRESSES.map((address) => start(`pod-of-${address}`, address)));
  });
  after(async () => {
    for (const { router } of replicas) router.child.kill('SIGKILL');
    await Promise.all(replicas.map(({ router }) => router.stop()));
    await Promise.all([clearml.stop(), kubernetes.stop(), ...tasks.map((task) => task.close())]);
    rmSync(tokenFile, { force: true });
    certificate?.remove();
  });

  test('a use that the follower saw keeps a task from the leader; the other task is stopped, once', async () => {
    const { leader, follower } = roles();
    const used = await serve();
    const unused = await serve();
    const began = Date.now();
    // As long as it takes for one that nobody uses, and half as long once more.
    for (let end = Infinity; Date.now() < end;) {
      await use(follower, used);
      if (end === Infinity && isStopping(unused)) end = Date.now() + AFTER * 500;
      assert.ok(Date.now() < began + LONGEST_MS, 'the task that nobody uses is not stopped');
      await pause(100);
    }
    assert.equal(stops(), 1);
    assert.ok(!isStopping(used));
    const line = await leader.router.logged(({ event }) => event === 'idle_stopped');
    assert.equal(line['task'], unused);
    assert.equal(told('idle_stopped', unused), 1);
    assert.ok(Number(line['idleSeconds']) >= AFTER, JSON.stringify(line));
    endTask(clearml, used);
  });

  test('the leader is killed in the middle of a countdown and while it stops another task: nothing is stopped early, nor twice', async () => {
    const before = stops();
    const { leader, follower } = roles();
    const counted = await serve();
    const victim = await serve();
    await leader.router.logged(
      (line) => line['event'] === 'idle_warning' && line['task'] === victim,
    );
    const usedAt = await use(follower, counted);
    // ClearML gets the call, and takes it up only once the leader is dead.
    const late = clearml.faults.add({
      kind: 'slow',
      milliseconds: LONGEST_MS,
      calls: ['tasks.stop'],
    });
    await late.next(AbortSignal.timeout(LONGEST_MS));
    const killedAt = Date.now();
    leader.router.child.kill('SIGKILL');
    await leader.router.stop();
    late.clear();
    await stopped(victim);
    const reason = clearml.state.task(victim)?.['status_reason'];

    // While one is silent, nobody knows what it saw last.
    const longest = performance.now() + LONGEST_MS;
    for (;;) {
      const { replicas: known, endpoints } = await list(follower);
      const idle = endpoints.find(({ id }) => id === counted)?.idle;
      if (known?.silent === 1 && typeof idle?.since === 'string' && idle.stopsAt === null) break;
      assert.ok(performance.now() < longest, JSON.stringify({ known, idle }));
      await pause(100);
    }
    await start('a-new-pod', leader.address);
    await stopped(counted);
    await follower.router.logged(
      (line) => line['event'] === 'idle_stopped' && line['task'] === counted,
    );
    const [last] = clearml.calls.entries({ call: 'tasks.stop' }).slice(-1);
    assert.ok(last !== undefined);
    assert.ok(last.at >= usedAt + AFTER * 1_000);
    assert.ok(
      last.at >= killedAt + AFTER * 1_000 - READ_LATE_MS,
      'what the dead one saw last nobody knows',
    );
    assert.equal(stops() - before, 2);
    assert.equal(told('idle_stopped', counted), 1);
    assert.equal(clearml.state.task(victim)?.['status_reason'], reason);
    assert.equal(roles().leader.name, follower.name);
  });
});
