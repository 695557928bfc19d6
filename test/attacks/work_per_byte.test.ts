import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { FrameFollower } from '../../router/websocket/frames.ts';
import { ALICE, TASK_A } from '../support/proxy_world.ts';
import { HOST, LET_IN, T, attacked, stillServes } from '../support/attacked.ts';
import { OK, replying } from '../support/raw_peers.ts';
import { HANDSHAKE } from '../support/web_socket_handshake.ts';

/** How much longer hostile bytes may hold the event loop than plain ones of the same number. */
const MOST_TIMES = 10;
/** What the size limits leave for the headers of a request, and of an answer. */
const REQUEST = 30 * 1024;
const ANSWER = 62 * 1024;

/** Lines of headers, `size` bytes of them. */
function lines(size: number, line: (index: number) => string): string {
  let text = '';
  for (let index = 0; ; index++) {
    const next = `${line(index)}\r\n`;
    if (text.length + next.length > size) return text;
    text += next;
  }
}

/** One header, `size` bytes of it. */
function long(size: number, start: string, piece: string): string {
  return `${start}${piece.repeat(Math.floor((size - start.length - 2) / piece.length))}\r\n`;
}

function names(count: number): string {
  return Array.from({ length: count }, (_, index) => index.toString(36)).join(',');
}

const plain = (size: number): string =>
  lines(size, (index) => `X-Header-${index}: ${'v'.repeat(1_500)}`);

/** Milliseconds of CPU time that `work` takes: the least of some tries, since others run on this machine as well. */
async function leastOf(tries: number, work: () => Promise<void>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < tries; turn++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1_000);
  }
  return least;
}

const AT_ONCE = 4;
const BEARER = `Authorization: Bearer ${ALICE.token}`;

/** CPU time of some requests whose headers or target are these, through the router to a task whose answer has these headers. */
async function costOf(
  t: TestContext,
  { path = '/', headers = '', answer = OK }: { path?: string; headers?: string; answer?: string },
): Promise<number> {
  const attack = await attacked(t, replying(answer));
  const cost = await leastOf(8, async () => {
    for (let turn = 0; turn < AT_ONCE; turn++) {
      const client = await attack.client();
      client.socket.write(
        `GET ${T}${path} HTTP/1.1\r\n${HOST}\r\n${BEARER}\r\n${headers}\r\n`,
        'latin1',
      );
      const { status } = await client.answer();
      assert.ok([200, 302, 400, 431, 502].includes(status), String(status));
      client.destroy();
    }
  });
  await stillServes(attack);
  return cost;
}

/** The same once all code that it runs has been compiled. */
async function plainCost(t: TestContext, what: Parameters<typeof costOf>[1]): Promise<number> {
  await costOf(t, what);
  return costOf(t, what);
}

test('A55: no head of a request holds the loop ten times as long as a plain one', async (t) => {
  const least = await plainCost(t, { headers: plain(REQUEST) });
  const heads: Readonly<Record<string, { path?: string; headers?: string }>> = {
    'names in Connection': { headers: `Connection: ${names(7_000)}\r\n` },
    'names in Connection and as many headers': {
      headers: `Connection: ${names(2_500)}\r\n${lines(REQUEST / 2, (index) => `${index.toString(36)}:`)}`,
    },
    'names in many Connections': { headers: lines(REQUEST, (index) => `Connection: a${index}`) },
    'commas in Connection': { headers: long(REQUEST, 'Connection: ', ',') },
    'as many headers as fit': { headers: lines(REQUEST, () => 'a:') },
    'headers of as many names': { headers: lines(REQUEST, (index) => `h${index.toString(36)}:`) },
    '250 headers with odd names': {
      headers: lines(REQUEST, (index) => `${index}${'!._'.repeat(19)}: x`.padEnd(118, 'x')),
    },
    'empty cookies': { headers: long(REQUEST, 'Cookie: clearml_token', ';') },
    'cookies of our name': { headers: long(REQUEST, 'Cookie: ', 'clearml_token=x;') },
    'cookies that hold our name': { headers: long(REQUEST, 'Cookie: ', 'a=clearml_token;') },
    'blanks in a cookie': { headers: long(REQUEST, 'Cookie: clearml_token=x', ' ') },
    'lines of cookies': { headers: lines(REQUEST, () => 'Cookie: clearml_token=x') },
    'hops in X-Forwarded-For': { headers: long(REQUEST, 'X-Forwarded-For: ', '10.0.0.1,') },
    'ranges in Accept': { headers: long(REQUEST, 'Accept: ', 'a/b;q=1,') },
    'protocols of WebSockets': { headers: long(REQUEST, 'Sec-WebSocket-Protocol: ', 'a,') },
    'parameters of a query': { path: `/?${'a=b&'.repeat(7_000)}` },
    'segments of a path': { path: `/${'a/../'.repeat(6_000)}` },
    'segments in every spelling': { path: `/${'a\\%2e%2f'.repeat(3_500)}..` },
  };
  for (const [name, head] of Object.entries(heads)) {
    const cost = await costOf(t, head);
    t.diagnostic(`${name}: ${(cost / least).toFixed(1)}`);
    assert.ok(cost < MOST_TIMES * least, `${name}: ${cost} ms, and ${least} ms for a plain one`);
  }
});

