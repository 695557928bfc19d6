import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { HOST, LET_IN, T, attacked, stillServes, until } from '../../support/attacked.ts';
import type { Attacked } from '../../support/attacked.ts';
import { OK, header } from '../../support/raw_peers.ts';
import type { RawClient } from '../../support/raw_peers.ts';
import { HANDSHAKE } from '../../support/web_socket_handshake.ts';
import { UNLIMITED } from '../../../router/load/load_guard.ts';
import type { LoadLimits } from '../../../router/load/load_guard.ts';

const SWITCHED = 'HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';

const limits = (changes: Partial<LoadLimits>): { limits: LoadLimits } => ({
  limits: { ...UNLIMITED, ...changes },
});
const only = (change: Partial<LoadLimits['requests']>): LoadLimits['requests'] => ({
  ...UNLIMITED.requests,
  ...change,
});

async function ask(attack: Attacked, ...headers: readonly string[]): Promise<RawClient> {
  const client = await attack.client();
  client.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, ...headers, '', '');
  return client;
}

async function hits(attack: Attacked, limit: string): Promise<number> {
  const { values } = await attack.world.metrics.limitsHit.get();
  return values.find(({ labels }) => labels.limit === limit)?.value ?? 0;
}

/** A task that answers only when it is told to. */
async function slow(t: Parameters<typeof attacked>[0], changes: { limits: LoadLimits }) {
  const waiting: Socket[] = [];
  const attack = await attacked(
    t,
    ({ socket, text }) => {
      if (!text().endsWith('\r\n\r\n')) return;
      if (/upgrade: websocket/i.test(text())) socket.write(SWITCHED);
      else waiting.push(socket);
    },
    changes,
  );
  return { attack, waiting };
}

/** From now on the gate's word on each one waits until it is called for. */
function slowGate({ world: { gate } }: Attacked): readonly (() => void)[] {
  const asked: (() => void)[] = [];
  const { admit } = gate;
  Object.assign(gate, {
    admit: (request: Parameters<typeof admit>[0]): Promise<unknown> =>
      new Promise((resolve) => {
        asked.push(() => resolve(admit(request)));
      }),
  });
  return asked;
}

