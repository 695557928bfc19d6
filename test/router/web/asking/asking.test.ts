import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Denied } from '../../../../router/auth/gate/decision.ts';
import type { ClearmlTasks } from '../../../../router/clearml/clearml.ts';
import { urlName } from '../../../../router/grammar/endpoint_id.ts';
import { readSettings } from '../../../../router/settings/settings.ts';
import type { Answer } from '../../../../router/pages/answer.ts';
import { Asking } from '../../../../router/web/asking/asking.ts';
import type { Asked, AskWish } from '../../../../router/web/asking/wish.ts';
import type { User } from '../../../../router/web/acts/user.ts';
import {
  addTask,
  changeRuntime,
  changeTask,
  endTask,
  httpAsk,
  tcpAsk,
} from '../../../lab/clearml/asks.ts';
import type { ClearMlOptions } from '../../../lab/clearml/options.ts';
import { credentials, ids } from '../../../lab/clearml/seed.ts';
import type { ClearMl } from '../../../lab/clearml/server.ts';
import { connect, keepLog, route, runtimeOf, serve } from '../../../support/installation.ts';

const POD = '10.0.0.1';
const SECRETS = { _user_secret: 'hush', iteration: 7 };

interface World {
  readonly server: ClearMl;
  readonly clearml: ClearmlTasks;
  readonly asking: Asking;
  readonly events: () => readonly Record<string, unknown>[];
  readonly user: (id: string, role?: string) => Promise<User>;
}

interface Differing extends ClearMlOptions {
  readonly environment?: Record<string, string>;
  readonly pod?: { readonly address: string } | 'unread' | undefined;
  /** In place of the client of the server. */
  readonly tasks?: (real: ClearmlTasks) => ClearmlTasks;
}

async function world(t: TestContext, differing: Differing = {}): Promise<World> {
  const { environment, tasks = (real) => real, ...options } = differing;
  const server = await serve(t, options);
  const clearml = tasks(connect(t, server));
  const { log, lines } = keepLog();
  const settings = readSettings({
    ROUTER_URL: 'https://router.example.com',
    CLEARML_API_HOST: server.url,
    CLEARML_API_ACCESS_KEY: credentials.router.accessKey,
    CLEARML_API_SECRET_KEY: credentials.router.secretKey,
    AUTH_BASE64_JWKS_KEY: server.signingKey.raw,
    TCP_ROUTER_ADDRESS: '203.0.113.7',
    TCP_PORT_START: '21000',
    TCP_PORT_END: '21003',
    ...environment,
  });
  const pod = 'pod' in differing ? differing.pod : { address: POD };
  const pods = { ownAddress: () => pod };
  return {
    server,
    clearml,
    asking: new Asking({ settings, tasks: clearml, pods, log, settles: 0 }),
    events: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    user: async (id, role = 'user') => ({
      outcome: 'known',
      credential: 'bearer',
      identity: {
        userId: id,
        userName: id,
        companyId: server.state.account(id)?.user.company ?? '',
        role,
        tokenKey: id,
        expiresAt: Date.now() + 1_000_000,
        token: await server.token(id),
      },
    }),
  };
}

/** A running task whose code knows nothing of a router. */
function unaware(server: ClearMl, more: Parameters<typeof addTask>[1] = {}): string {
  return addTask(server, { systemTags: ['development'], runtime: SECRETS, ...more }).id;
}

const http = (task: string, more: Partial<AskWish> = {}): AskWish => ({
  task,
  port: 8888,
  protocol: 'http',
  ...more,
});

function refusal(came: Asked | Answer | Denied | undefined): string {
  assert.ok(came !== undefined && 'status' in came, JSON.stringify(came));
  return 'detail' in came
    ? `${came.status} ${came.code}: ${came.detail}`
    : `${came.status} ${came.reason}`;
}

const NO_TASK = '404 not-found: There is no such running task, or it is not yours.';
const NO_ENDPOINT =
  '404 not-found: There is no such endpoint, or it is not one of your running tasks.';

