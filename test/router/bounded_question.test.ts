import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test, type TestContext } from 'node:test';
import { askBounded } from '../../router/bounded_question.ts';
import { servingAt } from '../support/serving.ts';

/** Asks a server that answers so, and of which no more than 100 bytes are taken. */
async function asked(
  t: TestContext,
  handle: RequestListener,
  signal = new AbortController().signal,
) {
  const port = await servingAt(t, handle);
  const bounds = { mostHeaderBytes: 1_024, mostBytes: 100 };
  const headers = { accept: 'text/plain' };
  return askBounded({
    upstream: { address: '127.0.0.1', family: 4, port },
    path: '/a?b',
    headers,
    ...bounds,
    signal,
  });
}

test('tells status, head and body', async (t) => {
  const answer = await asked(t, ({ url, headers }, response) => {
    response.setHeader('x-asked', `${url} ${headers.accept}`).end('x'.repeat(100));
  });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['x-asked'], '/a?b text/plain');
  assert.equal(answer.body?.toString(), 'x'.repeat(100));
});

test('reads no body that is too long, or of another status', async (t) => {
  assert.deepEqual(
    (await asked(t, (_, response) => response.end('x'.repeat(101)))).body,
    undefined,
  );
  const gone = await asked(t, (_, response) => response.writeHead(404).end('gone'));
  assert.deepEqual([gone.status, gone.body], [404, undefined]);
});

test('ends an answer that switches protocols, has too long a head, or never ends', async (t) => {
  const switched = await asked(t, ({ socket }) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n');
  });
  assert.equal(switched.status, 101);
  const long = asked(t, (_, response) => response.setHeader('x-long', 'x'.repeat(2_000)).end());
  await assert.rejects(long, { code: 'HPE_HEADER_OVERFLOW' });
  const given = new AbortController();
  const drips = asked(
    t,
    (_, response) => {
      response.write('x');
      given.abort();
    },
    given.signal,
  );
  await assert.rejects(drips, { name: 'AbortError' });
});
