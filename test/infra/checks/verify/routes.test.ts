import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { after, before, suite, test } from 'node:test';

import {
  judgeList,
  type Listing,
  opensWebSocket,
  reachesRoute,
  reachesTcp,
  routesOf,
} from '../../../../infra/checks/verify/routes.ts';
import { addTask, httpAsk, taskWhen, tcpAsk } from '../../../lab/clearml/asks.ts';
import { userToken } from '../../../lab/clearml/client.ts';
import { type ClearMl, startClearMl } from '../../../lab/clearml/server.ts';
import {
  type RouterProcess,
  settingsFor,
  startRouterProcess,
} from '../../../support/router_process.ts';
import { freePort } from '../../../lab/free_port.ts';

async function listening(server: ReturnType<typeof createTcpServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A router as it is deployed, before a stand-in ClearML server, with a task of each kind behind it. */
suite('the checks of routes, by a real router', () => {
  let clearml: ClearMl;
  let router: RouterProcess;
  let token: string;
  let url: string;
  let app: Server;
  let ssh: ReturnType<typeof createTcpServer>;
  before(async () => {
    clearml = await startClearMl();
    token = await userToken(clearml, 'alice');
    const port = await freePort();
    const tcpPort = await freePort();
    url = `http://127.0.0.1:${port}`;
    router = await startRouterProcess({
      ...settingsFor(clearml),
      HTTP_PORT: String(port),
      ROUTER_URL: url,
      TCP_ROUTER_ADDRESS: '127.0.0.1',
      TCP_PORT_START: String(tcpPort),
      TCP_PORT_END: String(tcpPort),
    });
    await router.readyz(200);
    app = createServer((_request, response) => response.end('hello'));
    ssh = createTcpServer((socket) => {
      // The checks leave as soon as they know enough.
      socket.on('error', () => undefined).end('SSH-2.0-test\r\n');
    });
  });
  after(async () => {
    app.close();
    app.closeAllConnections();
    ssh.close();
    await router.stop();
    await clearml.stop();
  });

  test('say what to do while no task asks', async () => {
    const listing = await routesOf(url, token);
    assert.deepEqual(judgeList(listing), {
      outcome: 'good',
      says: 'a ClearML token is accepted; 0 endpoints',
    });
    const says = async (seen: Listing, what: (asks: string) => string, fix: string) => {
      const none = (asks: string): object => ({ outcome: 'unsure', says: what(asks), fix });
      assert.deepEqual(await reachesRoute(seen, token), none('HTTP'));
      assert.deepEqual(await opensWebSocket(seen, token), none('access'));
      assert.deepEqual(await reachesTcp(seen), none('TCP'));
    };
    await says(
      listing,
      (asks) => `no task that the router's account may open asks for ${asks}`,
      'Start a task of that account that asks for access, such as clearml-session, or name the account in router.administrators, ' +
        'and run this again.',
    );
    await says(
      await routesOf(url, await userToken(clearml, 'admin')),
      (asks) => `no task asks for ${asks}`,
      'Start a task that asks for access, such as clearml-session, and run this again.',
    );
  });

  test('reach a task that listens, each in its way', async () => {
    const runtime = {
      ...httpAsk({ address: '127.0.0.1', port: await listening(app) }),
      ...tcpAsk({ address: '127.0.0.1', port: await listening(ssh), name: 'ssh' }),
    };
    const { id } = addTask(clearml, { runtime });
    await taskWhen(clearml, id, (task) => task.runtime['endpoint'] !== undefined);
    await taskWhen(clearml, id, (task) => task.runtime['router_tcp_answer__ssh'] !== undefined);
    const listing = await routesOf(url, token);
    const route = `${url}/service/${id}/`;
    assert.deepEqual(await reachesRoute(listing, token), {
      outcome: 'good',
      says: `${route} answers with 200`,
    });
    assert.deepEqual(await opensWebSocket(listing, token), {
      outcome: 'good',
      says: `${route.replace('http', 'ws').slice(0, -1)}__ssh/ opens`,
    });
    assert.equal((await reachesTcp(listing)).outcome, 'good');

    const withoutTunnel: Listing = {
      ...listing,
      endpoints: listing.endpoints.map((endpoint) => ({ ...endpoint, tcp: null })),
    };
    // An app that knows no WebSocket answers as to any request.
    assert.deepEqual(await opensWebSocket(withoutTunnel, token), {
      outcome: 'good',
      says: `the handshake at ${route} is answered with 200, by the task`,
    });
    assert.deepEqual(await reachesRoute(listing, 'no-token'), {
      outcome: 'bad',
      says: `${route} answers with 401`,
      fix: 'Look whether the task listens, and whether a NetworkPolicy of its namespace lets the router in.',
    });
  });

  test('tell of a task that does not listen, and of a port that nobody opened', async () => {
    const listing = await routesOf(url, token);
    app.close();
    app.closeAllConnections();
    ssh.close();
    assert.match((await reachesRoute(listing, token)).says, /answers with 503$/);
    const closed: Listing = {
      ...listing,
      endpoints: [
        { http: null, tcp: { address: '127.0.0.1', port: await freePort(), tunnelUrl: null } },
      ],
    };
    const finding = await reachesTcp(closed);
    assert.equal(finding.outcome, 'bad');
    assert.match(finding.says, /cannot be reached: connect ECONNREFUSED/);
  });

  test('hand on what the router says of itself', async () => {
    await assert.rejects(routesOf(url, 'no-token'), { message: 'answered with 401' });
    const listing = await routesOf(url, token);
    assert.deepEqual(
      judgeList({ ...listing, administration: { problems: ['the range is exhausted'] } }),
      {
        outcome: 'unsure',
        says: `a ClearML token is accepted; ${listing.endpoints.length} endpoints, and problems`,
        fix: 'the range is exhausted',
      },
    );
    assert.equal(judgeList({ ...listing, stale: true }).outcome, 'bad');
  });
});
