import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, type Asked } from '../../../router/peers/ask.ts';
import { newId } from '../../../router/peers/journal.ts';
import { readQuestion, signAnswer } from '../../../router/peers/signature.ts';
import { MOST_ANSWER_BYTES, SIGNATURE_HEADER, type Told } from '../../../router/peers/told.ts';
import { freePort } from '../../lab/free_port.ts';
import { endpointId, KEYS } from './replica.ts';

const [KEY, OTHER] = KEYS;

const TOLD: Told = {
  replica: { id: newId(), name: 'router-b', version: '9.9.9', startedAt: 1 },
  open: { websocket: 1, tcp: 2, tunnel: 3 },
  volume: newId(),
  since: 0,
  until: 1,
  more: false,
  endpoints: [[endpointId(1), { usedAt: 5 }]],
};

async function listening(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function askAt(port: number, keys: readonly Uint8Array[] = [KEY]): Promise<Asked> {
  return ask({ address: '127.0.0.1', port, keys, volume: undefined, since: 0, deadline: 1_000 });
}

/** Asks a server that does this with the question. */
async function asking(t: TestContext, listener: RequestListener): Promise<Asked> {
  const server = createServer(listener);
  const port = await listening(t, server);
  const asked = await askAt(port);
  server.closeAllConnections();
  return asked;
}

/** Answers with a text that is signed as it should be. */
function signed(text: string, key: Uint8Array = KEY): RequestListener {
  return ({ url = '', headers }, response) => {
    const question = readQuestion([KEY], url, headers.authorization);
    assert.ok(question !== undefined);
    response.setHeader(SIGNATURE_HEADER, signAnswer({ ...question, key }, Buffer.from(text)));
    response.end(text);
  };
}

test('a replica of a later version is understood, and what it tells beside is passed over', async (t) => {
  const [[id] = []] = TOLD.endpoints;
  const later = { ...TOLD, endpoints: [[id, { usedAt: 5, health: 'good' }]], mood: 'fine' };
  assert.deepEqual(await asking(t, signed(JSON.stringify(later))), { told: TOLD });
});

test('an answer of somebody without the key, for another question, or changed, is none', async (t) => {
  const text = JSON.stringify(TOLD);
  const unsigned = { problem: 'its answer is not signed with ROUTER_SECRET' };
  assert.deepEqual(await asking(t, (_, response) => response.end(text)), unsigned);
  assert.deepEqual(await asking(t, signed(text, OTHER)), unsigned);
  let recorded: { signature: string; text: string } | undefined;
  const recording: RequestListener = (request, response: ServerResponse) => {
    signed(text)(request, response);
    recorded = { signature: String(response.getHeader(SIGNATURE_HEADER)), text };
  };
  assert.deepEqual(await asking(t, recording), { told: TOLD });
  assert.deepEqual(
    await asking(t, (_, response) => {
      response.setHeader(SIGNATURE_HEADER, recorded?.signature ?? '').end(recorded?.text);
    }),
    unsigned,
  );
  assert.deepEqual(
    await asking(t, (request, response) => {
      const end = response.end.bind(response);
      response.end = () => end(text.replace('"usedAt":5', '"usedAt":6'));
      signed(text)(request, response);
    }),
    unsigned,
  );
});

test('an answer of another form, another version or another status says so', async (t) => {
  const form = { problem: 'its version answers in another form' };
  const bad = [
    '',
    'null',
    '{',
    JSON.stringify({ ...TOLD, replica: undefined }),
    JSON.stringify({ ...TOLD, endpoints: [['../../etc', { usedAt: 5 }]] }),
    JSON.stringify({ ...TOLD, endpoints: [[endpointId(1), { usedAt: -5 }]] }),
    JSON.stringify({
      ...TOLD,
      endpoints: Array.from({ length: 2_001 }, () => [endpointId(1), null]),
    }),
  ];
  for (const text of bad) assert.deepEqual(await asking(t, signed(text)), form, text.slice(0, 99));
  const statuses = [
    [404, 'its version does not know the question'],
    [500, 'it answers with 500'],
    [204, 'it answers with 204'],
    [
      401,
      'it refuses the question: its ROUTER_SECRET is another, or its clock differs by more than 30 s',
    ],
  ] as const;
  for (const [status, problem] of statuses) {
    assert.deepEqual(await asking(t, (_, response) => response.writeHead(status).end()), {
      problem,
    });
  }
});

test('a switch of protocols that nobody asked for ends the question, and its connection', async (t) => {
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  const server = createTcpServer((socket) => {
    socket
      .on('error', () => undefined)
      .on('close', () => close())
      .resume();
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');
  });
  const port = await listening(t, server);
  const late = sleep(5_000, 'it never ends', { ref: false });
  assert.deepEqual(await Promise.race([askAt(port), late]), { problem: 'it answers with 101' });
  await closed;
});

test('a redirect is not followed', async (t) => {
  let followed = false;
  const elsewhere = createServer((_, response) => {
    followed = true;
    response.end();
  });
  const port = await listening(t, elsewhere);
  const asked = await asking(t, (_, response) =>
    response.writeHead(302, { location: `http://127.0.0.1:${port}/` }).end(),
  );
  assert.deepEqual([asked, followed], [{ problem: 'it answers with 302' }, false]);
});

test('an answer without end is read no further than it may be long', async (t) => {
  let written = 0;
  const asked = await asking(t, (_, response) => {
    const chunk = Buffer.alloc(64 * 1024, ' ');
    const more = (): void => {
      while (!response.destroyed && response.write(chunk)) written += chunk.length;
    };
    response.on('drain', more);
    more();
  });
  assert.deepEqual(asked, { problem: `it tells more than ${MOST_ANSWER_BYTES} bytes` });
  assert.ok(written < 16 * MOST_ANSWER_BYTES, `${written} bytes`);
});

test('whoever is slow, says nothing, or drips, is left at the deadline', async (t) => {
  const late = { problem: 'no answer within 1 s' };
  assert.deepEqual(await asking(t, () => undefined), late);
  const drip = asking(t, (_, response) => {
    response.write('{');
    const timer = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(timer));
  });
  assert.deepEqual(await drip, late);
});

test('nobody there, and no HTTP, is said', async (t) => {
  assert.deepEqual(await askAt(await freePort()), {
    problem: 'it cannot be reached: ECONNREFUSED',
  });
  const server = createTcpServer((socket) => socket.on('error', () => undefined).end('hello\r\n'));
  assert.deepEqual(await askAt(await listening(t, server)), {
    problem: 'it cannot be reached: HPE_INVALID_CONSTANT',
  });
});

test('while a secret is rotated the older key is tried where the newer one is refused', async (t) => {
  const tried: number[] = [];
  const server = createServer((request, response) => {
    const { url = '', headers } = request;
    tried.push(KEYS.findIndex((key) => readQuestion([key], url, headers.authorization)));
    if (tried.at(-1) === 0) signed(JSON.stringify(TOLD))(request, response);
    else response.writeHead(401).end();
  });
  const port = await listening(t, server);
  assert.deepEqual(await askAt(port, [OTHER, KEY]), { told: TOLD });
  assert.deepEqual(tried, [1, 0]);
});
