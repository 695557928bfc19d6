/** ssh, scp and rsync with a real OpenSSH server as the task: through the TCP range and over WebSocket. */
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { addTask, endTask, taskWhen, tcpAsk } from '../../lab/clearml/asks.ts';
import { userToken } from '../../lab/clearml/client.ts';
import { textOf } from '../../lab/clearml/document.ts';
import { startClearMl, type ClearMl } from '../../lab/clearml/server.ts';
import { preparePython } from '../../lab/tasks/python_environment.ts';
import { sshTunnelLine } from '../../../router/web/parts/connect_lines.ts';
import {
  settingsFor,
  startRouterProcess,
  type RouterProcess,
} from '../../support/router_process.ts';
import { NODE_TUNNEL } from './node_tunnel.ts';
import { startSshd, withoutSshd, type Sshd } from './sshd.ts';

const run = promisify(execFile);

/** As `NODE_TUNNEL`, in Python with the package websocket-client. */
const PYTHON_CLIENT = `
import os, sys, threading, websocket
w = websocket.create_connection(sys.argv[1], subprotocols=["tcp.task-traffic-router"],
    header=["Authorization: Bearer " + os.environ["CLEARML_TOKEN"]])
def up():
    while data := os.read(0, 65536): w.send_binary(data)
    w.send_binary(b"")
threading.Thread(target=up, daemon=True).start()
while True:
    code, data = w.recv_data()
    if code == 8: break
    if code == 2: os.write(1, data)
`;

