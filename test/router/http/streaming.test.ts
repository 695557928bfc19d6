import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { HOST, LET_IN, T, attacked, until } from '../../support/attacked.ts';
import { OK, header, rawTask, replying } from '../../support/raw_peers.ts';
import type { TaskConnection } from '../../support/raw_peers.ts';
import { ChunkedBody } from '../../../router/upstream/chunked_body.ts';
import { httpEndpoint } from '../../support/proxy_world.ts';
import type { TestContext } from 'node:test';
import { ByteBudget } from '../../../router/load/byte_budget.ts';

const CHUNKED =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';

/** Resolves once two looks, some time apart, see the same: all buffers on the way are full. */
async function standsStill(look: () => number): Promise<void> {
  for (let before = -1, now = look(); before !== now || now === 0; now = look()) {
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test('a stream comes event by event, its head before the first', async (t) => {
  const attack = await attacked(t, ({ socket }) => socket.write(CHUNKED));
  const client = await attack.client();
  client.send(`GET ${T}/events HTTP/1.1`, HOST, LET_IN, '', '');
  await client.untilText('\r\n\r\n');
  const task = attack.task.connections[0];
  for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
    const sent = performance.now();
    task?.socket.write(`${event.length.toString(16)}\r\n${event}\r\n`);
    await client.untilText(event);
    assert.ok(performance.now() - sent < 500);
  }
  task?.socket.write('0\r\n\r\n');
  const answer = await client.answer();
  assert.equal(answer.body, 'data: 1\n\ndata: 2\n\n');
  assert.equal(header(answer, 'content-type'), 'text/event-stream');
});

test('a head with a length comes before its body, too', async (t) => {
  const attack = await attacked(t, ({ socket }) =>
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n'),
  );
  const client = await attack.client();
  client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
  await client.untilText('\r\n\r\n');
  attack.task.connections[0]?.socket.write('slow');
  assert.equal((await client.answer()).body, 'slow');
});

test('a client that leaves is gone for the task within 100 ms', async (t) => {
  for (const begun of [false, true]) {
    const attack = await attacked(t, ({ socket }) => {
      if (begun) socket.write(CHUNKED);
    });
    const client = await attack.client();
    client.send(`GET ${T}/events HTTP/1.1`, HOST, LET_IN, '', '');
    await until(() => attack.task.seen() !== '');
    if (begun) await client.untilText('\r\n\r\n');
    const socket = attack.task.connections[0]?.socket;
    assert.ok(socket);
    const left = performance.now();
    client.destroy();
    await once(socket, 'close');
    assert.ok(performance.now() - left < 100);
    await until(() => attack.world.access.length > 0);
    assert.equal(attack.world.access[0]?.['reason'], 'client-left');
  }
});

test('a client that leaves in the middle of an upload takes the task’s request with it', async (t) => {
  const attack = await attacked(t, () => undefined);
  const client = await attack.client();
  client.send(`POST ${T}/ HTTP/1.1`, HOST, LET_IN, 'Content-Length: 1000', '', 'some');
  await until(() => attack.task.seen().endsWith('some'));
  const socket = attack.task.connections[0]?.socket;
  assert.ok(socket);
  client.destroy();
  await once(socket, 'close');
  assert.doesNotMatch(attack.task.seen(), /\r\n0\r\n/);
});

test('a reader that does not read stops the task, and memory stays flat', async (t) => {
  const chunk = 'x'.repeat(65_536);
  let written = 0;
  const attack = await attacked(t, ({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 200000000\r\n\r\n');
    const more = (): void => {
      while (written < 2e8 && socket.write(chunk)) written += chunk.length;
    };
    socket.on('drain', more);
    more();
  });
  const client = await attack.client();
  client.socket.pause();
  client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
  await standsStill(() => written);
  assert.ok(written < 64e6, `the task got rid of ${written} bytes`);
  client.destroy();
});

/** Bytes in which each place can be told from every other. */
function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let index = 0; index + 4 <= length; index += 4) bytes.writeUInt32BE(index, index);
  return bytes;
}

function chunkedOf(body: Buffer, size: number): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < body.length; at += size) {
    const piece = body.subarray(at, at + size);
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
  }
  return Buffer.concat([...pieces, Buffer.from('0\r\n\r\n')]);
}

