import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision } from '../../../router/auth/gate/decision.ts';
import { ByteBudget } from '../../../router/load/byte_budget.ts';
import { HOST, LET_IN, T, attacked, stillServes, until } from '../../support/attacked.ts';
import { OK, replying } from '../../support/raw_peers.ts';
import { HANDSHAKE } from '../../support/web_socket_handshake.ts';

test('A56: what comes while ClearML is asked is held within the budget, and refused beyond it', async (t) => {
  const budget = new ByteBudget(2 * 1024 * 1024);
  const attack = await attacked(t, replying(OK), { budget });
  const { gate } = attack.world;
  const { admit } = gate;
  const answers: (() => void)[] = [];
  Object.assign(gate, {
    admit: (request: Parameters<typeof admit>[0]): Promise<Decision> =>
      new Promise((resolve) => {
        answers.push(() => resolve(admit(request)));
      }),
  });
  const upload = async (): Promise<Awaited<ReturnType<typeof attack.client>>> => {
    const client = await attack.client();
    client.send(`POST ${T}/x HTTP/1.1`, HOST, LET_IN, 'Content-Length: 1000000', '', 'x');
    return client;
  };
  for (let count = 1; count <= 8; count++) {
    await upload();
    await until(() => answers.length === count);
  }
  assert.equal(budget.held, 1024 * 1024);

  const refused = await (await upload()).answer();
  assert.equal(refused.status, 503);
  const upgrade = await attack.client();
  upgrade.send(`GET ${T}/ws HTTP/1.1`, HOST, LET_IN, ...HANDSHAKE, '', 'early');
  assert.equal((await upgrade.answer()).status, 503);

  const plain = await attack.client();
  plain.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
  await until(() => answers.length === 11);
  for (const answer of answers) answer();
  assert.equal((await plain.answer()).status, 200);
  Object.assign(gate, { admit });
  await until(() => budget.held < 1024 * 1024);
  await stillServes(attack);
});

test('A56: no user’s id is the name of what is held while ClearML is asked', async (t) => {
  const budget = new ByteBudget(2 * 1024 * 1024);
  const attack = await attacked(t, replying(OK), { budget });
  const { gate } = attack.world;
  const { admit } = gate;
  Object.assign(gate, {
    admit: async (request: Parameters<typeof admit>[0]): Promise<Decision> => {
      const decision = await admit(request);
      return decision.outcome === 'admitted' && decision.identity !== undefined
        ? { ...decision, identity: { ...decision.identity, userId: 'asking' } }
        : decision;
    },
  });
  // All that one user may hold.
  assert.equal(budget.take(budget.account('asking'), budget.total / 2), undefined);
  const client = await attack.client();
  client.send(`POST ${T}/x HTTP/1.1`, HOST, 'Content-Length: 5', '', 'hello');
  assert.equal((await client.answer()).status, 401);
});

test('A56: heads of answers to upgrades are held within the budget, unfinished and unread, and refused beyond it', async (t) => {
  const budget = new ByteBudget(2 * 1024 * 1024);
  const line = `X: ${'x'.repeat(50_000)}\r\n`;
  let head = `HTTP/1.1 101 Switching Protocols\r\n${line}`;
  const attack = await attacked(t, ({ socket }) => socket.write(head), { budget });
  const upgrade = async (): Promise<Awaited<ReturnType<typeof attack.client>>> => {
    const client = await attack.client();
    client.send(`GET ${T}/ws HTTP/1.1`, HOST, LET_IN, ...HANDSHAKE, '', '');
    return client;
  };
  const waiting: Awaited<ReturnType<typeof attack.client>>[] = [];
  for (let count = 1; count <= 10; count++) {
    waiting.push(await upgrade());
    await until(() => budget.held > count * 50_000);
  }
  for (let count = 0; count < 20; count++) waiting.push(await upgrade());
  // All of one user's half, and not a byte more.
  await until(() => waiting.some(({ pending }) => pending.startsWith('HTTP/1.1 429')));
  assert.ok(budget.held <= budget.total / 2);
  for (const client of waiting) client.destroy();
  await until(() => budget.held === 0);

  head = `HTTP/1.1 200 OK\r\n${line}\r\n`;
  const declined = await upgrade();
  await until(() => declined.pending.includes('\r\n\r\n'));
  assert.ok(budget.held > 50_000);
  declined.destroy();
  await until(() => budget.held === 0);

  head =
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n${line}\r\n`;
  const open = await upgrade();
  await until(() => open.pending.includes('\r\n\r\n'));
  await until(() => budget.held < 50_000);
  await stillServes(attack);
});

test('A56: what waits of the bodies of declined upgrades is held within the budget, and refused beyond it', async (t) => {
  const budget = new ByteBudget(2 * 1024 * 1024);
  const body = 'HTTP/1.1 200 OK\r\n\r\nhello';
  const attack = await attacked(t, ({ socket }) => socket.write(body), { budget });
  const answers = [];
  for (let count = 0; count < 5; count++) {
    const client = await attack.client();
    client.send(`GET ${T}/ws HTTP/1.1`, HOST, LET_IN, ...HANDSHAKE, '', '');
    await client.untilText('\r\n\r\n');
    answers.push(client);
  }
  assert.deepEqual(
    answers.map(({ pending }) => pending.slice(9, 12)),
    ['200', '200', '200', '200', '429'],
  );
  assert.ok(budget.held > 4 * 192 * 1024);
  for (const client of answers) client.destroy();
  await until(() => budget.held === 0);
});
