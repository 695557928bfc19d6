import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test, type TestContext } from 'node:test';
import { JupyterAsker } from '../../../router/idle/ask_jupyter.ts';
import { freePort } from '../../lab/free_port.ts';
import { servingAt } from '../../support/serving.ts';

async function app(t: TestContext, handle: RequestListener) {
  return openAt(await servingAt(t, handle));
}

function openAt(port: number) {
  return { state: 'open', upstream: { address: '127.0.0.1', family: 4, port } } as const;
}

function kernel(state: string, at = '2026-01-02T03:04:05.000Z') {
  return { id: 'k1', name: 'python3', execution_state: state, last_activity: at, connections: 1 };
}

function terminal(at: string) {
  return { name: '1', last_activity: at };
}

const TOKEN = 'the-token';
/** Where an answer is expected, however slow the machine. */
const PATIENCE_MS = 60_000;

test('says whether a kernel is busy, and when one or a terminal did something', async (t) => {
  let kernels = [kernel('idle')];
  let terminals = [terminal('2026-01-02T03:04:05.000Z')];
  const asked = new Set<string>();
  const http = await app(t, (request, response) => {
    assert.equal(request.headers.authorization, `token ${TOKEN}`);
    asked.add(request.url ?? '');
    response.end(JSON.stringify(request.url?.includes('kernels') ? kernels : terminals));
  });
  const jupyter = new JupyterAsker(PATIENCE_MS);
  const idle = await jupyter.ask(http, TOKEN);
  assert.equal(idle?.busy, false);
  // By the parameter that keeps a Jupyter from counting the question as its own user's activity.
  assert.deepEqual([...asked].toSorted(), [
    '/api/kernels?no_track_activity=1',
    '/api/terminals?no_track_activity=1',
  ]);
  assert.deepEqual(await jupyter.ask(http, TOKEN), idle);
  kernels = [kernel('idle', '2026-01-02T03:05:00.000Z')];
  assert.notEqual((await jupyter.ask(http, TOKEN))?.print, idle?.print);
  kernels = [kernel('idle')];
  terminals = [terminal('2026-01-02T03:05:00.000Z')];
  assert.notEqual((await jupyter.ask(http, TOKEN))?.print, idle?.print);
  kernels = [kernel('idle'), kernel('busy')];
  assert.equal((await jupyter.ask(http, TOKEN))?.busy, true);
});

test('what is refused is not asked again, unless the task has another token', async (t) => {
  const asked: string[] = [];
  let right = TOKEN;
  const http = await app(t, (request, response) => {
    const { url = '' } = request;
    asked.push(url.slice(0, url.indexOf('?')));
    if (request.headers.authorization !== `token ${right}`) response.writeHead(403).end();
    else if (url.startsWith('/api/terminals')) response.writeHead(404).end();
    else response.end(JSON.stringify([kernel('busy')]));
  });
  const jupyter = new JupyterAsker(PATIENCE_MS);
  for (const _ of [1, 2]) assert.equal((await jupyter.ask(http, TOKEN))?.busy, true);
  assert.deepEqual(asked.toSorted(), ['/api/kernels', '/api/kernels', '/api/terminals']);
  right = 'another';
  asked.length = 0;
  for (const _ of [1, 2]) assert.equal(await jupyter.ask(http, TOKEN), undefined);
  assert.deepEqual(asked, ['/api/kernels']);
  assert.equal((await jupyter.ask(http, right))?.busy, true);
});

test('one that fails for a moment is asked again', async (t) => {
  let status = 503;
  const http = await app(t, (_, response) => {
    response.writeHead(status).end(JSON.stringify([]));
  });
  const jupyter = new JupyterAsker(PATIENCE_MS);
  assert.equal(await jupyter.ask(http, TOKEN), undefined);
  status = 200;
  assert.equal((await jupyter.ask(http, TOKEN))?.busy, false);
});

test('asks a server that keeps its prefix below that', async (t) => {
  const http = await app(t, (request, response) => {
    assert.match(request.url ?? '', /^\/service\/x\/api\/(?:kernels|terminals)\?/);
    response.end(JSON.stringify(request.url?.includes('kernels') ? [kernel('busy')] : []));
  });
  const jupyter = new JupyterAsker(PATIENCE_MS);
  assert.equal((await jupyter.ask({ ...http, basePath: '/service/x' }, TOKEN))?.busy, true);
});

test('what is no Jupyter, and what is hostile, says nothing', async (t) => {
  const answers: readonly RequestListener[] = [
    (_, response) => response.writeHead(404).end(),
    (_, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
    (_, response) => response.end('<html>'),
    (_, response) => response.end('{"kernels": []}'),
    (_, response) => response.end(JSON.stringify([{ id: 1 }])),
    (_, response) =>
      response.end(JSON.stringify(Array.from({ length: 1_001 }, () => kernel('idle')))),
    (_, response) => response.end(JSON.stringify([kernel('x'.repeat(10_000))])),
    (_, response) => response.end('['.repeat(100_000)),
    (_, response) => void response.write(' '.repeat(300_000)),
    (request) => request.socket.destroy(),
  ];
  for (const [index, answer] of answers.entries()) {
    const http = await app(t, answer);
    assert.equal(await new JupyterAsker().ask(http, TOKEN), undefined, `answer ${index}`);
  }
  const hurried = new JupyterAsker(100);
  const silent = await app(t, () => undefined);
  assert.equal(await hurried.ask(silent, TOKEN), undefined);
  const drips = await app(t, (_, response) => void response.write('['));
  assert.equal(await hurried.ask(drips, TOKEN), undefined);
  const nobody = openAt(await freePort());
  assert.equal(await hurried.ask(nobody, TOKEN), undefined);
  const unasked = await app(t, () => assert.fail('what is no token is not sent'));
  assert.equal(await hurried.ask(unasked, 'two\r\nlines: x'), undefined);
});