test('what waits for a slow reader is not overwritten by what comes after it', async (t) => {
  const body = pattern(8_000_000);
  const head = 'HTTP/1.1 200 OK\r\n';
  for (const bytes of [
    Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`), body]),
    Buffer.concat([
      Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`),
      chunkedOf(body, 50_000),
    ]),
  ]) {
    let last: TaskConnection | undefined;
    const attack = await attacked(t, (connection) => {
      if (!connection.text().endsWith('\r\n\r\n')) return;
      last = connection;
      connection.socket.write(bytes);
    });
    // Two requests at once: the second answer waits for the first, and the task has a connection for each.
    const client = await attack.client();
    client.socket.pause();
    const line = `GET ${T}/ HTTP/1.1\r\n${HOST}\r\n${LET_IN}\r\n`;
    client.send(`${line}\r\n${line}Connection: close\r\n\r\n`);
    await until(() => last !== undefined);
    await standsStill(() => last?.socket.bytesWritten ?? 0);
    client.socket.resume();
    for (let turn = 0; turn < 2; turn++) {
      const answer = await client.answer(false, 20_000);
      assert.ok(Buffer.from(answer.body, 'latin1').equals(body), 'the bytes are those of the task');
    }
  }
});

test('a connection whose last bytes still wait for their reader serves others without touching them', async (t) => {
  const length = 60_000;
  let turn = 0;
  const attack = await attacked(t, ({ socket, text }) => {
    if (!text().endsWith('\r\n\r\n')) return;
    turn += 1;
    socket.write(
      Buffer.concat([
        Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`),
        Buffer.alloc(length, turn),
      ]),
    );
  });
  const slow = await attack.client();
  slow.socket.pause();
  let asked = 0;
  for (let before = -1; asked < 400 && before !== turn; asked++) {
    before = turn;
    slow.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
    await until(() => turn > before).catch(() => undefined);
  }
  const other = await attack.client();
  for (let index = 0; index < 20; index++) {
    other.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
    await other.answer();
  }
  slow.socket.resume();
  for (let index = 1; index < asked; index++) {
    const { body } = await slow.answer();
    const first = body.charCodeAt(0);
    assert.ok(Buffer.from(body, 'latin1').equals(Buffer.alloc(length, first)), `answer ${index}`);
  }
});

test('an upload arrives as it was sent at a task that reads slowly', async (t) => {
  const body = pattern(4_000_000);
  for (const [header, bytes] of [
    [`Content-Length: ${body.length}`, body],
    ['Transfer-Encoding: chunked', chunkedOf(body, 50_000)],
  ] as const) {
    let reads = 0;
    const reply = replying(OK);
    const attack = await attacked(t, (connection) => {
      // What was read is only looked at once it may be all: the looking costs more than the reading.
      if (connection.text().length > bytes.length) reply(connection);
      if (reads++ % 8 !== 0) return;
      connection.socket.pause();
      setTimeout(() => connection.socket.resume(), 5);
    });
    const client = await attack.client();
    client.send(`PUT ${T}/ HTTP/1.1`, HOST, LET_IN, header, '', '');
    client.socket.write(bytes);
    assert.equal((await client.answer(false, 20_000)).status, 200);
    const seen = attack.task.seen();
    const sent = Buffer.from(seen.slice(seen.indexOf('\r\n\r\n') + 4), 'latin1');
    const pieces: Buffer[] = [];
    if (header.startsWith('Content-Length')) pieces.push(sent);
    else new ChunkedBody().take(sent, 0, sent.length, (piece) => pieces.push(piece));
    assert.ok(Buffer.concat(pieces).equals(body), 'the bytes are those of the client');
  }
});

test('a task that does not read stops the client', async (t) => {
  const attack = await attacked(t, ({ socket }) => socket.pause());
  const client = await attack.client();
  client.send(`PUT ${T}/ HTTP/1.1`, HOST, LET_IN, 'Content-Length: 1000000000', '', '');
  let written = 0;
  const chunk = Buffer.alloc(65_536);
  await standsStill(() => {
    while (client.socket.writableLength < 1e6 && written < 1e9) {
      client.socket.write(chunk);
      written += chunk.length;
    }
    return written;
  });
  assert.ok(written < 64e6, `the client got rid of ${written} bytes`);
});

test('bodies of every framing arrive as they were sent', async (t) => {
  const attack = await attacked(
    t,
    replying((head) => {
      const body = head.startsWith('HEAD') ? '' : 'ok';
      return `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${body}`;
    }),
  );
  const client = await attack.client();
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'GET', 'PROPFIND', 'QUERY']) {
    client.send(
      `${method} ${T}/${method} HTTP/1.1`,
      HOST,
      LET_IN,
      'Content-Length: 5',
      '',
      'hello',
    );
    assert.equal((await client.answer()).status, 200, method);
    assert.match(attack.task.seen(), new RegExp(`${method} /${method} HTTP/1.1\r\n`));
    assert.match(
      attack.task.connections.map((c) => c.text()).join('\n'),
      /Content-Length: 5\r\n\r\nhello/,
    );
  }
  client.send(`POST ${T}/empty HTTP/1.1`, HOST, LET_IN, 'Content-Length: 0', '', '');
  assert.equal((await client.answer()).status, 200);
  assert.match(attack.task.seen(), /POST \/empty HTTP\/1\.1\r\n[^]*content-length: 0\r\n\r\n/i);
});

test('Expect is answered once the gate has let the request in', async (t) => {
  const attack = await attacked(t);
  const client = await attack.client();
  const lines = [HOST, 'Content-Length: 5', 'Expect: 100-continue', '', ''];
  client.send(`POST ${T}/up HTTP/1.1`, LET_IN, ...lines);
  assert.equal((await client.answer()).status, 100);
  client.send('hello');
  assert.equal((await client.answer()).status, 200);
  assert.doesNotMatch(attack.task.seen(), /expect/i);
  const stranger = await attack.client();
  stranger.send(`POST ${T}/up HTTP/1.1`, ...lines);
  assert.equal((await stranger.answer()).status, 401);
  await stranger.untilClosed();
});

test('interim answers: 103 goes on with its links, others are kept from clients that do not know them', async (t) => {
  const interim =
    'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nSet-Cookie: x=1\r\n\r\n';
  const attack = await attacked(t, replying(interim + OK));
  const client = await attack.client();
  client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
  assert.equal((await client.answer()).status, 102);
  const hints = await client.answer();
  assert.equal(hints.status, 103);
  assert.deepEqual(hints.headers, [['link', '</a.css>; rel=preload']]);
  assert.equal((await client.answer()).body, 'ok');
  const old = await attack.client();
  old.send(`GET ${T}/ HTTP/1.0`, HOST, LET_IN, '', '');
  assert.equal((await old.answer()).status, 200);
});

test('HTTP/1.0: no chunks, the connection is the end of the body', async (t) => {
  const attack = await attacked(t, replying(`${CHUNKED}2\r\nok\r\n0\r\n\r\n`));
  const client = await attack.client();
  client.send(`GET ${T}/ HTTP/1.0`, HOST, LET_IN, '', '');
  await client.untilClosed();
  const answer = await client.answer();
  assert.equal(answer.body, 'ok');
  assert.equal(header(answer, 'transfer-encoding'), undefined);
  assert.equal(header(answer, 'connection'), 'close');
  const hostless = await attack.client();
  hostless.send(`GET ${T}/ HTTP/1.0`, LET_IN, '', '');
  await hostless.untilClosed();
  assert.equal((await hostless.answer()).status, 200);
});

test('HEAD, 204 and 304 keep the headers of the body that does not come', async (t) => {
  for (const [method, head] of [
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 77\r\nETag: "x"\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n'],
    ['GET', 'HTTP/1.1 204 No Content\r\nETag: "x"\r\n\r\n'],
  ] as const) {
    const attack = await attacked(t, replying(head));
    const client = await attack.client();
    client.send(`${method} ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
    const answer = await client.answer(true);
    assert.equal(header(answer, 'etag'), '"x"');
    assert.equal(header(answer, 'content-length'), method === 'HEAD' ? '77' : undefined);
    assert.equal(header(answer, 'transfer-encoding'), undefined);
  }
});

test('trailers of an answer come through', async (t) => {
  const attack = await attacked(
    t,
    replying(
      'HTTP/1.1 200 OK\r\nTrailer: grpc-status\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\ngrpc-status: 0\r\nSet-Cookie: x=1\r\n\r\n',
    ),
  );
  const client = await attack.client();
  client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, 'TE: trailers', '', '');
  await client.untilText('grpc-status: 0\r\n\r\n');
  assert.match(client.pending, /\r\n0\r\ngrpc-status: 0\r\n\r\n$/);
});

test('A74: no trailer passes that the head would not have passed', async (t) => {
  const cut = [
    'Set-Cookie: a=1',
    'set-cookie: a=1',
    'Clear-Site-Data: "*"',
    'Strict-Transport-Security: max-age=1',
    'Alt-Svc: h3=":1"',
    'Service-Worker-Allowed: /',
    'Accept-CH: DPR',
    'X-Accel-Redirect: /x',
    'Location: /x',
    'Connection: X-Kept',
    'Keep-Alive: timeout=1',
    'Upgrade: x',
    'Transfer-Encoding: chunked',
    'Content-Length: 1',
    'Content-Type: text/html',
    'Content-Encoding: gzip',
    'Cache-Control: public',
    'WWW-Authenticate: Basic',
    'Trailer: x',
    'Date: x',
    'Vary: x',
    'X-Hop: 1',
  ];
  const kept = ['X-Kept: \u00e4\u00c3\u00a4', 'Server-Timing: a', 'ETag: "x"', 'grpc-status: 0'];
  const attack = await attacked(
    t,
    replying(
      `HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nTrailer: Set-Cookie, ETag,X-Kept\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${[...cut, ...kept].join('\r\n')}\r\n\r\n`,
    ),
  );
  const client = await attack.client();
  client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
  await client.untilText('grpc-status: 0\r\n\r\n');
  const [head = '', , trailers] = client.pending.split(/\r\n\r\n|\r\n0\r\n/);
  assert.match(head, /\r\nTrailer: ETag,X-Kept\r\n/);
  assert.equal(trailers, kept.join('\r\n'));
});

/** What Latin-1 and UTF-8 write differently, and what was encoded twice already. */
const BYTES = 'attachment; filename="\u00fc\u00c3\u00bc\u0080\u00ff.txt"';

test('A74: header bytes beyond ASCII arrive as they were sent, whatever the form of the answer', async (t) => {
  const lines = `Content-Disposition: ${BYTES}\r\nX-Name: ${BYTES}\r\nSet-Cookie: a=${BYTES}`;
  const long = 'x'.repeat(20_000);
  for (const [form, method, first, later] of [
    ['short', 'GET', 'Content-Length: 2\r\n\r\nok', ''],
    ['long', 'GET', `Content-Length: 20000\r\n\r\n${long}`, ''],
    ['slow first byte', 'GET', 'Content-Length: 2\r\n\r\n', 'ok'],
    ['in two', 'GET', 'Content-Length: 4\r\n\r\nok', 'ok'],
    ['empty', 'GET', 'Content-Length: 0\r\n\r\n', ''],
    ['chunked', 'GET', 'Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n', '0\r\n\r\n'],
    ['chunked, slow', 'GET', 'Transfer-Encoding: chunked\r\n\r\n', '2\r\nok\r\n0\r\n\r\n'],
    ['chunked, whole', 'GET', 'Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n', ''],
    ['chunked, empty', 'GET', 'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n', ''],
    ['HEAD', 'HEAD', 'Content-Length: 2\r\n\r\n', ''],
    ['until the end', 'GET', '\r\n', 'ok'],
  ] as const) {
    for (const [version, behind] of [
      ['1.1', false],
      ['1.1', true],
      ['1.0', false],
    ] as const) {
      const attack = await attacked(t, ({ socket, text }) => {
        if (text().includes('/first ')) return;
        socket.write(`HTTP/1.1 200 OK\r\n${lines}\r\n${first}`, 'latin1');
      });
      const client = await attack.client();
      if (behind) {
        client.send(`GET ${T}/first HTTP/1.1`, HOST, LET_IN, '', '');
        await until(() => attack.task.seen() !== '');
      }
      client.send(`${method} ${T}/x HTTP/${version}`, HOST, LET_IN, '', '');
      await until(() => attack.task.requests().length === (behind ? 2 : 1));
      // The head has gone through before more comes.
      const socket = attack.task.connections.at(-1)?.socket;
      if (!behind && later !== '') await client.untilText('\r\n\r\n');
      socket?.write(later);
      if (form === 'until the end') socket?.end();
      if (behind) {
        attack.task.connections[0]?.socket.write(OK);
        assert.equal((await client.answer()).body, 'ok');
      }
      const answer = await client.answer(method === 'HEAD');
      const what = `${form}, ${version}, ${behind ? 'behind another' : 'alone'}`;
      assert.equal(header(answer, 'content-disposition'), BYTES, what);
      assert.equal(header(answer, 'x-name'), BYTES, what);
      assert.match(header(answer, 'set-cookie') ?? '', /^a=attachment/, what);
    }
  }
  for (const status of ['204 No Content', '304 Not Modified']) {
    const attack = await attacked(t, replying(`HTTP/1.1 ${status}\r\n${lines}\r\n\r\n`));
    const client = await attack.client();
    client.send(`GET ${T}/x HTTP/1.1`, HOST, LET_IN, '', '');
    assert.equal(header(await client.answer(), 'content-disposition'), BYTES, status);
  }
});

test('errors and ranges of a task are its own', async (t) => {
  for (const [line, phrase = line] of [
    ['404 Not Found'],
    ['500 Oops', '500 Internal Server Error'],
    ['206 Partial Content'],
    ['401 Unauthorized'],
    ['418', "418 I'm a Teapot"],
    ['599 Of My Own', '599 '],
  ] as const) {
    const attack = await attacked(
      t,
      replying(
        `HTTP/1.1 ${line}\r\nContent-Range: bytes 0-1/9\r\nWWW-Authenticate: Basic\r\nX-Odd-Case: 1\r\nDate: D\r\nContent-Length: 2\r\n\r\nok`,
      ),
    );
    const client = await attack.client();
    client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, 'Range: bytes=0-1', '', '');
    await client.untilText('ok');
    assert.ok(
      client.pending.startsWith(
        `HTTP/1.1 ${phrase}\r\nContent-Range: bytes 0-1/9\r\nWWW-Authenticate: Basic\r\nX-Odd-Case: 1\r\nDate: D\r\nContent-Length: 2\r\n`,
      ),
      client.pending,
    );
    assert.equal(client.pending.match(/^date:/gim)?.length, 1);
    assert.match(attack.task.seen(), /Range: bytes=0-1/);
  }
});

test('a keep-alive connection that the task closed costs a safe request nothing', async (t) => {
  let taken = 0;
  const attack = await attacked(t, ({ socket, text }) => {
    if (!text().endsWith('\r\n\r\n')) return;
    taken++;
    if (taken === 2) socket.destroy();
    else socket.write(OK);
  });
  const client = await attack.client();
  for (let turn = 0; turn < 2; turn++) {
    client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
    assert.equal((await client.answer()).status, 200);
  }
  assert.equal(taken, 3);
  taken = 1;
  client.send(`POST ${T}/ HTTP/1.1`, HOST, LET_IN, 'Content-Length: 0', '', '');
  assert.equal((await client.answer()).status, 502);
  assert.equal(taken, 2);
});

test('a route that ends takes its requests along; one that moves is followed', async (t) => {
  const attack = await attacked(t, () => undefined);
  const client = await attack.client();
  client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
  await until(() => attack.task.seen() !== '');
  const moved = await rawTask(replying(OK));
  t.after(() => moved.close());
  attack.world.routes.show([httpEndpoint(moved.port)]);
  const answer = await client.answer();
  assert.equal(answer.status, 502);
  assert.match(answer.body, /has ended/);
  client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
  assert.equal((await client.answer()).status, 200);
});

test('draining: what runs may end, and says goodbye', async (t) => {
  const attack = await attacked(t, ({ socket }) =>
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'),
  );
  const client = await attack.client();
  const idle = await attack.client();
  idle.send(`GET ${T} HTTP/1.1`, HOST, '', '');
  assert.equal((await idle.answer()).status, 308);
  client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
  await client.untilText('\r\n\r\n');
  const drained = attack.world.proxy.drain(10_000);
  await idle.untilClosed();
  attack.task.connections[0]?.socket.write('ok');
  assert.equal((await client.answer()).body, 'ok');
  await drained;
});

const pathOf = ({ text }: TaskConnection): string => / (\S+) HTTP/.exec(text())?.[1] ?? '';

/** A client whose first request the task does not answer before it is told to; the others wait behind it. */
async function withFirst(
  t: TestContext,
  other: (connection: TaskConnection) => void,
  changes: Parameters<typeof attacked>[2] = {},
) {
  const react = (connection: TaskConnection): void => {
    if (pathOf(connection) !== '/first') other(connection);
  };
  const attack = await attacked(t, react, changes);
  const client = await attack.client();
  client.send(`GET ${T}/first HTTP/1.1`, HOST, LET_IN, '', '');
  await until(() => attack.task.connections.length === 1);
  const answerFirst = (): unknown =>
    attack.task.connections.find((each) => pathOf(each) === '/first')?.socket.write(OK);
  return { attack, client, answerFirst };
}

test('of an answer behind an earlier one little is held, and it comes whole', async (t) => {
  const count = 100;
  const body = 'x'.repeat(300_000);
  const { attack, client, answerFirst } = await withFirst(t, ({ socket }) =>
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
  );
  const held = (): number => process.memoryUsage().arrayBuffers;
  const before = held();
  client.send(`GET ${T}/big HTTP/1.1\r\n${HOST}\r\n${LET_IN}\r\n\r\n`.repeat(count));
  await until(() => attack.task.connections.length === count + 1);
  await standsStill(held);
  assert.ok(held() - before < count * 32 * 1024, `${held() - before} bytes are held`);
  answerFirst();
  assert.equal((await client.answer()).body, 'ok');
  for (let answer = 0; answer < count; answer++) {
    assert.equal((await client.answer()).body.length, body.length);
  }
});

test('an answer that breaks behind an earlier one ends the connection after that', async (t) => {
  const { attack, client, answerFirst } = await withFirst(t, ({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome', () => socket.destroy());
  });
  client.send(`GET ${T}/broken HTTP/1.1`, HOST, LET_IN, '', '');
  await until(() => attack.world.access.length === 1);
  assert.equal(attack.world.access[0]?.['reason'], 'task-reset');
  answerFirst();
  assert.equal((await client.answer()).body, 'ok');
  await client.untilClosed();
  assert.equal(client.pending, '');
});

test('an answer behind an earlier one ends when its client leaves', async (t) => {
  const { attack, client } = await withFirst(t, ({ socket }) => socket.write(CHUNKED));
  client.send(`GET ${T}/events HTTP/1.1`, HOST, LET_IN, '', '');
  await until(() => attack.task.connections.length === 2);
  client.destroy();
  await until(() => attack.task.connections.every(({ socket }) => socket.destroyed));
  await until(() => attack.world.access.length === 2);
});

test('an answer behind an earlier one ends when the right to it is withdrawn', async (t) => {
  const page = Promise.withResolvers<boolean>();
  const attack = await attacked(t, ({ socket }) => socket.write(CHUNKED), {
    pages: [() => page.promise],
  });
  const client = await attack.client();
  client.send('GET / HTTP/1.1', HOST, '', '');
  client.send(`GET ${T}/events HTTP/1.1`, HOST, LET_IN, '', '');
  await until(() => attack.world.gate.held() === 1, 5_000);
  attack.world.gate.withdraw();
  await until(() => attack.task.connections.every(({ socket }) => socket.destroyed));
  assert.equal(attack.world.access[0]?.['reason'], 'token-revoked');
  page.resolve(false);
  assert.equal((await client.answer()).status, 404);
  await client.untilClosed();
  assert.equal(client.pending, '');
});

test('heads that are gathered, or wait behind an earlier answer, are held within the budget', async (t) => {
  const long = `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\nX-Long: ${'x'.repeat(30_000)}\r\n\r\nok`;
  const tight = new ByteBudget(100_000);
  const slow = await attacked(t, replying(long.slice(0, 20_000)), { budget: tight });
  const refused = await slow.client();
  refused.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
  assert.equal((await refused.answer()).status, 429);
  await until(() => tight.held === 0);

  const budget = new ByteBudget(400_000);
  const { attack, client, answerFirst } = await withFirst(t, ({ socket }) => socket.write(long), {
    budget,
  });
  for (let count = 2; count <= 5; count++) {
    client.send(`GET ${T}/long HTTP/1.1`, HOST, LET_IN, '', '');
    await until(() => attack.task.connections.length === count);
    await standsStill(() => budget.held);
  }
  answerFirst();
  for (const status of [200, 200, 200, 200, 429]) {
    assert.equal((await client.answer()).status, status);
  }
  await until(() => budget.held === 0);
});
