/** The router as a process that takes itself for a pod: a computer signs in, and gets at its owner's tasks. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import WebSocket from 'ws';
import { makeCertificate } from '../../../lab/certificate.ts';
import { addTask, changeTask, httpAsk } from '../../../lab/clearml/asks.ts';
import { userToken } from '../../../lab/clearml/client.ts';
import { startClearMl } from '../../../lab/clearml/server.ts';
import { PodServer } from '../../kubernetes/pod_server.ts';
import { AS_POD } from '../../../support/kubernetes/pod.ts';
import { settingsFor, startRouterProcess } from '../../../support/router_process.ts';

const certificate = makeCertificate();
const skip = certificate === undefined ? 'no openssl to make a certificate with' : false;
/** Own pages answer on the host of ROUTER_URL alone. */
const HOST = 'router.example.test';
const PASSWORD = 'PASS-WORD-OF-SSH';

/** A task of alice's in a pod of its own, at which an echo listens that nobody asked for. */
async function world(t: TestContext) {
  assert.ok(certificate !== undefined);
  const folder = mkdtempSync(join(tmpdir(), 'device-'));
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 'a token');
  const echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const { port } = echo.address() as AddressInfo;
  const pods = await PodServer.start(certificate);
  const clearml = await startClearMl({ edition: 'open-source' });
  const runtime = { _ssh_user: 'ann', _ssh_password: PASSWORD, _user_secret: 'hush' };
  const ask = httpAsk({ address: '127.0.0.1', port });
  const { id } = addTask(clearml, { runtime: { ...ask, ...runtime } });
  pods.put(`clearml-id-${id}`, ['127.0.0.1']);
  const state = join(folder, 'state');
  const router = await startRouterProcess(
    {
      ...settingsFor(clearml),
      KUBERNETES_SERVICE_HOST: 'localhost',
      KUBERNETES_SERVICE_PORT: String(pods.port),
      POD_NAME: 'router-0',
      POD_CA_FILE: certificate.certFile,
      POD_TOKEN_FILE: tokenFile,
      VERIFY_TASK_PODS: 'clearml',
      VERIFY_TASK_PODS_STRICT: 'true',
      OWN_PORTS: 'true',
      STATE_FILE: state,
      DRAIN_SECONDS: '30',
    },
    { nodeOptions: ['--import', AS_POD] },
  );
  t.after(async () => {
    await router.stop();
    await clearml.stop();
    await pods.stop();
    echo.close();
    rmSync(folder, { recursive: true });
  });
  await router.readyz(200);
  await router.logged(({ event, endpoint }) => event === 'route_opened' && endpoint === id);

  const call = async (
    path: string,
    { token = '', form }: { token?: string; form?: Record<string, string> } = {},
    method: 'GET' | 'DELETE' = 'GET',
  ) => {
    const answer = await request(router.url + path, {
      method: form === undefined ? method : 'POST',
      headers: { host: HOST, ...(token === '' ? {} : { authorization: `Bearer ${token}` }) },
      body: form === undefined ? null : new URLSearchParams(form).toString(),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, text };
  };
  /** What a computer gets whose user agrees. */
  const signIn = async (user: 'alice' | 'bob'): Promise<string> => {
    const token = await userToken(clearml, user);
    const begun = await call('/api/v1/device/code', {
      form: { client_id: 'task-router', label: `${user}’s laptop` },
    });
    const codes = JSON.parse(begun.text) as Record<string, string>;
    const { device_code = '', user_code: code = '' } = codes;
    const poll = async () => {
      const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
      const form = { client_id: 'task-router', grant_type, device_code };
      return JSON.parse((await call('/api/v1/device/token', { form })).text) as {
        readonly error?: string;
        readonly access_token?: string;
      };
    };
    assert.equal((await call('/device', { token, form: { code } })).status, 303);
    assert.equal((await poll()).error, 'authorization_pending');
    const agreed = await call('/device/answer', { token, form: { code, answer: 'allow' } });
    assert.equal(agreed.status, 200, agreed.text);
    for (;;) {
      // Who asks sooner is told to slow down.
      await sleep(2_000);
      const { access_token: text } = await poll();
      if (text !== undefined) return text;
    }
  };
  /** Where a port of the task is, or where another path leads. */
  const dial = (token: string, at: number | string, headers: Record<string, string> = {}) =>
    new WebSocket(
      `${router.url.replace('http', 'ws')}${typeof at === 'number' ? `/api/v1/tasks/${id}/ports/${at}` : at}`,
      'tcp.task-traffic-router',
      {
        headers: {
          host: HOST,
          ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
      },
    );
  const refused = async (socket: WebSocket): Promise<number> => {
    const [, answer] = (await once(socket, 'unexpected-response')) as [
      unknown,
      { statusCode: number; resume: () => void },
    ];
    answer.resume();
    return answer.statusCode;
  };
  return { clearml, router, pods, id, port, call, signIn, dial, refused, state };
}

const said = async (socket: WebSocket, text: string): Promise<void> => {
  socket.send(Buffer.from(text));
  let heard = '';
  while (heard !== text) {
    const [data] = (await once(socket, 'message')) as [Buffer];
    heard += data.toString();
  }
};

const closed = async (socket: WebSocket): Promise<readonly [number, string]> => {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  return [code, reason.toString()];
};

test(
  'a computer gets at its owner’s task, and at ports that nobody asked for',
  { skip },
  async (t) => {
    const { clearml, router, id, port, call, signIn, dial, refused, state } = await world(t);
    const token = await signIn('alice');
    const session = JSON.parse((await call('/api/v1/session', { token })).text) as {
      label: string;
    };
    assert.equal(session.label, 'alice’s laptop');
    const ssh = await call(`/api/v1/endpoints/${id}/ssh`, { token });
    const { router: _version, ...keys } = JSON.parse(ssh.text) as Record<string, string>;
    assert.deepEqual(keys, { user: 'ann', password: PASSWORD });

    const socket = dial(token, port);
    await once(socket, 'open');
    await said(socket, 'to a port that nobody asked for');
    // A92: whatever else names the task hears what one hears of no task.
    const bob = await signIn('bob');
    const alice = await userToken(clearml, 'alice');
    const made = await request(`${router.url}/api/v1/endpoint-tokens`, {
      method: 'POST',
      headers: { host: HOST, authorization: `Bearer ${token}` },
      body: JSON.stringify({ endpoint: id, label: 'a program' }),
    });
    const { token: endpointToken } = (await made.body.json()) as { token: string };
    const api = Number(new URL(clearml.url).port);
    const none = `/api/v1/tasks/${'f'.repeat(32)}/ports/${port}`;
    const cookie = { cookie: `__Host-router_session=${token}; clearml_token_basic=${alice}` };
    for (const [why, attempt, status] of [
      ['another’s task', () => dial(bob, port), 404],
      ['a ClearML token', () => dial(alice, port), 404],
      ['an endpoint token', () => dial(endpointToken, port), 404],
      ['a cookie', () => dial('', port, cookie), 401],
      ['nobody', () => dial('', port), 401],
      ['no task', () => dial(token, none), 404],
      ['what no task may name', () => dial(token, api), 404],
      ['port 0', () => dial(token, 0), 404],
      ['no port', () => dial(token, 65_536), 404],
      ['an encoded path', () => dial(token, `/api/v1/tasks/${id}/ports/%31${port}`), 404],
      ['a longer path', () => dial(token, `/api/v1/tasks/${id}/ports/${port}/`), 404],
    ] as const) {
      assert.equal(await refused(attempt()), status, why);
    }
    const plain = await call(`/api/v1/tasks/${id}/ports/${port}`, { token });
    assert.equal(plain.status, 404, 'without the tunnel');

    const end = closed(socket);
    assert.equal((await call('/api/v1/session', { token }, 'DELETE')).status, 204);
    assert.deepEqual(await end, [1008, 'token-revoked']);
    assert.equal(await refused(dial(token, port)), 401);
    const kept = `${router.written()}${readFileSync(state, 'utf8')}`;
    for (const secret of [PASSWORD, token, bob, 'ttd_', alice]) assert.ok(!kept.includes(secret));
  },
);

test(
  'what is open to a port that nobody asked for ends with its pod and with its task',
  { skip },
  async (t) => {
    const { clearml, pods, id, port, signIn, dial, refused } = await world(t);
    const token = await signIn('alice');
    const open = async () => {
      const socket = dial(token, port);
      await once(socket, 'open');
      return socket;
    };
    const first = closed(await open());
    // The address is no longer the task's alone.
    pods.put('clearml-id-other', ['127.0.0.1']);
    assert.deepEqual(await first, [1008, 'the task has ended']);
    assert.equal(await refused(dial(token, port)), 404);
    pods.remove('clearml-id-other');
    for (;;) {
      const socket = dial(token, port);
      const opened = await new Promise<boolean>((resolve) => {
        socket.once('open', () => resolve(true)).once('error', () => resolve(false));
      });
      if (!opened) continue;
      const second = closed(socket);
      changeTask(clearml, id, { status: 'stopped' });
      assert.deepEqual(await second, [1008, 'the task has ended']);
      break;
    }
    assert.equal(await refused(dial(token, port)), 404);
  },
);

test(
  'a tunnel lives on while the router drains, and the next one is for another router',
  { skip },
  async (t) => {
    const { router, port, signIn, dial } = await world(t);
    const token = await signIn('alice');
    const socket = dial(token, port);
    await once(socket, 'open');
    router.child.kill('SIGTERM');
    await router.readyz(503);
    await said(socket, 'still here');
    const end = closed(socket);
    socket.close();
    assert.equal((await end)[0], 1000);
    assert.equal(await router.stop(), 0);
  },
);
