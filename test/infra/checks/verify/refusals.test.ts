import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite, test, type TestContext } from 'node:test';

import {
  refusesProgram,
  refusesUpgrade,
  sendsToSignIn,
} from '../../../../infra/checks/verify/refusals.ts';

async function serving(context: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  server.on('upgrade', (_request, socket) => {
    socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  context.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A router's refusals, as its settings page has them. */
const router: RequestListener = (request, response) => {
  const isNavigation = request.headers['sec-fetch-mode'] === 'navigate';
  response.writeHead(
    isNavigation ? 303 : 401,
    isNavigation
      ? { location: 'https://app.example.com/login' }
      : { 'www-authenticate': 'Bearer realm="ClearML"' },
  );
  response.end();
};

/** What an ingress controller without a route answers. */
const nobody: RequestListener = (_request, response) => {
  response.writeHead(404).end('404 page not found');
};

suite('refusals', () => {
  test('of a router are good', async (context) => {
    const url = await serving(context, router);
    assert.deepEqual(await sendsToSignIn(url), {
      outcome: 'good',
      says: 'browsers are led to https://app.example.com',
    });
    assert.equal((await refusesProgram(url)).outcome, 'good');
    assert.equal((await refusesUpgrade(url)).outcome, 'good');
  });

  test('of something else are bad, and say what came', async (context) => {
    const url = await serving(context, nobody);
    const finding = await sendsToSignIn(url);
    assert.equal(finding.outcome, 'bad');
    assert.equal(finding.says, 'answered with 404 and no redirect');
    assert.equal((await refusesProgram(url)).says, 'answered with 404, not with 401 and Bearer');
  });
});
