import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOST, LET_IN, T, attacked, stillServes, until } from '../support/attacked.ts';
import { OK, replying } from '../support/raw_peers.ts';
import type { TaskConnection } from '../support/raw_peers.ts';

const PROCESSING = 'HTTP/1.1 102 Processing\r\n\r\n';
const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n';

const pathOf = ({ text }: TaskConnection): string => / (\S+) HTTP/.exec(text())?.[1] ?? '';

test('A54: informational answers to a request that waits behind another one are not kept', async (t) => {
  for (const interim of [PROCESSING, HINTS]) {
    const attack = await attacked(t, (connection) => {
      if (pathOf(connection) === '/second') connection.socket.write(interim.repeat(500) + OK);
    });
    const client = await attack.client();
    client.send(`GET ${T}/first HTTP/1.1`, HOST, LET_IN, '', '');
    client.send(`GET ${T}/second HTTP/1.1`, HOST, LET_IN, '', '');
    await until(() => attack.task.connections.length === 2);
    const third = await attack.client();
    third.send(`GET ${T}/second HTTP/1.1`, HOST, LET_IN, '', '');
    await third.untilText('ok');
    attack.task.connections.find((each) => pathOf(each) === '/first')?.socket.write(OK);
    assert.equal((await client.answer()).status, 200);
    assert.equal((await client.answer()).status, 200, 'no informational answer was kept for it');
  }
});

test('A54: informational answers without end end the answer, whoever waits for it', async (t) => {
  for (const [interim, behind] of [
    [PROCESSING, true],
    [PROCESSING, false],
    [HINTS, false],
    ['HTTP/1.1 100 Continue\r\n\r\n', false],
    ['HTTP/1.1 177\r\n\r\n', false],
    [`HTTP/1.1 103 X\r\nLink: <${'x'.repeat(60_000)}>\r\n\r\n`, false],
  ] as const) {
    const piece = interim.repeat(Math.ceil(65_536 / interim.length));
    let written = 0;
    const attack = await attacked(t, (connection) => {
      if (pathOf(connection) !== '/flood') return;
      const { socket } = connection;
      const more = (): void => {
        while (written < 30e6 && socket.write(piece)) written += piece.length;
      };
      socket.on('drain', more);
      more();
    });
    const client = await attack.client();
    if (behind) {
      client.send(`GET ${T}/first HTTP/1.1`, HOST, LET_IN, '', '');
      await until(() => attack.task.connections.length === 1);
    }
    client.send(`GET ${T}/flood HTTP/1.1`, HOST, LET_IN, '', '');
    await until(() => attack.task.connections.some((each) => pathOf(each) === '/flood'));
    const flooder = attack.task.connections.find((each) => pathOf(each) === '/flood')?.socket;
    assert.ok(flooder);
    await until(() => flooder.destroyed, 5_000);
    assert.ok(written < 20e6, `the task got rid of ${written} bytes`);
    if (behind) {
      attack.task.connections[0]?.socket.write(OK);
      assert.equal((await client.answer()).status, 200);
    }
    let answer = await client.answer();
    while (answer.status < 200) answer = await client.answer();
    assert.equal(answer.status, 502, interim.slice(0, 40));
    await stillServes(attack);
  }
});

test('A54: many informational answers cost a patient client nothing; a thousand of them go on', async (t) => {
  const attack = await attacked(t, replying(PROCESSING.repeat(5_000) + OK));
  const client = await attack.client();
  for (let turn = 0; turn < 2; turn++) {
    client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
    let passed = 0;
    let answer = await client.answer();
    for (; answer.status < 200; answer = await client.answer()) passed++;
    assert.equal(passed, 1_000);
    assert.equal(answer.body, 'ok');
  }
});

test('A70: informational answers that nobody asked for or knows are dropped', async (t) => {
  for (const interim of [
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.0 100 Continue\r\n\r\n',
    'HTTP/1.1 100 Continue\r\nX-App: 1\r\n\r\nHTTP/1.1 100\r\n\r\n',
    'HTTP/1.1 104 Upload Resumption Supported\r\nLocation: /x\r\n\r\n',
    'HTTP/1.1 199 Miscellaneous\r\n\r\n',
    'HTTP/1.1 103 Early Hints\r\nSet-Cookie: a=1\r\n\r\n',
  ]) {
    const attack = await attacked(
      t,
      replying((head) => interim + (head.startsWith('HEAD') ? 'HTTP/1.1 204 X\r\n\r\n' : OK)),
    );
    const client = await attack.client();
    for (const lines of [['GET'], ['HEAD'], ['POST', 'Content-Length: 2', '', 'hi'], ['GET']]) {
      const [method, ...rest] = lines;
      client.send(`${method} ${T}/ HTTP/1.1`, HOST, LET_IN, ...(rest.length ? rest : ['', '']));
      const { status } = await client.answer(method === 'HEAD');
      assert.equal(status, method === 'HEAD' ? 204 : 200, `${method} ${interim}`);
    }
    assert.equal(client.pending, '');
    assert.equal(attack.task.connections.length, 1, 'the connection stays in use');
  }
});

test('A74: the links of 103 arrive byte for byte', async (t) => {
  const link = '</\u00fc\u00c3\u00bc.css>; rel=preload';
  const attack = await attacked(
    t,
    replying(`HTTP/1.1 103 Early Hints\r\nLink: ${link}\r\n\r\n${OK}`),
  );
  const client = await attack.client();
  client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
  assert.deepEqual((await client.answer()).headers, [['link', link]]);
  assert.equal((await client.answer()).status, 200);
});
