import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HOST, LET_IN, T, attacked } from '../support/attacked.ts';
import { HANDSHAKE } from '../support/web_socket_handshake.ts';

/** How long nothing is said. The limits of HTTP clients are five minutes where they have any, so that continuous integration waits for six. */
const MINUTES = Number(process.env['SILENCE_MINUTES'] ?? 30);
const LIMIT = (MINUTES + 1) * 60_000;

test(
  `a stream, a late answer, an upload and a WebSocket outlive ${MINUTES} quiet minutes`,
  { timeout: LIMIT },
  async (t) => {
    const attack = await attacked(t, ({ socket, text }) => {
      const seen = text();
      if (seen.includes('/stream ') && !seen.includes('\r\n\r\nx')) {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n');
      }
      if (seen.includes('/ws ')) {
        socket.write('HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
      }
    });
    const open = async (...lines: readonly string[]) => (await attack.client()).send(...lines);
    const stream = await open(`GET ${T}/stream HTTP/1.1`, HOST, LET_IN, '', '');
    const late = await open(`GET ${T}/late HTTP/1.1`, HOST, LET_IN, '', '');
    const upload = await open(
      `POST ${T}/up HTTP/1.1`,
      HOST,
      LET_IN,
      'Content-Length: 8',
      '',
      'half',
    );
    const socket = await open(`GET ${T}/ws HTTP/1.1`, HOST, LET_IN, ...HANDSHAKE, '', '');
    await stream.untilText('first');
    assert.equal((await socket.answer()).status, 101);
    await sleep(MINUTES * 60_000);
    for (const connection of attack.task.connections) {
      const seen = connection.text();
      if (seen.includes('/stream ')) connection.socket.write('4\r\nlast\r\n0\r\n\r\n');
      if (seen.includes('/late ')) {
        connection.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate');
      }
      if (seen.includes('/ws ')) connection.socket.write('\u0081\u0001x', 'latin1');
    }
    assert.equal((await stream.answer()).body, 'firstlast');
    assert.equal((await late.answer()).body, 'late');
    await socket.untilText('\u0081\u0001x');
    upload.send('half');
    while (!attack.task.seen().includes('halfhalf')) await sleep(50);
  },
);