test('A55: nor does the head of an upgrade', async (t) => {
  const least = await plainCost(t, { headers: plain(REQUEST) });
  for (const headers of [
    lines(REQUEST, () => 'a:'),
    lines(REQUEST, () => `x-same: ${'v'.repeat(100)}`),
    long(REQUEST, 'Sec-WebSocket-Protocol: ', 'a,'),
    `Connection: ${names(7_000)}\r\n`,
  ]) {
    const attack = await attacked(t, replying('HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n'));
    const cost = await leastOf(6, async () => {
      const client = await attack.client();
      client.send(`GET ${T}/ HTTP/1.1`, HOST, BEARER, ...HANDSHAKE, headers, '');
      const { status } = await client.answer();
      assert.ok([400, 403, 431].includes(status), String(status));
      client.destroy();
    });
    assert.ok(cost < (MOST_TIMES * least) / AT_ONCE, `${headers.slice(0, 40)}: ${cost}, ${least}`);
  }
});

test('A55: nor does the head of an answer', async (t) => {
  const answer = (headers: string): string =>
    `HTTP/1.1 302 Found\r\n${headers}Content-Length: 2\r\n\r\nok`;
  const least = await plainCost(t, { answer: answer(plain(ANSWER)) });
  const heads: Readonly<Record<string, string>> = {
    'names in Connection and as many headers':
      `Connection: ${names(10_000)}\r\n` +
      lines(ANSWER / 3, (index) => `h${index.toString(36)}: x`),
    'names in many Connections': lines(ANSWER, (index) => `Connection: a${index}`),
    'commas in Connection': long(ANSWER, 'Connection: ', ','),
    'as many headers as fit': lines(ANSWER, () => 'a:'),
    'headers of as many names': lines(ANSWER, (index) => `h${index.toString(36)}:`),
    '250 cookies': lines(ANSWER, (index) => `Set-Cookie: a${index}=${'x'.repeat(230)}`),
    'attributes of a cookie': long(ANSWER, 'Set-Cookie: a=b', ';a'),
    'paths of a cookie': long(ANSWER, 'Set-Cookie: a=b', ';path=/a'),
    'a climbing path of a cookie': long(ANSWER, 'Set-Cookie: a=b; Path=/', '../'),
    'a climbing Location': long(ANSWER, 'Location: /', '../'),
    'a relative Location': long(ANSWER, 'Location: ', 'a/../'),
    '250 Locations': lines(ANSWER, () => `Location: ${'../'.repeat(80)}`),
  };
  for (const [name, headers] of Object.entries(heads)) {
    const cost = await costOf(t, { answer: answer(headers) });
    t.diagnostic(`${name}: ${(cost / least).toFixed(1)}`);
    assert.ok(cost < MOST_TIMES * least, `${name}: ${cost} ms, and ${least} ms for a plain one`);
  }
});

