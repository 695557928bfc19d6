import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { HOST, LET_IN, T, attacked, until } from '../../support/attacked.ts';
import type { Attacked } from '../../support/attacked.ts';
import { OK } from '../../support/raw_peers.ts';
import type { TaskConnection } from '../../support/raw_peers.ts';

const LIMIT = 400;

/** A router whose tasks have a limited time for the heads of their answers. */
function limited(t: TestContext, react: (connection: TaskConnection) => void): Promise<Attacked> {
  return attacked(t, react, {
    settings: {
      origin: 'http://router.test',
      wildcardHost: undefined,
      pathForm: true,
      isTrustedProxy: undefined,
      secureCookies: false,
      answerTime: LIMIT,
    },
  });
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

test('A78: a task that takes too long for the head of its answer: 504, whatever it has said before', async (t) => {
  for (const said of ['', 'HTTP/1.1 102 Processing\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Le']) {
    const attack = await limited(t, ({ socket }) => socket.write(said));
    for (const [method, ...rest] of [
      ['GET', '', ''],
      ['DELETE', '', ''],
      ['POST', 'Content-Length: 2', '', 'hi'],
      ['POST', 'Transfer-Encoding: chunked', '', '2\r\nhi\r\n0\r\n\r\n'],
    ] as const) {
      const client = await attack.client();
      const asked = performance.now();
      client.send(`${method} ${T}/ HTTP/1.1`, HOST, LET_IN, ...rest);
      let answer = await client.answer();
      while (answer.status < 200) answer = await client.answer();
      const took = performance.now() - asked;
      assert.equal(answer.status, 504, `${method} ${said}`);
      assert.ok(took > LIMIT - 10, `${took} ms`);
      assert.equal((JSON.parse(answer.body) as { error: string }).error, 'task-timeout');
    }
    await until(() => attack.task.connections.every(({ socket }) => socket.destroyed));
    assert.equal(attack.task.connections.length, 4, 'nothing is asked twice');
  }
});

test('A78: a task that does not read an upload is late, too', async (t) => {
  const attack = await limited(t, ({ socket }) => socket.pause());
  const client = await attack.client();
  client.send(`POST ${T}/ HTTP/1.1`, HOST, LET_IN, 'Content-Length: 50000000', '', '');
  client.socket.write(Buffer.alloc(50_000_000));
  await client.untilText('504', 10_000);
});

test('A78: no limit for a slow client, a body that has begun, or an idle connection', async (t) => {
  const attack = await limited(t, ({ socket, text }) => {
    if (/\/upload[^]*he$/.test(text())) return;
    if (text().includes('/stream')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n');
    else socket.write(OK);
  });
  const client = await attack.client();
  client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
  assert.equal((await client.answer()).status, 200);
  await pause(2 * LIMIT);
  assert.equal(attack.task.connections[0]?.socket.destroyed, false);
  client.send(`POST ${T}/upload HTTP/1.1`, HOST, LET_IN, 'Content-Length: 6', '', 'he');
  await pause(2.5 * LIMIT);
  client.send('done');
  assert.equal((await client.answer()).status, 200);
  client.send(`GET ${T}/stream HTTP/1.1`, HOST, LET_IN, '', '');
  await client.untilText('\r\n\r\n');
  await pause(2 * LIMIT);
  attack.task.connections.at(-1)?.socket.write('slow');
  assert.equal((await client.answer()).body, 'slow');
});

test('A78: without the setting there is no end of waiting', async (t) => {
  const attack = await attacked(t, () => undefined);
  const client = await attack.client();
  client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
  await until(() => attack.task.seen() !== '');
  await pause(2 * LIMIT);
  attack.task.connections[0]?.socket.write(OK);
  assert.equal((await client.answer()).status, 200);
});
