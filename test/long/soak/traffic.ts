import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Agent, type Dispatcher } from 'undici';
import { WebSocket } from 'ws';
import { startSteady, type SteadyReport } from '../../e2e/load/steady.ts';
import { addTask, endTask, httpAsk, taskWhen, tcpAsk } from '../../lab/clearml/asks.ts';
import { textOf } from '../../lab/clearml/document.ts';
import { credentials } from '../../lab/clearml/seed.ts';
import type { ClearMl } from '../../lab/clearml/server.ts';
import { LARGE, type SoakTasks } from './tasks.ts';

/** What the load is put on. */
export interface TrafficTargets {
  readonly clearml: ClearMl;
  readonly tasks: SoakTasks;
  /** URL of the router, without a slash at the end. */
  readonly url: string;
  /** Id of a task whose web app and whose TCP service are routed. */
  readonly web: string;
  /** Port of the range that leads to the TCP service. */
  readonly port: number;
  /** `Bearer …` of the user whose tasks they are. */
  readonly authorization: string;
}

/** Load that runs. */
export interface Traffic {
  /** Ends all of it, and reports each kind. */
  readonly stop: () => Promise<Readonly<Record<string, SteadyReport>>>;
}

/** No single act takes longer, or it has failed. Milliseconds. */
const LIMIT = 20_000;
/** The router's own pages are on this host alone. */
const HOST = 'router.example.test';

/** Everything that users do with a router, each a few times a second. */
export function startTraffic(targets: TrafficTargets): Traffic {
  const { clearml, tasks, url, web, port, authorization } = targets;
  const agent = new Agent();
  const path = `/service/${web}`;
  const signal = (): AbortSignal => AbortSignal.timeout(LIMIT);
  const ask = async (
    target: string,
    options: Partial<Dispatcher.RequestOptions> = {},
  ): Promise<{ status: number; text: string; headers: Dispatcher.ResponseData['headers'] }> => {
    const { statusCode, headers, body } = await agent.request({
      origin: url,
      path: target,
      method: 'GET',
      headers: { authorization },
      signal: signal(),
      ...options,
    });
    return { status: statusCode, text: await body.text(), headers };
  };

  const kinds: Readonly<Record<string, readonly [number, (index: number) => Promise<void>]>> = {
    small: [
      60,
      async (index) => {
        const answer = await ask(`${path}/small?${index}`, { reset: index % 4 === 0 });
        assert.deepEqual([answer.status, answer.text], [200, 'GET 0']);
      },
    ],
    large: [1, async () => assert.equal((await ask(`${path}/large`)).text.length, LARGE)],
    uploads: [
      1,
      async () => {
        const body = Buffer.alloc(LARGE / 2, 'y');
        const answer = await ask(`${path}/upload`, { method: 'POST', body });
        assert.equal(answer.text, `POST ${LARGE / 2}`);
      },
    ],
    aborts: [
      3,
      async () => {
        const { statusCode, body } = await agent.request({
          origin: url,
          path: `${path}/endless`,
          method: 'GET',
          headers: { authorization },
          signal: signal(),
        });
        assert.equal(statusCode, 200);
        await once(body, 'readable');
        body.on('error', () => undefined).destroy();
      },
    ],
    webSockets: [
      4,
      async (index) => {
        const address = `${url.replace('http', 'ws')}${path}/ws`;
        const socket = new WebSocket(address, { headers: { authorization } });
        await once(socket, 'open', { signal: signal() });
        socket.send(`${index}`);
        const [data] = (await once(socket, 'message', { signal: signal() })) as [Buffer];
        assert.equal(data.toString(), `${index}`);
        // One in three just vanishes.
        if (index % 3 === 0) socket.terminate();
        else socket.close();
        await once(socket, 'close', { signal: signal() });
      },
    ],
    tcp: [
      4,
      async (index) => {
        const socket = connect({ host: '127.0.0.1', port });
        await once(socket, 'connect', { signal: signal() });
        socket.write(`${index}`);
        const [data] = (await once(socket, 'data', { signal: signal() })) as [Buffer];
        assert.equal(data.toString(), `${index}`);
        if (index % 3 === 0) socket.resetAndDestroy();
        else socket.end();
        await once(socket, 'close', { signal: signal() });
      },
    ],
    signIns: [
      0.2,
      async () => {
        const { accessKey, secretKey } = credentials.bob;
        const body = `access_key=${accessKey}&secret_key=${secretKey}&next=%2F`;
        const form = { host: HOST, 'content-type': 'application/x-www-form-urlencoded' };
        const signedIn = await ask('/auth/sign-in', { method: 'POST', headers: form, body });
        assert.equal(signedIn.status, 303);
        const [cookie = ''] = [signedIn.headers['set-cookie'] ?? []].flat();
        const headers = { host: HOST, cookie: cookie.split(';', 1)[0] ?? '' };
        assert.equal((await ask('/', { headers })).status, 200);
        const out = await ask('/auth/sign-out', { method: 'POST', headers });
        assert.ok(out.status < 400, `sign-out: ${out.status}`);
      },
    ],
    endpointTokens: [
      0.2,
      async () => {
        const body = JSON.stringify({ endpoint: web, label: 'soak', expires_in: 60 });
        const headers = { authorization, host: HOST, 'content-type': 'application/json' };
        const api = '/api/v1/endpoint-tokens';
        const made = await ask(api, { method: 'POST', headers, body });
        assert.equal(made.status, 201, made.text);
        const { id, token } = JSON.parse(made.text) as { id: string; token: string };
        const bearer = { authorization: `Bearer ${token}` };
        assert.equal((await ask(`${path}/`, { headers: bearer })).status, 200);
        assert.equal((await ask(`${api}/${id}`, { method: 'DELETE', headers })).status, 204);
        assert.equal((await ask(`${path}/`, { headers: bearer })).status, 401);
      },
    ],
    denials: [
      4,
      async (index) => {
        const stranger = index % 2 === 0 ? {} : { authorization: `Bearer x${index}.y.z` };
        assert.equal((await ask(`${path}/`, { headers: stranger })).status, 401);
      },
    ],
    unknown: [
      0.5,
      async (index) => {
        const id = index.toString(16).padStart(32, 'd');
        assert.equal((await ask(`/service/${id}/`)).status, 404);
      },
    ],
    comingAndGoing: [
      0.5,
      async (index) => {
        const address = '127.0.0.1';
        const named = `n${index}`;
        // The TCP service has room for one task only: two that name one address clash, and the first has it.
        const runtime = {
          ...httpAsk({ address: `127.0.${1 + (index % 200)}.1`, port: tasks.webPort }),
          ...tcpAsk({ address, port: 1_000 + (index % 5_000), name: named }),
        };
        const { id } = addTask(clearml, { runtime });
        const seen = await taskWhen(
          clearml,
          id,
          (task) => 'endpoint' in task.runtime,
          AbortSignal.timeout(LIMIT),
        );
        assert.match(textOf(seen.runtime['endpoint']) ?? '', new RegExp(id));
        const answer = await ask(`/service/${id}/`);
        assert.ok([200, 502, 503].includes(answer.status), `${answer.status} ${answer.text}`);
        endTask(clearml, id);
      },
    ],
  };
  const running = Object.entries(kinds).map(
    ([kind, [perSecond, perform]]) => [kind, startSteady(perSecond, perform)] as const,
  );
  return {
    stop: async () => {
      await Promise.all(running.map(([, steady]) => steady.stop()));
      await agent.close();
      return Object.fromEntries(running.map(([kind, steady]) => [kind, steady.report()]));
    },
  };
}