for (const options of [
  { editRuntimeKeys: 'verbatim' },
  { editRuntimeKeys: 'escaped' },
  { apiVersion: '2.23' },
] as const) {
  test(`asks as the SDK does, and takes all of it back, on a server of ${JSON.stringify(options)}`, async (t) => {
    const { server, asking, events, user } = await world(t, options);
    const task = unaware(server);
    const alice = await user(ids.alice);
    assert.deepEqual(await asking.ask(alice, http(task)), {
      id: task,
      task,
      name: null,
      protocol: 'http',
      port: 8888,
      url: `https://router.example.com/service/${task}/`,
    });
    const tcp = await asking.ask(alice, { task, port: 22, protocol: 'tcp', name: 'ssh' });
    assert.ok('id' in tcp && tcp.id === `${task}__ssh` && tcp.url === null);
    const asked = {
      ...httpAsk({ address: POD, port: '8888' }),
      ...tcpAsk({ address: POD, port: '22', name: 'ssh' }),
    };
    assert.deepEqual(runtimeOf(server, task), { ...SECRETS, ...asked });
    const tags = () => server.state.task(task)?.system_tags;
    assert.deepEqual(tags(), ['development', 'external_service']);

    assert.equal(await asking.withdraw(alice, `${task}__ssh`), undefined);
    assert.deepEqual(runtimeOf(server, task), {
      ...SECRETS,
      ...httpAsk({ address: POD, port: '8888' }),
    });
    assert.deepEqual(tags(), ['development', 'external_service']);
    assert.equal(await asking.withdraw(alice, task), undefined);
    assert.deepEqual(runtimeOf(server, task), SECRETS);
    assert.deepEqual(tags(), ['development']);
    const audits = events().filter(({ event }) => String(event).startsWith('endpoint_'));
    assert.deepEqual(
      audits.map(({ event, user: who, owner, endpoint, protocol, port }) => [
        event,
        who,
        owner,
        endpoint,
        protocol,
        port,
      ]),
      [
        ['endpoint_asked', ids.alice, undefined, task, 'http', 8888],
        ['endpoint_asked', ids.alice, undefined, `${task}__ssh`, 'tcp', 22],
        ['endpoint_withdrawn', ids.alice, undefined, `${task}__ssh`, undefined, undefined],
        ['endpoint_withdrawn', ids.alice, undefined, task, undefined, undefined],
      ],
    );
  });
}

test('a router answers it, and what it answered goes with it, by HTTP and TCP of one name', async (t) => {
  const { server, asking, user } = await world(t);
  const router = route(t, server);
  router.routes.start();
  const task = unaware(server);
  const alice = await user(ids.alice);
  await asking.ask(alice, http(task, { name: 'lab' }));
  await asking.ask(alice, { task, port: 22, protocol: 'tcp', name: 'lab' });
  const id = `${task}__lab`;
  const { endpoints } = await router.until((table) => {
    const found = table.endpoints.get(id);
    return found?.http?.state === 'open' && found.tcp?.state === 'open';
  });
  assert.deepEqual(endpoints.get(id)?.http, {
    state: 'open',
    upstream: { address: POD, family: 4, port: 8888 },
  });
  await router.until(() => 'router_tcp_stamp__lab' in runtimeOf(server, task));
  assert.equal(await asking.withdraw(alice, id), undefined);
  await router.until((table) => !table.endpoints.has(id));
  assert.deepEqual(runtimeOf(server, task), SECRETS);
});

test('an address that no ask may name is refused by the look, as every ask', async (t) => {
  const { server, asking, user } = await world(t, { pod: { address: '169.254.169.254' } });
  const router = route(t, server);
  router.routes.start();
  const task = unaware(server);
  await asking.ask(await user(ids.alice), http(task));
  const table = await router.until(({ endpoints }) => endpoints.has(task));
  assert.deepEqual(table.endpoints.get(task)?.http, {
    state: 'refused',
    reason:
      'the address 169.254.169.254 is refused: link-local, metadata, multicast, translated and unspecified addresses are never served',
  });
});

