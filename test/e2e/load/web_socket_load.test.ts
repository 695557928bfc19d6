/** Idle WebSockets at the number that `npm test` has no time for: ten thousand, half of whose tasks are killed (A49). */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../../../infra/bundle/bundle.ts';
import { addTask, httpAsk } from '../../lab/clearml/asks.ts';
import { userToken } from '../../lab/clearml/client.ts';
import { startClearMl, type ClearMl } from '../../lab/clearml/server.ts';
import {
  settingsFor,
  startRouterProcess,
  type RouterProcess,
} from '../../support/router_process.ts';

const EACH = 5_000;
/** How many handshakes are under way at once. */
const AT_ONCE = 100;
/** Descriptors that come and go by themselves: connections to ClearML, of a scrape. */
const OTHERS = 32;
/** A text frame without a text, masked, as clients send it. */
const FRAME = Buffer.from([0x81, 0x80, 1, 2, 3, 4]);
const TELL_LIVE_BYTES = fileURLToPath(
  new URL('../../support/tell_live_bytes.cjs', import.meta.url),
);
const withoutProc = existsSync('/proc/self/fd') ? false : 'there is no /proc to count in';

interface Task {
  readonly id: string;
  readonly process: ChildProcess;
}

describe('ten thousand idle WebSockets', { skip: withoutProc }, () => {
  let clearml: ClearMl;
  let routers: readonly RouterProcess[];
  let bearer: string;
  const tasks: Task[] = [];
  let collections = 0;

  before(async () => {
    clearml = await startClearMl();
    const settings = {
      ...settingsFor(clearml),
      // All are one user's, at two tasks.
      MAX_WEBSOCKETS_PER_USER: '0',
      MAX_WEBSOCKETS_PER_TASK: '0',
      // How busy the machine is with other work is not the question here.
      OVERLOAD_DELAY_SECONDS: '0',
    };
    // Two descriptors for each: one process would pass the 20,000 that many systems allow.
    const options = { nodeOptions: [...NODE_FLAGS, '--require', TELL_LIVE_BYTES] };
    routers = await Promise.all([
      startRouterProcess(settings, options),
      startRouterProcess(settings, options),
    ]);
    for (const router of routers) await router.readyz(200);
    bearer = await userToken(clearml, 'alice');
    await startTask();
    await startTask();
  });
  after(async () => {
    for (const { process: task } of tasks) task.kill('SIGKILL');
    for (const router of routers) await router.stop();
    await clearml.stop();
  });

  async function startTask(): Promise<Task> {
    const program = fileURLToPath(new URL('web_socket_task.ts', import.meta.url));
    const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const runtime = httpAsk({ address: '127.0.0.1', port: Number(port) });
    const { id } = addTask(clearml, { runtime });
    for (const router of routers) await router.logged(({ task }) => task === id);
    const task = { id, process: child };
    tasks.push(task);
    return task;
  }

  async function open({ id }: Task, index = 0): Promise<Socket> {
    const url = routers[index % routers.length]?.url ?? '';
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      [
        `GET /service/${id}/ws HTTP/1.1`,
        'Host: router.example.test',
        `Authorization: Bearer ${bearer}`,
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        '',
        '',
      ].join('\r\n'),
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.match(answer.toString('latin1'), /^HTTP\/1\.1 101 /);
    return socket;
  }

  async function openAll(task: Task): Promise<Socket[]> {
    const sockets: Socket[] = [];
    while (sockets.length < EACH) {
      const opening = Array.from({ length: AT_ONCE }, (_, index) => open(task, index));
      sockets.push(...(await Promise.all(opening)));
    }
    return sockets;
  }

  function descriptors(): number {
    const counts = routers.map(({ child }) => readdirSync(`/proc/${child.pid}/fd`).length);
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Bytes of both that no collection takes away. */
  async function live(): Promise<number> {
    collections += 1;
    const count = collections;
    const sizes = routers.map(async ({ child, logged }) => {
      // child.kill would count as the signal that ends it.
      process.kill(child.pid ?? 0, 'SIGWINCH');
      const line = await logged(
        (line) => line['event'] === 'live_bytes' && line['count'] === count,
      );
      return Number(line['bytes']);
    });
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  async function gauge(): Promise<number> {
    const counts = routers.map(async ({ adminUrl }) => {
      const text = await (await fetch(`${adminUrl}/metrics`)).text();
      return Number(/^task_router_open_sockets\{kind="websocket"\} (\d+)$/m.exec(text)?.[1] ?? 0);
    });
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const end = performance.now() + 20_000;
    while (!(await holds())) {
      assert.ok(performance.now() < end, `in vain for 20 s: ${what}`);
      await sleep(20);
    }
  }

  test('half of the tasks are killed: theirs close, the others go on, and nothing is left', async (t) => {
    const [kept, killed] = tasks;
    assert.ok(kept !== undefined && killed !== undefined);
    const warm = await open(kept);
    warm.destroy();
    await until('no WebSocket', async () => (await gauge()) === 0);
    const before = { descriptors: descriptors(), live: await live() };

    const ofKilled = await openAll(killed);
    const ofKept = await openAll(kept);
    assert.equal(await gauge(), 2 * EACH);
    const opened = descriptors() - before.descriptors;
    assert.ok(opened > 4 * EACH - OTHERS, `${opened} descriptors for ${4 * EACH} sockets`);
    const full = await live();
    const each = (full - before.live) / (2 * EACH);
    t.diagnostic(`${Math.round(each / 1_000)} kB of live memory for each idle WebSocket`);

    let closed = 0;
    for (const socket of ofKilled) socket.once('close', () => (closed += 1)).resume();
    const since = performance.now();
    killed.process.kill('SIGKILL');
    await until('the killed half is closed', () => closed === EACH);
    t.diagnostic(`${EACH} clients knew after ${Math.round(performance.now() - since)} ms`);
    await until('the killed half is counted out', async () => (await gauge()) === EACH);
    assert.equal(ofKept.filter((socket) => socket.destroyed).length, 0);
    for (const socket of ofKept.slice(0, AT_ONCE)) {
      socket.write(FRAME);
      const [echo] = (await once(socket, 'data')) as [Buffer];
      assert.deepEqual(echo, FRAME);
    }

    for (const socket of ofKept) socket.destroy();
    await until('no WebSocket', async () => (await gauge()) === 0);
    await until('descriptors as before', () => descriptors() <= before.descriptors + OTHERS);

    // Timers of sessions that have ended hold what they were for some seconds.
    await until('memory as before', async () => (await live()) < 1.05 * before.live);

    // What the first ten thousand left would be on top of these.
    const again = await openAll(await startTask());
    again.push(...(await openAll(kept)));
    const fullAgain = await live();
    assert.ok(fullAgain < 1.05 * full, `${fullAgain} bytes after ${full}`);
    for (const socket of again) socket.destroy();
    await until('no WebSocket', async () => (await gauge()) === 0);
    await until('descriptors as before', () => descriptors() <= before.descriptors + OTHERS);
    // Timers of what has ended hold a little of each for some seconds.
    await until('memory as before', async () => (await live()) - before.live < 0.05 * full);
  });
});
