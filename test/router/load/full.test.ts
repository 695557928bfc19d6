import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { NODE_FLAGS } from '../../../infra/bundle/bundle.ts';
import { TUNNEL_PROTOCOL } from '../../../router/websocket/tunnel_handshake.ts';
import { addTask, httpAsk, taskWhen, tcpAsk } from '../../lab/clearml/asks.ts';
import { userToken } from '../../lab/clearml/client.ts';
import { textOf } from '../../lab/clearml/document.ts';
import { startClearMl } from '../../lab/clearml/server.ts';
import { takeSample } from '../../long/soak/samples.ts';
import { settingsFor, startRouterProcess } from '../../support/router_process.ts';
import type { Fill, FillerPorts } from './filler.ts';
import { memoryCgroup } from './memory_cgroup.ts';

/** The memory that a pod has unless its stack says otherwise. */
const MEMORY = 512 * 1024 ** 2;
/** As many as a process may have here; each connection takes the router two. */
const DESCRIPTORS = Number(
  execFileSync('sh', ['-c', 'ulimit -Hn']).toString().replace('unlimited', '65536'),
);
const STRANGERS = 500;
/** All that fit beside the two thousand of a user, up to what a port may have. */
const TCP = Math.min(8_192, Math.floor((DESCRIPTORS - 6_000) / 2));

const WEB_SOCKET = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];
/** The head of a message of 1 MiB, and most of it. */
const UNFINISHED = `\x82\xff\0\0\0\0\0\x10\0\0mask${'x'.repeat(1_000_000)}`;

test(
  'A56: everything full at once, and nothing read, fits the memory of a pod; others are served',
  { timeout: 300_000 },
  async (t) => {
    const cgroup = memoryCgroup(MEMORY);
    if (cgroup === undefined) {
      t.skip('no cgroup with a limit of memory can be made here');
      return;
    }
    const clearml = await startClearMl();
    t.after(() => clearml.stop());

    const filler = spawn(
      'sh',
      [
        '-c',
        `ulimit -n ${DESCRIPTORS}; exec "$0" "$@"`,
        process.execPath,
        fileURLToPath(new URL('filler.ts', import.meta.url)),
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    t.after(() => filler.kill('SIGKILL'));
    const lines = createInterface({ input: filler.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<string> => String((await lines.next()).value);
    const ports = JSON.parse(await next()) as FillerPorts;
    const fill = async (what: Fill): Promise<void> => {
      filler.stdin.write(`${JSON.stringify(what)}\n`);
      assert.equal(await next(), 'done');
    };

    const address = '127.0.0.1';
    const { id } = addTask(clearml, {
      runtime: {
        ...httpAsk({ address, port: ports.web }),
        ...tcpAsk({ address, port: ports.pouring, name: 'pouring' }),
        ...tcpAsk({ address, port: ports.deaf, name: 'deaf' }),
      },
    });
    const router = await startRouterProcess(
      {
        ...settingsFor(clearml),
        TCP_ROUTER_ADDRESS: 'tcp.example.test',
        TCP_PORT_START: '31830',
        TCP_PORT_END: '31833',
      },
      { nodeOptions: NODE_FLAGS, descriptors: DESCRIPTORS, cgroup: cgroup.procs },
    );
    t.after(async () => {
      router.child.kill('SIGKILL');
      await router.stop();
      await cgroup.remove();
    });
    await router.readyz(200);
    const { runtime } = await taskWhen(
      clearml,
      id,
      (task) => task.runtime['external_address__pouring'] === 'tcp.example.test',
    );
    const tcpPort = Number(textOf(runtime['external_tcp_port__pouring']));
    const port = Number(new URL(router.url).port);
    const head = (
      method: string,
      path: string,
      token: string,
      ...more: readonly string[]
    ): string =>
      [
        `${method} ${path} HTTP/1.1`,
        'Host: router.example.test',
        `Authorization: Bearer ${token}`,
        ...more,
        '\r\n',
      ].join('\r\n');

    const told = async (): Promise<void> => {
      // The kernel has accepted them; the router comes to them by and by.
      let before = await takeSample(router.adminUrl);
      for (;;) {
        await sleep(500);
        const now = await takeSample(router.adminUrl);
        if (now.descriptors === before.descriptors) break;
        before = now;
      }
      const { resident, heap, external, sockets } = before;
      t.diagnostic(JSON.stringify({ resident, heap, external, sockets, peak: cgroup.peak() }));
    };
    await told();
    await fill({ count: TCP, port: tcpPort, head: 'x', pours: true });
    await told();
    const token = await userToken(clearml, 'alice');
    const path = `/service/${id}`;
    const toTunnel = [...WEB_SOCKET, `Sec-WebSocket-Protocol: ${TUNNEL_PROTOCOL}`];
    for (const [count, method, below, headers, pours] of [
      [500, 'GET', '__deaf/', toTunnel, true],
      [524, 'GET', '/ws', WEB_SOCKET, true],
      [512, 'GET', '/endless', [], false],
      [512, 'POST', '/up', ['Content-Length: 1000000000'], true],
    ] as const) {
      const start = head(method, `${path}${below}`, token, ...headers);
      await fill({ count, port, head: below === '__deaf/' ? start + UNFINISHED : start, pours });
      await told();
    }
    await fill({
      count: STRANGERS,
      port,
      head: 'GET / HTTP/1.1\r\nHost: x\r\nX-Long: ',
      pours: false,
    });
    await told();

    const authorization = `Bearer ${await userToken(clearml, 'admin')}`;
    const answer = await fetch(`${router.url}/service/${id}/`, { headers: { authorization } });
    assert.deepEqual([answer.status, await answer.text()], [200, 'here']);
    assert.equal(router.child.exitCode, null);
    assert.equal(cgroup.killed(), 0);
  },
);
