import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite, test } from 'node:test';

import { askCluster } from '../../../infra/cluster/facts.ts';

/** A kubeconfig for a server on this machine. */
function kubeconfig(server: Server): string {
  const { port } = server.address() as AddressInfo;
  return JSON.stringify({
    'current-context': 'here',
    clusters: [
      {
        name: 'here',
        cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true },
      },
    ],
    users: [{ name: 'me', user: {} }],
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'me' } }],
  });
}

async function listening(answers: Readonly<Record<string, unknown>>): Promise<Server> {
  const server = createServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    const answer = answers[path.replace(/\/$/, '')];
    response.writeHead(answer === undefined ? 403 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { kind: 'Status', message: 'forbidden' }));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}

const version = { major: '1', minor: '31+', gitVersion: 'v1.31.2' };

suite('askCluster', () => {
  test('tells version and pod networks', async (context) => {
    const nodes = [
      { spec: { podCIDRs: ['10.1.1.0/24'] } },
      { spec: { podCIDRs: ['10.1.0.0/24'] } },
    ];
    const server = await listening({ '/version': version, '/api/v1/nodes': { items: nodes } });
    context.after(() => server.close());
    const address = { kubeconfig: kubeconfig(server), context: 'here' };
    assert.deepEqual(await askCluster(address), {
      version: { major: 1, minor: 31 },
      podNetworks: ['10.1.0.0/24', '10.1.1.0/24'],
      trouble: undefined,
    });
  });

  test('keeps the version when nodes may not be listed', async (context) => {
    const server = await listening({ '/version': version });
    context.after(() => server.close());
    const facts = await askCluster({ kubeconfig: kubeconfig(server), context: undefined });
    assert.deepEqual(facts.version, { major: 1, minor: 31 });
    assert.match(facts.trouble ?? '', /403/);
  });

  test('names the contexts that are there when the one asked for is not', async (context) => {
    const server = await listening({});
    context.after(() => server.close());
    const facts = await askCluster({ kubeconfig: kubeconfig(server), context: 'there' });
    assert.equal(facts.trouble, 'no context there in the kubeconfig (here)');
  });
});