test('is for the owner, and for who administers the company: all others hear what is said of no task', async (t) => {
  const { server, asking, events, user } = await world(t, { edition: 'enterprise' });
  const task = unaware(server);
  const ended = unaware(server);
  endTask(server, ended);
  const queued = unaware(server, { status: 'queued' });
  const bob = await user(ids.bob);
  const mallory = await user(ids.mallory, 'admin');
  const alice = await user(ids.alice);
  for (const [who, id] of [
    [bob, task],
    [mallory, task],
    [alice, ended],
    [alice, queued],
    [alice, 'f'.repeat(32)],
  ] as const) {
    assert.equal(refusal(await asking.ask(who, http(id))), NO_TASK);
  }
  assert.deepEqual(runtimeOf(server, task), SECRETS);
  assert.ok('id' in (await asking.ask(await user(ids.admin, 'admin'), http(task))));
  for (const [who, id] of [
    [bob, task],
    [mallory, task],
    [alice, `${task}__other`],
    [alice, ended],
    [alice, 'f'.repeat(32)],
    [alice, 'no id'],
  ] as const) {
    assert.equal(refusal(await asking.withdraw(who, id)), NO_ENDPOINT);
  }
  assert.equal(await asking.withdraw(await user(ids.admin, 'admin'), task), undefined);
  const [asked] = events().filter(({ event }) => event === 'endpoint_asked');
  assert.deepEqual([asked?.['user'], asked?.['owner']], [ids.admin, ids.alice]);
});

test('of a task that does not run nothing is told, not even where its pod or its queue is', async (t) => {
  const { server, asking, user } = await world(t, {
    pod: undefined,
    environment: { LISTEN_QUEUE_NAME: 'default' },
  });
  const ended = unaware(server);
  endTask(server, ended);
  assert.equal(refusal(await asking.ask(await user(ids.alice), http(ended))), NO_TASK);
});

test('what ClearML does not show somebody is not theirs, even if they started it or administer', async (t) => {
  const { server, asking, user } = await world(t, { edition: 'enterprise' });
  const foreign = unaware(server, { company: ids.companyB, user: ids.mallory });
  assert.equal(refusal(await asking.ask(await user(ids.admin, 'admin'), http(foreign))), NO_TASK);
  const hidden = unaware(server);
  server.state.restrictTask(hidden, [ids.bob]);
  const alice = await user(ids.alice);
  assert.equal(refusal(await asking.ask(alice, http(hidden))), NO_TASK);
  assert.deepEqual(await asking.ownTasks(alice), { tasks: [], more: false });
});

test('says why nothing is asked for', async (t) => {
  const NONE = { pod: undefined } as const;
  const cases: readonly (readonly [Differing, Partial<AskWish>, string])[] = [
    [
      NONE,
      {},
      '409 no-pod: The router looks for the pod of the task in the namespaces of router.verifyPods (VERIFY_TASK_PODS), by its name, and found none that has an address of its own.',
    ],
    [
      { pod: 'unread' },
      {},
      '503 unavailable: The router has not been able to read them, so it does not know where the task listens.',
    ],
    [
      { environment: { LISTEN_QUEUE_NAME: 'default,night' } },
      {},
      '409 other-queue: It serves tasks of “default”, “night” alone (LISTEN_QUEUE_NAME), and this one did not come through it.',
    ],
  ];
  for (const [differing, wish, expected] of cases) {
    const { server, asking, user } = await world(t, differing);
    const task = unaware(server, { queue: ids.queueGpu });
    assert.equal(refusal(await asking.ask(await user(ids.alice), http(task, wish))), expected);
    assert.deepEqual(runtimeOf(server, task), SECRETS);
    assert.deepEqual(server.state.task(task)?.system_tags, ['development']);
  }
  const { server, asking, user } = await world(t, {
    environment: { LISTEN_QUEUE_NAME: 'default' },
  });
  const served = unaware(server, { queue: ids.queueDefault });
  assert.ok('id' in (await asking.ask(await user(ids.alice), http(served))));
});