test('A55: names in Connection and header lines are bounded, in both directions', async (t) => {
  const fields = (count: number): string => lines(ANSWER, () => 'X: y').slice(0, count * 6);
  for (const [headers, toTask, toClient] of [
    [`Connection: ${names(64)}\r\n`, 200, 200],
    [`Connection: ${names(65)}\r\n`, 400, 502],
    [`Connection: ${names(40)}\r\nConnection: ${names(64)}\r\n`, 200, 200],
    [`Connection: ${names(40)}\r\nConnection: a1, b1, ${names(62)},c1,d1\r\n`, 400, 502],
    [`Connection: ${',,,'.repeat(21)}\r\n`, 200, 200],
    [`Connection: ${',,,'.repeat(22)}\r\n`, 400, 502],
    [fields(250), 200, 200],
    [fields(257), 431, 502],
    [fields(5_000), 431, 502],
  ] as const) {
    const answering = await attacked(
      t,
      replying(`HTTP/1.1 200 OK\r\n${headers}Content-Length: 2\r\n\r\nok`),
    );
    const one = await answering.client();
    one.send(`GET ${T}/ HTTP/1.1`, HOST, BEARER, '', '');
    assert.equal((await one.answer()).status, toClient, headers.slice(0, 60));
    const asked = await attacked(t);
    const other = await asked.client();
    other.send(`GET ${T}/ HTTP/1.1`, HOST, BEARER, headers, '');
    assert.equal((await other.answer()).status, toTask, headers.slice(0, 60));
    assert.equal(asked.task.connections.length, toTask === 200 ? 1 : 0);
    await stillServes(answering);
    // The same where the answer is one to an upgrade.
    const switching = await attacked(
      t,
      replying(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n${headers}` +
          `Connection: Upgrade\r\n\r\n`,
      ),
    );
    const third = await switching.client();
    third.send(`GET ${T}/ HTTP/1.1`, HOST, BEARER, ...HANDSHAKE, '', '');
    const expected = toClient === 200 && !headers.includes(names(64)) ? 101 : 502;
    assert.equal((await third.answer()).status, expected, headers.slice(0, 60));
    await stillServes(switching);
  }
});

/** Frames of `length` bytes of payload, `size` bytes of them all. */
function frames(size: number, length: number): Buffer {
  const head = length < 126 ? [0x82, length] : [0x82, 126, length >> 8, length & 0xff];
  const one = Buffer.concat([Buffer.from(head), Buffer.alloc(length)]);
  return Buffer.concat(Array.from({ length: Math.floor(size / one.length) }, () => one));
}

test('A55: nor do the frames of a WebSocket', async (t) => {
  const size = 4 * 1024 * 1024;
  const costs: number[] = [];
  for (const length of [60_000, 125, 1, 0]) {
    const bytes = frames(size, length);
    const greeting =
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
    const attack = await attacked(t, ({ socket, text }) => {
      if (text().endsWith('\r\n\r\n')) socket.write(greeting);
      if (text().endsWith('more')) socket.write(bytes);
    });
    const client = await attack.client();
    client.send('GET / HTTP/1.1', `Host: ${TASK_A}.w.router.test`, LET_IN, ...HANDSHAKE, '', '');
    await client.answer();
    client.socket.setEncoding();
    client.socket.removeAllListeners('data');
    costs.push(
      await leastOf(4, async () => {
        let left = bytes.length;
        client.socket.write('more');
        while (left > 0) {
          const [chunk] = (await once(client.socket, 'data')) as [Buffer];
          left -= chunk.length;
        }
      }),
    );
  }
  const [least = 0, ...others] = costs;
  t.diagnostic(costs.join(', '));
  for (const cost of others) assert.ok(cost < MOST_TIMES * least, `${cost} ms and ${least} ms`);
});

test('frames are followed alike, however their bytes come', () => {
  const bytes = Buffer.concat([0, 1, 125, 126, 300].map((length) => frames(length + 4, length)));
  const masked = Buffer.concat([Buffer.from([0x82, 0x83, 1, 2, 3, 4]), Buffer.from('abc')]);
  const all = Buffer.concat([bytes, masked, bytes]);
  const whole = new FrameFollower();
  whole.follow(all);
  assert.equal(whole.betweenFrames, true);
  for (let cut = 1; cut < all.length; cut++) {
    const single = new FrameFollower();
    for (let index = 0; index < cut; index++) single.follow(all.subarray(index, index + 1));
    const parted = new FrameFollower();
    parted.follow(all.subarray(0, cut));
    assert.equal(parted.betweenFrames, single.betweenFrames, String(cut));
    parted.follow(all.subarray(cut));
    assert.equal(parted.betweenFrames, true);
  }
});
