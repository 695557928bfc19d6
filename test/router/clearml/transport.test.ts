import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, test, type TestContext } from 'node:test';
import { createTransport } from '../../../router/clearml/transport.ts';
import { makeCertificate } from '../../lab/certificate.ts';

const certificate = makeCertificate();
after(() => certificate?.remove());
const skip = certificate === undefined ? 'needs openssl to make a certificate' : false;

async function listen(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function secure(t: TestContext, answer: RequestListener): Promise<number> {
  const { cert, key } = certificate ?? { cert: '', key: '' };
  return listen(t, createHttpsServer({ cert, key }, answer));
}

function transport(t: TestContext, port: number, options: object = {}) {
  const apiHost = `https://localhost:${port}`;
  const made = createTransport({ apiHost, sslVerify: true, environment: {}, ...options });
  t.after(made.close);
  return made;
}

test(
  'a certificate of an unknown CA is refused, and the message names the settings that help',
  { skip },
  async (t) => {
    const port = await secure(t, (_, response) => response.end('{}'));
    await assert.rejects(transport(t, port).post('x.y', 'Bearer secret', '{}'), (error: Error) => {
      assert.match(error.message, /CLEARML_CA_FILE.*SSL_VERIFY=false/);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  },
);

test('a further CA is trusted, and with sslVerify off any certificate is', { skip }, async (t) => {
  const port = await secure(t, (_, response) => response.end('{}'));
  const { certFile } = certificate ?? {};
  const withCa = transport(t, port, { caFile: certFile });
  assert.equal((await withCa.post('x.y', '', '{}')).status, 200);
  const unverified = transport(t, port, { sslVerify: false });
  assert.equal((await unverified.post('x.y', '', '{}')).status, 200);
});

test('a CA file that changes by a renamed link is read again', { skip }, async (t) => {
  const port = await secure(t, (_, response) => response.end('{}'));
  const stranger = makeCertificate();
  const folder = mkdtempSync(join(tmpdir(), 'ca-'));
  t.after(() => {
    stranger?.remove();
    rmSync(folder, { recursive: true });
  });
  // As the kubelet lays out a mounted volume: a file that links through `..data`, which is replaced whole.
  for (const [name, cert] of [
    ['one', stranger?.cert],
    ['two', certificate?.cert],
  ] as const) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'ca.crt'), cert ?? '');
  }
  symlinkSync('one', join(folder, '..data'));
  symlinkSync('..data/ca.crt', join(folder, 'ca.crt'));
  const made = transport(t, port, { caFile: join(folder, 'ca.crt') });
  await assert.rejects(made.post('x.y', '', '{}'), /CLEARML_CA_FILE/);
  symlinkSync('two', join(folder, '..next'));
  renameSync(join(folder, '..next'), join(folder, '..data'));
  for (;;) {
    const answer = await made.post('x.y', '', '{}').catch(() => undefined);
    if (answer?.status === 200) break;
    await sleep(100);
  }
});

test('goes through HTTPS_PROXY unless NO_PROXY names the server', { skip }, async (t) => {
  const port = await secure(t, (_, response) => response.end('{}'));
  const tunnels: string[] = [];
  const proxy = createHttpServer();
  proxy.on('connect', (request, client) => {
    tunnels.push(request.url ?? '');
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
  });
  const proxyUrl = `http://127.0.0.1:${await listen(t, proxy)}`;
  const environment = { HTTPS_PROXY: proxyUrl };
  const through = transport(t, port, { sslVerify: false, environment });
  assert.equal((await through.post('x.y', '', '{}')).status, 200);
  assert.deepEqual(tunnels, [`localhost:${port}`]);
  const past = transport(t, port, {
    sslVerify: false,
    environment: { ...environment, NO_PROXY: 'localhost' },
  });
  assert.equal((await past.post('x.y', '', '{}')).status, 200);
  assert.equal(tunnels.length, 1);
});

test('connections are kept, and an answer that drips is cut at the time limit', async (t) => {
  let connections = 0;
  const server = createHttpServer((request, response) => {
    if (request.url === '/drips') {
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    } else response.end('{}');
  }).on('connection', () => {
    connections += 1;
  });
  const apiHost = `http://127.0.0.1:${await listen(t, server)}`;
  const made = createTransport({ apiHost, sslVerify: true, environment: {}, timeout: 300 });
  t.after(made.close);
  await made.post('x.y', '', '{}');
  await made.post('x.y', '', '{}');
  assert.equal(connections, 1);
  await assert.rejects(made.post('drips', '', '{}'), /no answer within 300 ms/);
});
