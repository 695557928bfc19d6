/** The command `task-router` before a real router: real ssh, scp, rsync, sftp, git and psql of a user who has installed it. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { addTask, endTask, httpAsk, taskWhen, tcpAsk } from '../../lab/clearml/asks.ts';
import { userToken } from '../../lab/clearml/client.ts';
import { startClearMl, type ClearMl } from '../../lab/clearml/server.ts';
import { freePort } from '../../lab/free_port.ts';
import { prepareApp } from '../../apps/packages.ts';
import {
  settingsFor,
  startRouterProcess,
  type RouterProcess,
} from '../../support/router_process.ts';
import { startPostgres, withoutPostgres } from './postgres.ts';
import { startSshd, withoutSshd, type Sshd } from './sshd.ts';
import { installCommand, type Command } from './task_router_command.ts';

const { python, absent } = await prepareApp('task_router');

/** On a machine that is busy with other tests. */
const late = () => AbortSignal.timeout(60_000);

/** What the app of the task says of a request. */
const echo = (request: IncomingMessage) =>
  JSON.stringify({
    url: request.url,
    host: request.headers.host,
    authorization: request.headers.authorization ?? null,
  });

describe('the command task-router', { skip: absent ?? withoutSshd() }, () => {
  const running = new AsyncDisposableStack();
  let clearml: ClearMl;
  let settings: Record<string, string>;
  let router: RouterProcess;
  let routerUrl: string;
  let sshd: Sshd;
  let command: Command;
  let config: readonly string[];
  let web: string | undefined;
  let sshTask: string;
  let app: Server;

  before(async () => {
    sshd = running.adopt(await startSshd(), (started) => started.stop());
    clearml = running.adopt(await startClearMl({ edition: 'enterprise' }), (server) =>
      server.stop(),
    );
    const port = await freePort();
    routerUrl = `http://127.0.0.1:${port}`;
    const folder = mkdtempSync(join(tmpdir(), 'router-command-'));
    running.defer(() => rmSync(folder, { recursive: true }));
    settings = {
      ...settingsFor(clearml),
      ROUTER_URL: routerUrl,
      HTTP_PORT: String(port),
      TCP_ROUTER_ADDRESS: 'tcp.example.test',
      TCP_PORT_START: '31870',
      TCP_PORT_END: '31879',
      STATE_FILE: join(folder, 'state.json'),
    };
    router = await startRouterProcess(settings);
    running.defer(() => router.stop().then(() => undefined));
    await router.readyz(200);
    app = createServer((request, response) => {
      if (request.url === '/go') response.writeHead(302, { location: '/there' }).end();
      else response.setHeader('set-cookie', 'a=1; Path=/').end(echo(request));
    });
    app.on('upgrade', (_request, socket) => {
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      );
      socket.pipe(socket).on('error', () => socket.destroy());
    });
    app.listen(0, '127.0.0.1');
    await once(app, 'listening');
    running.defer(() => {
      app.close();
      app.closeAllConnections();
    });
    command = await installCommand(python, routerUrl, folder);
    await signIn();
    sshTask = await tcpTask('Train: ResNet', sshd.port);
    config = [
      '-F',
      join(folder, '.ssh', 'config'),
      ...sshd.options.slice(2, 4),
      '-o',
      'BatchMode=yes',
    ];
  });
  after(() => running.disposeAsync());

  /** As `login` keeps it, with a ClearML token in place of the router's own. */
  async function signIn(): Promise<void> {
    const token = await userToken(clearml, 'alice');
    const code = `
import sys, time
from task_router._router.sign_ins import SignIn, keep
keep(SignIn(sys.argv[1], "Alice", time.time() + 1e6, sys.argv[2]))`;
    const kept = await command.program(python, ['-c', code, routerUrl, token]);
    assert.equal(kept.status, 0, kept.error);
  }

  async function tcpTask(name: string, port: number): Promise<string> {
    const { id } = addTask(clearml, { name, runtime: tcpAsk({ address: '127.0.0.1', port }) });
    const answered = 'tcp.example.test';
    await taskWhen(clearml, id, ({ runtime }) => runtime['external_address'] === answered, late());
    return id;
  }

  /** The one task of the app: the router gives an address to one task alone. */
  async function webTask(): Promise<string> {
    web ??= addTask(clearml, {
      name: 'web',
      runtime: httpAsk({ address: '127.0.0.1', port: (app.address() as AddressInfo).port }),
    }).id;
    await taskWhen(clearml, web, ({ runtime }) => typeof runtime['endpoint'] === 'string', late());
    return web;
  }

  test('lists endpoints', async () => {
    const listed = await command.run('ls');
    assert.match(listed.out, new RegExp(`^Train: ResNet +open +tcp +visible +- +${sshTask}$`, 'm'));
  });

  test('runs ssh, whose status it passes on, and knows the task’s host key again', async () => {
    const key = ['-i', sshd.options[3] ?? '', '-o', 'IdentitiesOnly=yes'];
    for (const warned of [true, false]) {
      const ended = await command.run('ssh', ...key, 'train', 'echo "here $0"; exit 7');
      assert.equal(ended.status, 7, ended.error);
      assert.match(ended.out, /^here /);
      // The first time ssh says that it has learnt the key; it never asks.
      assert.equal(ended.error.includes(`task-router-${sshTask}`), warned, ended.error);
    }
    const refused = await command.run('ssh', ...key, 'nothing');
    assert.equal(refused.status, 255);
    assert.match(refused.error, /No running task .* is called nothing: task-router ls/);
  });

  test('lets plain ssh, scp, rsync, sftp and git know tasks by name', async () => {
    const written = await command.run('config-ssh');
    assert.equal(written.out, 'ssh task-train-resnet\n', written.error);
    const source = join(sshd.folder, 'file');
    writeFileSync(source, randomBytes(8 << 20));
    const sum = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
    const ssh = ['ssh', ...config].join(' ');
    const host = 'task-train-resnet';
    const to = (name: string) => join(sshd.folder, `by-${name}`);
    const copies: readonly [string, string, readonly string[]][] = [
      ['scp', 'scp', [...config, source, `${host}:${to('scp')}`]],
      ['rsync', 'rsync', ['-e', ssh, source, `${host}:${to('rsync')}`]],
      ['scp-back', 'scp', [...config, `${host}:${source}`, to('scp-back')]],
    ];
    for (const [name, file, args] of copies) {
      const copied = await command.program(file, args);
      assert.equal(copied.status, 0, `${name}: ${copied.error}`);
      assert.equal(sum(to(name)), sum(source), name);
    }
    const batch = join(sshd.folder, 'batch');
    writeFileSync(batch, `put ${source} ${to('sftp')}\n`);
    const put = await command.program('sftp', [...config, '-b', batch, host]);
    assert.equal(put.status, 0, put.error);
    assert.equal(sum(to('sftp')), sum(source));
    const repository = join(sshd.folder, 'repository');
    const author = ['-c', 'user.name=a', '-c', 'user.email=a@example.test'];
    const git = (...args: readonly string[]) => command.program('git', args);
    await git('init', '--quiet', repository);
    await git('-C', repository, ...author, 'commit', '--quiet', '--allow-empty', '-m', 'one');
    const remote = ['-c', `core.sshCommand=${ssh}`, 'clone', '--quiet', `${host}:${repository}`];
    const cloned = await git(...remote, join(sshd.folder, 'clone'));
    assert.equal(cloned.status, 0, cloned.error);
    assert.match((await git('-C', join(sshd.folder, 'clone'), 'log', '--oneline')).out, / one$/m);
  });

  test('a new task of the same name is no man in the middle, and one whose key changed is', async () => {
    const other = running.adopt(await startSshd(), (started) => started.stop());
    const key = ['-i', other.options[3] ?? '', '-o', 'IdentitiesOnly=yes'];
    const second = await tcpTask('Train: ResNet', other.port);
    const there = await command.run('ssh', ...key, second, 'true');
    assert.equal(there.status, 0, there.error);
    const ambiguous = await command.run('ssh', ...key, 'Train: ResNet');
    assert.equal(ambiguous.status, 255);
    assert.ok(ambiguous.error.includes(second) && ambiguous.error.includes(sshTask));
    const known = join(command.home, '.config', 'task-router', 'known_hosts');
    const before = readFileSync(known);
    const key1 = readFileSync(join(sshd.folder, 'host_key.pub'), 'utf8');
    writeFileSync(known, `task-router-${second} ${key1}`);
    const changed = await command.run('ssh', ...key, second, 'true');
    writeFileSync(known, before);
    assert.equal(changed.status, 255);
    assert.match(changed.error, /HOST IDENTIFICATION HAS CHANGED/);
    endTask(clearml, second);
  });

  test('a forwarded HTTP endpoint is at the root of a port of this computer', async () => {
    const id = await webTask();
    const local = await freePort();
    const { port } = app.address() as AddressInfo;
    const other = await command.run('forward', 'web', `1:${local}`);
    assert.equal(other.status, 1);
    assert.equal(
      other.error,
      `task-router: web has no endpoint for 1; name one of these, or take --pod for another port of a task of your own:\n    (no name)  http, port ${port}\n`,
    );
    const forward = await command.start(/ -> web \(http\)/, 'forward', 'web', `${port}:${local}`);
    const url = `http://localhost:${local}`;
    const answer = await fetch(`${url}/a/b?c`);
    assert.deepEqual(await answer.json(), {
      url: '/a/b?c',
      host: `127.0.0.1:${new URL(routerUrl).port}`,
      authorization: null,
    });
    assert.equal(answer.headers.get('set-cookie'), 'a=1; Path=/');
    const moved = await fetch(`${url}/go`, { redirect: 'manual' });
    assert.deepEqual([moved.status, moved.headers.get('location')], [302, '/there']);
    const linked = await fetch(`${url}/service/${id}/x`);
    assert.equal(((await linked.json()) as { url: string }).url, '/x');
    for (const headers of [{ origin: 'http://evil.example' }, { 'sec-fetch-site': 'same-site' }]) {
      assert.equal(
        (await fetch(`${url}/`, { headers: headers as Record<string, string> })).status,
        403,
      );
    }
    const raw = connect(local, '127.0.0.1');
    raw.write(
      `GET /ws HTTP/1.1\r\nHost: localhost:${local}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`,
    );
    raw.write('Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n');
    let got = '';
    for await (const chunk of raw) {
      got += String(chunk);
      // A masked, empty binary frame; the app sends back what comes.
      if (got.endsWith('\r\n\r\n')) raw.write(Buffer.from([0x82, 0x80, 0, 0, 0, 0]));
      else if (!got.endsWith('\r\n')) break;
    }
    raw.destroy();
    assert.match(got, /^HTTP\/1\.1 101 /);
    assert.equal(await forward.interrupt(), 130);
    assert.ok(!forward.said().includes('Traceback'), forward.said());
  });

  test('psql and pg_dump go through a forwarded port', { skip: withoutPostgres() }, async () => {
    await using stack = new AsyncDisposableStack();
    const postgres = stack.adopt(await startPostgres(), (started) => started.stop());
    await tcpTask('database', postgres.port);
    const local = await freePort();
    const ports = `${postgres.port}:${local}`;
    const forward = await command.start(/ -> database/, 'forward', 'database', ports);
    stack.defer(() => forward.interrupt().then(() => undefined));
    const to = ['-h', '127.0.0.1', '-p', String(local), '-U', 'postgres'];
    const rows = 'select sum(length(repeat(n::text, 1000))) from generate_series(1, 1000) n';
    const made =
      'create table t as select n, repeat(md5(n::text), 100) from generate_series(1, 2000) n';
    const query = await command.program('psql', [...to, '-Atc', rows, '-c', made]);
    assert.deepEqual([query.out, query.status], ['2893000\nSELECT 2000\n', 0], query.error);
    const dump = await command.program('pg_dump', [...to, '-t', 't']);
    assert.equal(dump.status, 0, dump.error);
    assert.ok(dump.out.length > 2000 * 3200, `${dump.out.length} characters`);
  });

  test('gives a token that opens this endpoint alone', async () => {
    const id = await webTask();
    const made = await command.run('token', id, '--label', 'cron');
    assert.equal(made.status, 0, made.error);
    const url = /curl -H "Authorization: Bearer \$TASK_TOKEN" (\S+)/.exec(made.error)?.[1] ?? '';
    const headers = { authorization: `Bearer ${made.out.trim()}` };
    assert.equal((await fetch(`${url}x`, { headers })).status, 200);
    assert.equal((await fetch(`${routerUrl}/api/v1/routes`, { headers })).status, 401);
  });

  test('a forward outlives the router, and says in words what ended a connection', async () => {
    const greeter = createTcpServer((socket) => {
      socket.on('error', () => socket.destroy()).write('hello\n');
    }).listen(0, '127.0.0.1');
    await once(greeter, 'listening');
    running.defer(() => void greeter.close());
    const { port } = greeter.address() as AddressInfo;
    const id = await tcpTask('greeter', port);
    const local = await freePort();
    const forward = await command.start(/ -> greeter/, 'forward', 'greeter', `${port}:${local}`);
    const hello = async () => {
      const socket = connect(local, '127.0.0.1').on('error', () => undefined);
      const closed = once(socket, 'close');
      const refused = closed.then(() => assert.fail(`closed: ${forward.said()}`));
      const [data] = (await Promise.race([once(socket, 'data'), refused])) as [Buffer];
      assert.equal(String(data), 'hello\n');
      refused.catch(() => undefined);
      return { closed };
    };
    const first = await hello();
    await router.stop();
    await first.closed;
    await forward.until(/The router stops, as when it is updated; connect again\./);
    router = await startRouterProcess(settings);
    await router.readyz(200);
    const second = await hello();
    endTask(clearml, id);
    await second.closed;
    await forward.until(/The router ended the connection: the task has ended\./);
    assert.equal(await forward.interrupt(), 130);
  });

  test('takes its line out of ssh’s config again', async () => {
    const removed = await command.run('config-ssh', '--remove');
    assert.equal(removed.status, 0, removed.error);
    const left = await command.program('ls', ['-A', join(command.home, '.ssh')]);
    assert.equal(left.out, '');
  });
});