test('without the right to look at pods, and without TCP, it says what is not set', async (t) => {
  const { server, clearml, user } = await world(t);
  const settings = readSettings({
    ROUTER_URL: 'https://router.example.com',
    CLEARML_API_HOST: server.url,
    CLEARML_API_ACCESS_KEY: 'a',
    CLEARML_API_SECRET_KEY: 's',
    AUTH_BASE64_JWKS_KEY: 'k',
  });
  const parts = { settings, tasks: clearml, log: keepLog().log, settles: 0 };
  const alice = await user(ids.alice);
  const task = unaware(server);
  const off =
    '404 asking-off: It asks for a task at the address of the task’s own pod, and does not look at pods: router.verifyPods of its stack (VERIFY_TASK_PODS) is not set, which is possible in a Kubernetes cluster alone.';
  const without = new Asking({ ...parts, pods: undefined });
  assert.equal(refusal(await without.ask(alice, http(task))), off);
  assert.equal(refusal(without.off), off);
  const asks = addTask(server, { runtime: httpAsk({ address: POD, port: 80 }) });
  assert.equal(await without.withdraw(alice, asks.id), undefined, 'withdrawing needs no pods');
  const pods = { ownAddress: () => ({ address: POD }) };
  const tcp = await new Asking({ ...parts, pods }).ask(alice, { task, port: 22, protocol: 'tcp' });
  assert.equal(refusal(tcp), '409 tcp-off: TCP_ROUTER_ADDRESS and its port range are not set.');
});

const TAKEN =
  '409 name-taken: An endpoint of this name already asks for this protocol: the task’s own code asked, or somebody on this page.';

test('leaves what the task’s own code asks', async (t) => {
  const { server, asking, user } = await world(t);
  const alice = await user(ids.alice);
  const own = {
    ...httpAsk({ address: '10.0.0.9', port: 80 }),
    ...tcpAsk({ address: '10.0.0.9', port: 22, name: 'a b' }),
  };
  const { id: task } = addTask(server, { runtime: own });
  assert.equal(refusal(await asking.ask(alice, http(task))), TAKEN);
  assert.deepEqual(runtimeOf(server, task), own);
  // The other protocol of the same name is another ask.
  assert.ok('id' in (await asking.ask(alice, http(task, { protocol: 'tcp' }))));
  // A name that stands in URLs as that of another.
  const slug = http(task, { name: urlName('a b') });
  assert.equal(refusal(await asking.ask(alice, slug)), TAKEN);
});

test('asks for no more endpoints than are served', async (t) => {
  const { server, asking, user } = await world(t);
  const many = Object.fromEntries(
    Array.from({ length: 64 }, (_, index) => [`_PORT__${index}`, 80]),
  );
  const { id: task } = addTask(server, { runtime: many });
  assert.equal(
    refusal(await asking.ask(await user(ids.alice), http(task, { name: 'more' }))),
    '409 too-many-endpoints: A router serves 64 endpoints of a task.',
  );
});

test('two at one time for one task are both written, on a server that only knows the whole', async (t) => {
  const { server, asking, user } = await world(t, { apiVersion: '2.23' });
  const alice = await user(ids.alice);
  const task = unaware(server);
  const names = ['a', 'b', 'c'];
  await Promise.all(names.map((name) => asking.ask(alice, http(task, { name }))));
  const written = Object.keys(runtimeOf(server, task)).filter((key) => key.startsWith('_PORT'));
  assert.deepEqual(
    written.toSorted(),
    names.map((name) => `_PORT__${name}`),
  );
});

