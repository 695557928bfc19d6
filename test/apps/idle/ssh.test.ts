/** A real ssh that asks every few seconds whether its server is there, and is otherwise quiet: no use, until somebody types. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { NODE_TUNNEL } from '../../e2e/clients/node_tunnel.ts';
import { startSshd, withoutSshd, type Sshd } from '../../e2e/clients/sshd.ts';
import { addTask, taskWhen, tcpAsk } from '../../lab/clearml/asks.ts';
import { userToken } from '../../lab/clearml/client.ts';
import { textOf } from '../../lab/clearml/document.ts';
import { startClearMl, type ClearMl } from '../../lab/clearml/server.ts';
import { listingOf } from '../../support/listing_of.ts';
import {
  settingsFor,
  startRouterProcess,
  type RouterProcess,
} from '../../support/router_process.ts';
import { quiet, usedSince } from './quiet.ts';

/** Seconds; the shortest one of which two at most come between two looks of the router. */
const ALIVE_EVERY = 5;
/** `SSH_MSG_REQUEST_FAILURE`, by which a server answers a keep-alive (RFC 4254 section 4). */
const ALIVE = /receive packet: type 82/g;

describe('an ssh with ServerAliveInterval', { skip: withoutSshd() }, () => {
  const running = new AsyncDisposableStack();
  let clearml: ClearMl;
  let router: RouterProcess;
  let token: string;

  /** A task that is an SSH server, and the port of the range that it has. */
  async function startTask(): Promise<{ id: string; port: string; sshd: Sshd }> {
    const sshd = running.adopt(await startSshd(), (started) => started.stop());
    const { id } = addTask(clearml, { runtime: tcpAsk({ address: '127.0.0.1', port: sshd.port }) });
    const { runtime } = await taskWhen(
      clearml,
      id,
      (found) => found.runtime['external_address'] === 'tcp.example.test',
    );
    return { id, port: textOf(runtime['external_tcp_port']), sshd };
  }

  const lastUse = async (id: string): Promise<number | null> => {
    const port = Number(new URL(router.url).port);
    const { endpoints } = await listingOf({ host: 'router.example.test', port, token });
    const last = endpoints.find((endpoint) => endpoint.id === id)?.lastUsedAt ?? null;
    return last === null ? null : Date.parse(last);
  };

  /** A shell on a terminal. */
  function open(sshd: Sshd, through: readonly string[], host: string) {
    const options = ['-tt', '-o', 'LogLevel=DEBUG3', '-o', `ServerAliveInterval=${ALIVE_EVERY}`];
    const all = [...options, ...sshd.options, ...through, `${sshd.user}@${host}`, 'sh'];
    const child: ChildProcessWithoutNullStreams = spawn('ssh', all, {
      env: { PATH: process.env['PATH'], CLEARML_TOKEN: token },
    });
    running.defer(() => {
      child.kill();
    });
    const alive = new EventEmitter();
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const beats = said.match(ALIVE)?.length ?? 0;
      if (beats === 0) return;
      said = said.slice(said.lastIndexOf('\n'));
      alive.emit('beat');
    });
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      child.emit('printed');
    });
    return {
      beat: () =>
        Promise.race([once(alive, 'beat'), once(child, 'exit').then(() => assert.fail(said))]),
      /** Types a line, key by key, and waits for what the shell prints, which is not in the line itself. */
      async type(line: string, expected: string): Promise<void> {
        for (const key of `${line}\r`) {
          const echoed = once(child, 'printed');
          child.stdin.write(key);
          await echoed;
        }
        while (!printed.includes(expected)) await once(child, 'printed');
      },
    };
  }

  before(async () => {
    clearml = running.adopt(await startClearMl({ edition: 'enterprise' }), (started) =>
      started.stop(),
    );
    router = running.adopt(
      await startRouterProcess({
        ...settingsFor(clearml),
        TCP_ROUTER_ADDRESS: 'tcp.example.test',
        TCP_PORT_START: '31890',
        TCP_PORT_END: '31899',
      }),
      async (started) => {
        await started.stop();
      },
    );
    await router.readyz(200);
    token = await userToken(clearml, 'alice');
  });
  after(() => running.disposeAsync());

  async function judged(id: string, session: ReturnType<typeof open>): Promise<void> {
    const used = (): Promise<number | null> => lastUse(id);
    const openedAt = Date.now();
    await session.type('echo $((6 * 7)) opened', '42 opened');
    await usedSince(used, openedAt);
    assert.ok((await quiet(used, session.beat)) >= openedAt);
    const typedAt = Date.now();
    await session.type('echo $((6 * 8)) typed', '48 typed');
    await usedSince(used, typedAt);
  }

  test('through the TCP range it is no use while it is quiet, and one when somebody types', async () => {
    const { id, port, sshd } = await startTask();
    await judged(id, open(sshd, ['-o', `Port=${port}`], '127.0.0.1'));
  });

  test('over WebSocket it is no use while it is quiet, and one when somebody types', async () => {
    const { id, sshd } = await startTask();
    const script = join(sshd.folder, 'proxy');
    const url = `${router.url.replace('http', 'ws')}/service/${id}/`;
    // A script, because ssh cuts a ProxyCommand into words by the rules of the shell and % is its own sign.
    writeFileSync(script, `#!/bin/sh\nexec ${NODE_TUNNEL} "$1"\n`, { mode: 0o755 });
    await judged(id, open(sshd, ['-o', `ProxyCommand=${script} ${url}`], id));
  });
});
