import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import { writeProxyHeader } from '../../../router/tcp/proxy_header.ts';
import { skipProxyHeaders } from '../../../router/tcp/skip_proxy_headers.ts';

const server = createServer((request, response) => {
  request.on('data', () => undefined).on('end', () => response.end(request.url));
});
let port = 0;

before(async () => {
  skipProxyHeaders(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  ({ port } = address);
});

after(() => {
  server.closeAllConnections();
  server.close();
});

/** What the server answers to some bytes, which are written one piece after another. */
async function answer(...pieces: readonly Buffer[]): Promise<string> {
  const socket = connect(port, '127.0.0.1').setNoDelay();
  await once(socket, 'connect');
  for (const piece of pieces) {
    socket.write(piece);
    await turn();
  }
  return text(socket);
}

function request(path: string, headers = 'Connection: close\r\n'): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`);
}

/** As an AWS NLB sends it with its health checks: command LOCAL, 84 bytes of zeros. */
const LOCAL = Buffer.concat([
  Buffer.from('\r\n\r\n\0\r\nQUIT\n\x20\x11\0\x54', 'latin1'),
  Buffer.alloc(84),
]);
const CLIENT = writeProxyHeader({
  client: { address: '192.0.2.66', port: 40_000 },
  server: { address: '198.51.100.1', port: 30_400 },
});

const HEADERS: readonly (readonly [string, Buffer])[] = [
  ['no header', Buffer.alloc(0)],
  ['a health check’s header', LOCAL],
  ['the header of a client', CLIENT],
  ['a header of version 1', Buffer.from('PROXY TCP4 192.0.2.66 198.51.100.1 40000 30400\r\n')],
];

for (const [title, header] of HEADERS) {
  test(`a request behind ${title} is answered, in one piece or in many`, async () => {
    const bytes = Buffer.concat([header, request('/readyz')]);
    const whole = await answer(bytes);
    assert.match(whole, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(whole, /\/readyz$/);
    const single = Array.from(bytes, (_, index) => bytes.subarray(index, index + 1));
    assert.match(await answer(...single), /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(await answer(header, request('/a', ''), request('/readyz')), /\/readyz$/);
  });
}

test('what is no request is refused as before, and a connection without a byte is closed', async () => {
  assert.match(await answer(Buffer.from('nonsense\r\n\r\n')), /^HTTP\/1\.1 400 /);
  const silent = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  silent.end();
  assert.equal(await text(silent), '');
});
