/** The TCP range at the size that `npm test` has no time for: 1 GB one way, 5,000 connections, no descriptors left (A52). */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { addTask, taskWhen, tcpAsk } from '../../lab/clearml/asks.ts';
import { textOf } from '../../lab/clearml/document.ts';
import { startClearMl, type ClearMl } from '../../lab/clearml/server.ts';
import {
  settingsFor,
  startRouterProcess,
  type RouterProcess,
} from '../../support/router_process.ts';

const GIGABYTE = 1_000_000_000;
const CONNECTIONS = 5_000;

/** Sends a gigabyte to whoever says `1`, and echoes everything else. */
function handle(socket: Socket): void {
  socket.on('error', () => undefined);
  const block = Buffer.alloc(1_000_000, 7);
  socket.once('data', (first) => {
    if (String(first) !== '1') {
      socket.end(first);
      return;
    }
    let left = GIGABYTE;
    const push = (): void => {
      while (left > 0) {
        left -= block.length;
        if (!socket.write(block)) return;
      }
      socket.end();
    };
    socket.on('drain', push);
    push();
  });
}

function open(port: number): Socket {
  return connect({ port, host: '127.0.0.1' }).on('error', () => undefined);
}

async function echoed(port: number, word: string): Promise<string> {
  const socket = open(port);
  socket.end(word);
  let text = '';
  socket.on('data', (chunk) => (text += String(chunk)));
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

describe('the TCP range under load', () => {
  let clearml: ClearMl;
  let router: RouterProcess;
  let port: number;
  const task: Server = createServer(handle);

  before(async () => {
    task.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
    await once(task, 'listening');
    clearml = await startClearMl();
    router = await startRouterProcess({
      ...settingsFor(clearml),
      TCP_ROUTER_ADDRESS: 'tcp.example.test',
      TCP_PORT_START: '31890',
      TCP_PORT_END: '31899',
    });
    await router.readyz(200);
    const runtime = tcpAsk({ address: '127.0.0.1', port: (task.address() as AddressInfo).port });
    const { id } = addTask(clearml, { runtime });
    const answered = await taskWhen(
      clearml,
      id,
      (found) => found.runtime['external_address'] === 'tcp.example.test',
    );
    port = Number(textOf(answered.runtime['external_tcp_port']));
  });
  after(async () => {
    await router.stop();
    await clearml.stop();
    task.close();
  });

  test('a gigabyte arrives whole', { timeout: 120_000 }, async () => {
    const socket = open(port);
    socket.write('1');
    let bytes = 0;
    socket.on('data', (chunk) => (bytes += chunk.length));
    await once(socket, 'end');
    assert.equal(bytes, GIGABYTE);
  });

  test('5,000 connections, each with its own bytes, and none left behind', async () => {
    const answers = await Promise.all(
      Array.from({ length: CONNECTIONS }, (_, index) => echoed(port, `word ${index}`)),
    );
    assert.deepEqual(
      answers,
      Array.from({ length: CONNECTIONS }, (_, index) => `word ${index}`),
    );
    for (;;) {
      const metrics = await (await fetch(`${router.adminUrl}/metrics`)).text();
      if (/^task_router_open_sockets\{kind="tcp"\} 0$/m.test(metrics)) break;
    }
  });
});

test('without descriptors connections are lost, and the listener goes on', async () => {
  const program = fileURLToPath(new URL('tcp_listeners_alone.ts', import.meta.url));
  const child = spawn('sh', ['-c', `ulimit -n 80; exec "$0" "$1"`, process.execPath, program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const port = Number(line);
    const sockets = Array.from({ length: 200 }, () => open(port));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    for (const socket of sockets) socket.destroy();
    while ((await echoed(port, 'still here')) !== 'still here') assert.equal(child.exitCode, null);
  } finally {
    child.kill();
  }
});
