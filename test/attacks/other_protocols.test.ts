import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOST, LET_IN, T, attacked, stillServes } from '../support/attacked.ts';

test('A95: what begins as no answer of HTTP/1.1 ends at once, and says what it is', async (t) => {
  for (const [bytes, error] of [
    ['\0\0\0\x04\0\0\0\0\0', 'task-http2'],
    ['\0\0\x08\x07\0\0\0\0\0HTTP/1.1 200 OK\r\n\r\n', 'task-http2'],
    ['\x15\x03\x03\0\x02\x02\x0a', 'task-tls'],
    ['\x16\x03\x01', 'task-tls'],
    ['\0\0\0', 'task-protocol'],
    ['\0\0\0\x01\0', 'task-protocol'],
    ['\x15\x02\x03', 'task-protocol'],
    ['SSH-2.0-OpenSSH_9.8\r\n', 'task-protocol'],
    [' HTTP/1.1 200 OK\r\n\r\n', 'task-protocol'],
    ['http/1.1 200 OK\r\n\r\n', 'task-protocol'],
  ] as const) {
    // The connection stays open: nobody waits for an end that may never come.
    const attack = await attacked(t, ({ socket }) => socket.write(bytes, 'latin1'));
    const client = await attack.client();
    client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, 'Connection: close', '', '');
    const answer = await client.answer();
    assert.equal(answer.status, 502);
    assert.equal(
      (JSON.parse(answer.body) as { error: string }).error,
      error,
      JSON.stringify(bytes),
    );
    await stillServes(attack);
  }
});
