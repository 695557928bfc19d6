import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { readBody } from '../../../../router/web/parts/request_body.ts';

test('a request that was over before anybody read it has no body, which is known at once', async (t) => {
  const server = createServer((message, response) => {
    message.resume().once('end', () => {
      const late = setTimeout(() => response.end('late'), 2_000);
      void readBody(message).then((text) => {
        clearTimeout(late);
        response.end(`<${text}>`);
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'DELETE' });
  assert.equal(await answer.text(), '<>');
});
