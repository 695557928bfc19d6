import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { boundConnections } from '../../../router/sockets/bound_connections.ts';
import { listen } from '../../../router/sockets/listen.ts';
import { skipProxyHeaders } from '../../../router/tcp/skip_proxy_headers.ts';

const opened: Socket[] = [];
after(() => {
  for (const socket of opened) socket.destroy();
});

test('connections that come in one turn are bounded, though none has closed yet', () => {
  const server = createServer();
  boundConnections(server, 2);
  const sockets = Array.from({ length: 8 }, () => new Socket());
  for (const socket of sockets) server.emit('connection', socket);
  assert.deepEqual(
    sockets.map(({ destroyed }) => destroyed),
    [true, true, true, true, true, true, false, false],
  );
  for (const socket of sockets) socket.destroy();
});

for (const waitsForHeaders of [false, true]) {
  const title = waitsForHeaders ? ', before its first byte, too' : '';
  test(`the oldest connection goes for one that is too many${title}`, async (t) => {
    const server = createServer((_, response) => response.end('here'));
    if (waitsForHeaders) skipProxyHeaders(server);
    boundConnections(server, 2);
    const port = await listen(server, 0, '127.0.0.1');
    t.after(() => {
      server.close();
      server.closeAllConnections();
    });
    const open = async (): Promise<Socket> => {
      const accepted = once(server, 'connection');
      const socket = connect(port, '127.0.0.1').on('error', () => undefined);
      opened.push(socket);
      await accepted;
      return socket;
    };
    const [first, second] = [await open(), await open()];
    const firstEnds = once(first, 'close');
    const third = await open();
    await firstEnds;
    const ask = (socket: Socket): Promise<string> => {
      socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      return text(socket);
    };
    assert.match(await ask(second), /here/);
    // The second has left, so that there is room for one more beside the third.
    await open();
    assert.match(await ask(third), /here/);
  });
}