suite('limits', () => {
  const cases = [
    ['requests', { total: 2 }, 503],
    ['requests-per-user', { perUser: 2 }, 429],
    ['requests-per-task', { perTask: 2 }, 503],
    ['requests-per-address', { perAddress: 2 }, 429],
  ] as const;
  for (const [limit, change, status] of cases) {
    test(`${limit}: the third in flight gets ${status}, and the next one gets in once one has ended`, async (t) => {
      const { attack, waiting } = await slow(t, limits({ requests: only(change) }));
      const first = await ask(attack);
      await ask(attack);
      await until(() => waiting.length === 2);
      const refused = await (await ask(attack)).answer();
      assert.equal(refused.status, status);
      assert.equal(header(refused, 'retry-after'), '1');
      assert.equal(JSON.parse(refused.body).error, limit);
      assert.equal(waiting.length, 2, 'the task never heard of it');
      assert.equal(await hits(attack, limit), 1);
      await until(() => attack.world.access.some(({ reason }) => reason === limit));
      waiting[0]?.write(OK);
      assert.equal((await first.answer()).status, 200);
      await ask(attack);
      await until(() => waiting.length === 3);
    });
  }

  const sessions = [
    ['websockets', { total: 2 }, 503],
    ['websockets-per-user', { perUser: 2 }, 429],
    ['websockets-per-task', { perTask: 2 }, 503],
    ['websockets-per-address', { perAddress: 2 }, 429],
  ] as const;
  for (const [limit, change, status] of sessions) {
    test(`${limit}: the third gets ${status} before the task hears of it`, async (t) => {
      const { attack } = await slow(t, limits({ webSockets: only(change) }));
      const open = async (): Promise<RawClient> => {
        const client = await attack.client();
        client.send(`GET ${T}/ws HTTP/1.1`, HOST, LET_IN, ...HANDSHAKE, '', '');
        return client;
      };
      const first = await open();
      assert.equal((await first.answer()).status, 101);
      assert.equal((await (await open()).answer()).status, 101);
      const refused = await (await open()).answer();
      assert.equal(refused.status, status);
      assert.equal(header(refused, 'retry-after'), '1');
      assert.equal(attack.task.connections.length, 2);
      assert.equal(await hits(attack, limit), 1);
      first.destroy();
      await until(() => attack.task.connections.some(({ socket }) => socket.destroyed));
      assert.equal((await (await open()).answer()).status, 101);
    });
  }

  test('one user who has all that is allowed keeps nobody else out', async (t) => {
    const { attack, waiting } = await slow(t, limits({ requests: only({ perUser: 1 }) }));
    await ask(attack);
    await until(() => waiting.length === 1);
    assert.equal((await (await ask(attack)).answer()).status, 429);
    const nobody = await attack.client();
    nobody.send(`GET ${T}/ HTTP/1.1`, HOST, '', '');
    assert.equal((await nobody.answer()).status, 401);
  });

  for (const [way, limit, lines] of [
    ['a request', 'requests', []],
    ['an upgrade', 'websockets', HANDSHAKE],
  ] as const) {
    test(`${way} counts before the gate is asked`, async (t) => {
      const change = only({ total: 1 });
      const { attack } = await slow(t, limits({ requests: change, webSockets: change }));
      const asked = slowGate(attack);
      await ask(attack, ...lines);
      await until(() => asked.length === 1);
      assert.equal((await (await ask(attack, ...lines)).answer()).status, 503);
      assert.equal(asked.length, 1, 'the gate never heard of it');
      assert.equal(await hits(attack, limit), 1);
    });
  }

  test('whose client leaves while the gate is asked counts no more', async (t) => {
    const { attack, waiting } = await slow(t, limits({ requests: only({ perUser: 1 }) }));
    const asked = slowGate(attack);
    const first = await ask(attack);
    await until(() => asked.length === 1);
    first.destroy();
    await until(() => attack.world.access.some(({ reason }) => reason === 'client-left'));
    asked[0]?.();
    await ask(attack);
    await until(() => asked.length === 2);
    asked[1]?.();
    await until(() => waiting.length === 1);
  });

  test('a client behind a trusted proxy counts by its own address', async (t) => {
    const { attack, waiting } = await slow(t, {
      ...limits({
        requests: only({ perAddress: 1 }),
        connections: { total: 0, perAddress: 1 },
      }),
      settings: {
        origin: 'http://router.test',
        wildcardHost: undefined,
        pathForm: true,
        isTrustedProxy: (address: string) => address === '127.0.0.1',
        secureCookies: false,
      },
    } as { limits: LoadLimits });
    await ask(attack, 'X-Forwarded-For: 192.0.2.1');
    await until(() => waiting.length === 1);
    assert.equal((await (await ask(attack, 'X-Forwarded-For: 192.0.2.1')).answer()).status, 429);
    await ask(attack, 'X-Forwarded-For: 192.0.2.2');
    await until(() => waiting.length === 2);
    // The proxy's own probes name no client.
    await ask(attack);
    await ask(attack);
    await until(() => waiting.length === 4);
  });

  test('a connection beyond those of its address is answered 429 and closed', async (t) => {
    const attack = await attacked(
      t,
      undefined,
      limits({ connections: { total: 0, perAddress: 2 } }),
    );
    const first = await ask(attack);
    assert.equal((await first.answer()).status, 200);
    assert.equal((await (await ask(attack)).answer()).status, 200);
    const third = await ask(attack);
    const refused = await third.answer();
    assert.equal(refused.status, 429);
    assert.equal(header(refused, 'connection'), 'close');
    await until(() => third.closed);
    first.destroy();
    await until(() => attack.world.access.length === 3);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal((await (await ask(attack)).answer()).status, 200);
  });

  test('an open WebSocket is one of the connections, until it ends', async (t) => {
    const { attack, waiting } = await slow(t, limits({ connections: { total: 0, perAddress: 1 } }));
    const client = await attack.client();
    client.send(`GET ${T}/ws HTTP/1.1`, HOST, LET_IN, ...HANDSHAKE, '', '');
    assert.equal((await client.answer()).status, 101);
    assert.equal((await (await ask(attack)).answer()).status, 429);
    client.destroy();
    await until(() => attack.task.connections.some(({ socket }) => socket.destroyed));
    await until(() => attack.world.access.length === 2);
    const next = await ask(attack);
    await until(() => waiting.length === 1);
    waiting[0]?.write(OK);
    assert.equal((await next.answer()).status, 200);
  });

  test('idle connections give way before anybody is turned away', async (t) => {
    const attack = await attacked(
      t,
      undefined,
      limits({ connections: { total: 4, perAddress: 0 } }),
    );
    const idle: RawClient[] = [];
    for (let index = 0; index < 4; index++) {
      const client = await ask(attack);
      assert.equal((await client.answer()).status, 200);
      idle.push(client);
    }
    const next = await ask(attack);
    assert.equal((await next.answer()).status, 200);
    await until(() => idle.every(({ closed }) => closed));
  });

  test('a connection beyond the total gets 503 while all others are at work', async (t) => {
    const { attack, waiting } = await slow(t, limits({ connections: { total: 4, perAddress: 0 } }));
    for (let index = 0; index < 4; index++) await ask(attack);
    await until(() => waiting.length === 4);
    const refused = await (await ask(attack)).answer();
    assert.equal(refused.status, 503);
    assert.equal(header(refused, 'retry-after'), '1');
    assert.equal(header(refused, 'connection'), 'close');
    for (const socket of waiting) socket.write(OK);
    await until(() => attack.world.access.length === 5);
  });

  test('A48: connections that send no whole head give way, the oldest first, and let everybody else in', async (t) => {
    const attack = await attacked(
      t,
      undefined,
      limits({ connections: { total: 40, perAddress: 0 } }),
    );
    const drip: Socket[] = [];
    t.after(() => {
      for (const socket of drip) socket.destroy();
    });
    const closed: number[] = [];
    for (let index = 0; index < 200; index++) {
      const socket = connect(attack.world.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.on('close', () => closed.push(index));
      socket.resume();
      drip.push(socket);
      await once(socket, 'connect');
      socket.write(`GET ${T}/ HTTP/1.1\r\nHo`);
      if (index % 50 === 0) await stillServes(attack);
    }
    await until(() => closed.length >= 180);
    assert.deepEqual(
      closed.slice(0, 100),
      Array.from({ length: 100 }, (_, index) => index),
    );
    await stillServes(attack);
    assert.ok((await hits(attack, 'waiting-heads')) >= 180);
  });
});