test('asks again where an older copy was written over it, and says so where that goes on', async (t) => {
  for (const [times, expected] of [
    [1, undefined],
    [
      3,
      '503 unavailable: Something else writes to the task at the same time, and what was written here was lost.',
    ],
  ] as const) {
    let overwritten = 0;
    const { server, asking, user } = await world(t, {
      tasks: (real) => ({
        ...real,
        setAskingTag: async (id, asks) => {
          await real.setAskingTag(id, asks);
          if (overwritten++ < times) {
            const { _PORT: _lost, ...runtime } = runtimeOf(server, id);
            changeTask(server, id, { runtime });
          }
        },
      }),
    });
    const task = unaware(server);
    const came = await asking.ask(await user(ids.alice), http(task));
    if (expected === undefined) assert.ok('id' in came);
    else assert.equal(refusal(came), expected);
  }
});

test('an answer that was on its way when it was withdrawn goes, too; what the task asks anew stays', async (t) => {
  let late: Record<string, string> = {};
  const { server, asking, user } = await world(t, {
    tasks: (real) => ({
      ...real,
      writeRuntime: async (id, values, remove) => {
        await real.writeRuntime(id, values, remove);
        changeRuntime(server, id, late);
        late = {};
      },
    }),
  });
  const alice = await user(ids.alice);
  const own = tcpAsk({ address: POD, port: '22' });
  const { id: task } = addTask(server, { runtime: { ...SECRETS, ...own } });
  late = { external_address: '203.0.113.7', external_tcp_port: '21000', router_tcp_stamp: '[]' };
  assert.equal(await asking.withdraw(alice, task), undefined);
  assert.deepEqual(runtimeOf(server, task), SECRETS);
  assert.deepEqual(server.state.task(task)?.system_tags, []);

  const { id: again } = addTask(server, { runtime: own });
  late = own as Record<string, string>;
  assert.equal(await asking.withdraw(alice, again), undefined);
  assert.deepEqual(runtimeOf(server, again), own);
  assert.deepEqual(server.state.task(again)?.system_tags, ['external_service']);
});

test('is limited per user, and says when there is one again', async (t) => {
  const { server, asking, user } = await world(t);
  const [alice, bob] = [await user(ids.alice), await user(ids.bob)];
  const nothing = http('f'.repeat(32));
  for (let round = 0; round < 20; round += 1) {
    assert.equal(refusal(await asking.ask(alice, nothing)), NO_TASK);
  }
  const before = server.calls.count({ call: 'tasks.get_all_ex' });
  const limited = await asking.withdraw(alice, 'f'.repeat(32));
  assert.equal(
    refusal(limited),
    '429 rate-limited: The router asks for and withdraws only so many endpoints at a time.',
  );
  assert.deepEqual(limited !== undefined && 'headers' in limited && limited.headers, [
    'Retry-After',
    '2',
  ]);
  assert.equal(server.calls.count({ call: 'tasks.get_all_ex' }), before);
  assert.equal(refusal(await asking.ask(bob, nothing)), NO_TASK);
});

test('tells a token that is revoked, and a ClearML that is away, from one that refuses the router', async (t) => {
  const { server, asking, events, user } = await world(t);
  const alice = await user(ids.alice);
  const open = unaware(server, { company: '' });
  const boss = await user(ids.alice);
  assert.equal(
    refusal(await asking.ask(boss, http(open))),
    '409 not-writable: The router’s own account may not write to this task; nothing is asked for.',
  );
  assert.equal(events().filter(({ event }) => event === 'ask_failed').length, 1);
  const revoked = { ...alice, identity: { ...alice.identity, token: 'x.y.z' } };
  assert.equal(refusal(await asking.ask(revoked, http(open))), '401 token-revoked');
  await server.down();
  assert.equal(refusal(await asking.ask(alice, http(open))), '503 clearml-unavailable');
  assert.ok('outcome' in (await asking.ownTasks(alice)));
});
