import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { addTask, httpAsk } from '../../lab/clearml/asks.ts';
import { userToken } from '../../lab/clearml/client.ts';
import { credentials } from '../../lab/clearml/seed.ts';
import { startClearMl, type ClearMl } from '../../lab/clearml/server.ts';
import { settingsFor, startRouterProcess, type RouterProcess } from '../process.ts';

/** Connections go to the workers in turn: this many reach each of two. */
const EACH = 6;
/** Far less than ACCESS_CACHE_SECONDS, and than the looks at the store of endpoint tokens. Milliseconds. */
const AT_ONCE = 2_000;

interface Answer {
  readonly status: number;
  readonly setCookie: readonly string[];
  readonly text: string;
}

describe('what one of two workers learns, the other one knows at once', () => {
  const folder = mkdtempSync(join(tmpdir(), 'revocation-'));
  const task = createServer((_, response) => response.end('the task'));
  let clearml: ClearMl;
  let router: RouterProcess;
  let id: string;

  before(async () => {
    clearml = await startClearMl();
    task.listen(0, '127.0.0.1');
    await once(task, 'listening');
    const { port } = task.address() as AddressInfo;
    id = addTask(clearml, { runtime: httpAsk({ address: '127.0.0.1', port }) }).id;
    router = await startRouterProcess({
      ...settingsFor(clearml),
      WORKERS: '2',
      ACCESS_CACHE_SECONDS: '60',
      DRAIN_SECONDS: '0',
      STATE_FILE: join(folder, 'state.json'),
    });
    await router.readyz(200);
  });
  after(async () => {
    await router.stop();
    await clearml.stop();
    task.close();
    rmSync(folder, { recursive: true });
  });

  /** One request on a connection of its own. */
  const ask = async (
    path: string,
    headers: Record<string, string>,
    method = 'GET',
    body = '',
  ): Promise<Answer> => {
    const asked = request(`${router.url}${path}`, {
      agent: false,
      method,
      headers: { host: 'router.example.test', ...headers },
    }).end(body);
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    return {
      status: response.statusCode ?? 0,
      setCookie: response.headers['set-cookie'] ?? [],
      text,
    };
  };
  const statuses = async (headers: Record<string, string>): Promise<readonly number[]> => {
    const found: number[] = [];
    for (let i = 0; i < EACH; i += 1) found.push((await ask(`/service/${id}/`, headers)).status);
    return found;
  };
  const all = (status: number): readonly number[] => Array.from({ length: EACH }, () => status);
  const until = async (status: number, headers: Record<string, string>): Promise<void> => {
    const end = performance.now() + AT_ONCE;
    for (;;) {
      const found = await statuses(headers);
      if (found.every((one) => one === status)) return;
      if (performance.now() > end) assert.deepEqual(found, all(status));
    }
  };
  const signIn = (secretKey: string): Promise<Answer> => {
    const { accessKey } = credentials.alice;
    const form = new URLSearchParams({ access_key: accessKey, secret_key: secretKey, next: '/' });
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'same-origin',
      origin: 'http://router.example.test',
    };
    return ask('/auth/sign-in', headers, 'POST', form.toString());
  };

  test('a sign-out', async () => {
    const { setCookie } = await signIn(credentials.alice.secretKey);
    const cookie = setCookie.map((line) => line.split(';')[0]).join('; ');
    const headers = { cookie, 'sec-fetch-site': 'same-origin' };
    assert.deepEqual(await statuses(headers), all(200));
    const origin = 'http://router.example.test';
    await ask('/auth/sign-out', { ...headers, origin }, 'POST');
    await until(401, headers);
  });

  test('a token that ClearML refuses', async () => {
    const token = await userToken(clearml, 'alice');
    const headers = { authorization: `Bearer ${token}` };
    assert.deepEqual(await statuses(headers), all(200));
    const answer = await fetch(`${clearml.url}/auth.logout`, { method: 'POST', headers });
    assert.equal(answer.status, 200);
    assert.equal((await ask(`/service/${'f'.repeat(32)}/`, headers)).status, 401);
    await until(401, headers);
  });

  test('a revoked endpoint token', async () => {
    const owner = { authorization: `Bearer ${await userToken(clearml, 'alice')}` };
    const wish = JSON.stringify({ endpoint: id, label: 'job', expires_in: 3_600 });
    const json = { 'content-type': 'application/json' };
    const made = await ask('/api/v1/endpoint-tokens', { ...owner, ...json }, 'POST', wish);
    assert.equal(made.status, 201, made.text);
    const { id: tokenId, token } = JSON.parse(made.text) as { id: string; token: string };
    const headers = { authorization: `Bearer ${token}` };
    assert.deepEqual(await statuses(headers), all(200));
    await ask(`/api/v1/endpoint-tokens/${tokenId}`, owner, 'DELETE');
    await until(401, headers);
  });

  test('failed sign-ins: there are no more tries than with one process', async () => {
    const found: number[] = [];
    for (let i = 0; i < 12; i += 1) found.push((await signIn('wrong')).status);
    const tried = found.filter((status) => status !== 429).length;
    assert.ok(tried >= 4 && tried <= 6, found.join());
  });

  test('questions about tasks that are not the user’s: one budget', async () => {
    const headers = { authorization: `Bearer ${await userToken(clearml, 'bob')}` };
    const found: number[] = [];
    const began = performance.now();
    for (let i = 0; i < 100; i += 1) {
      const unknown = i.toString(16).padStart(32, 'e');
      found.push((await ask(`/service/${unknown}/`, headers)).status);
    }
    const asked = found.filter((status) => status === 404).length;
    // One comes back each second; a few are under way while the other worker is told.
    const most = 60 + (performance.now() - began) / 1_000 + 5;
    assert.ok(asked >= 60 && asked <= most, `${asked} questions`);
  });
});