function has(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

const python = await preparePython(
  {
    name: 'websocket-client',
    title: 'websocket-client',
    packages: { 'websocket-client': '1.9.2' },
    oldestPython: [3, 9],
  },
  (title, detail) => console.log(`# ${title}: ${detail}`),
);

const CLIENTS: readonly { name: string; command: string; skip: string | false }[] = [
  { name: 'Node', command: NODE_TUNNEL, skip: false },
  {
    name: 'Python’s websocket-client',
    command: `'${'absent' in python ? '' : python.python}' -c '${PYTHON_CLIENT}'`,
    skip: 'absent' in python ? python.absent : false,
  },
];

const withoutWebsocat = has('websocat', '--version') ? false : 'no websocat';

describe('ssh to a task', { skip: withoutSshd() }, () => {
  let clearml: ClearMl;
  let router: RouterProcess;
  let sshd: Sshd;
  let id: string;
  let port: string;
  let token: string;
  let url: string;
  const file = randomBytes(20 << 20);

  before(async () => {
    sshd = await startSshd();
    clearml = await startClearMl({ edition: 'enterprise' });
    router = await startRouterProcess({
      ...settingsFor(clearml),
      TCP_ROUTER_ADDRESS: 'tcp.example.test',
      TCP_PORT_START: '31880',
      TCP_PORT_END: '31889',
    });
    await router.readyz(200);
    id = addTask(clearml, { runtime: tcpAsk({ address: '127.0.0.1', port: sshd.port }) }).id;
    const { runtime } = await taskWhen(
      clearml,
      id,
      (found) => found.runtime['external_address'] === 'tcp.example.test',
    );
    port = textOf(runtime['external_tcp_port']);
    token = await userToken(clearml, 'alice');
    url = `${router.url.replace('http', 'ws')}/service/${id}/`;
    writeFileSync(join(sshd.folder, 'file'), file);
  });
  after(async () => {
    await router.stop();
    await clearml.stop();
    await sshd.stop();
  });

  const environment = (): NodeJS.ProcessEnv => ({
    PATH: process.env['PATH'],
    CLEARML_TOKEN: token,
  });

  /** Runs a command through ssh, and copies a file there and back by scp and rsync. */
  async function exercise(through: readonly string[], host: string): Promise<void> {
    const options = [...sshd.options, ...through];
    const env = environment();
    const login = `${sshd.user}@${host}`;
    const { stdout } = await run('ssh', ['-n', ...options, login, 'echo here'], { env });
    assert.equal(stdout, 'here\n');
    const source = join(sshd.folder, 'file');
    const expected = createHash('sha256').update(file).digest('hex');
    const copies: [string, (target: string) => Promise<unknown>][] = [
      ['scp', (target) => run('scp', [...options, source, `${login}:${target}`], { env })],
    ];
    if (has('rsync', '--version')) {
      const shell = ['ssh', ...options].map((word) => `'${word.replaceAll("'", "''")}'`).join(' ');
      copies.push([
        'rsync',
        (target) => run('rsync', ['-e', shell, source, `${login}:${target}`], { env }),
      ]);
    }
    for (const [name, copy] of copies) {
      const target = join(sshd.folder, `copy-by-${name}`);
      await copy(target);
      const copied = createHash('sha256').update(readFileSync(target)).digest('hex');
      assert.equal(copied, expected, name);
    }
  }

  test('through the TCP range: ssh, scp, rsync', async () => {
    await exercise(['-o', `Port=${port}`], '127.0.0.1');
  });

  for (const { name, command, skip } of CLIENTS) {
    test(`over WebSocket with ${name}: ssh, scp, rsync`, { skip }, async () => {
      // A script, because ssh cuts a ProxyCommand into words by the rules of the shell and % is its own sign.
      const script = join(sshd.folder, 'proxy');
      writeFileSync(script, `#!/bin/sh\nexec ${command} "$1"\n`, { mode: 0o755 });
      await exercise(['-o', `ProxyCommand=${script} ${url}`], id);
    });
  }

  /** The words of README and page that begin the line, with what this server needs. */
  function pasted(line: string, host: string): string {
    const start = 'ssh -o ';
    assert.ok(line.startsWith(start) && line.endsWith(`root@${host}`), line);
    const options = sshd.options.map((word) => `'${word}'`).join(' ');
    const rest = line.slice(start.length, -`root@${host}`.length);
    return `ssh -n ${options} -o ${rest} ${sshd.user}@${host} 'echo here'`;
  }

  test(
    'over WebSocket with websocat, by the lines of the page and of the README',
    { skip: withoutWebsocat },
    async () => {
      const line = sshTunnelLine(url, id);
      const readme = readFileSync(join(import.meta.dirname, '../../../README.md'), 'utf8');
      const shown = /^ +(ssh -o ProxyCommand='websocat [^]*? root@task)$/m.exec(readme)?.[1] ?? '';
      const joined = shown.replaceAll(/\\\n\s*/g, '');
      const of = 'wss://tasks.example.com/service/<task id>/';
      assert.equal(joined, sshTunnelLine(of, 'task'));
      for (const [text, host] of [
        [line, id],
        [joined.replace(of, url), 'task'],
      ] as const) {
        const { stdout } = await run('sh', ['-c', pasted(text, host)], { env: environment() });
        assert.equal(stdout, 'here\n');
      }
      const proxy = /ProxyCommand='([^']+)'/.exec(line)?.[1] ?? '';
      await exercise(['-o', `ProxyCommand=${proxy}`], id);
    },
  );

  test('over WebSocket without a token, or with a stranger’s: no way in', async () => {
    const client = CLIENTS[0]?.command ?? '';
    for (const other of ['', await userToken(clearml, 'mallory')]) {
      const script = join(sshd.folder, 'refused');
      writeFileSync(script, `#!/bin/sh\nexec ${client} "$1"\n`, { mode: 0o755 });
      await assert.rejects(
        run('ssh', [...sshd.options, '-o', `ProxyCommand=${script} ${url}`, id, 'true'], {
          env: { ...environment(), CLEARML_TOKEN: other },
        }),
      );
    }
  });

  test('a session ends with its task', async () => {
    const options = [...sshd.options, '-o', `Port=${port}`, `${sshd.user}@127.0.0.1`];
    const session = spawn('ssh', ['-n', ...options, 'echo open; sleep 60']);
    const ended = once(session, 'exit');
    assert.equal(String((await once(session.stdout, 'data'))[0]), 'open\n');
    endTask(clearml, id);
    assert.equal((await ended)[0], 255);
    const line = await router.logged((line) => line['end'] === 'ended by router');
    assert.equal(line['endpoint'], id);
  });
});
