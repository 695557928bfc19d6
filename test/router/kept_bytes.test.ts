import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { RateLimit } from '../../router/load/rate_limit.ts';
import { accessLine, inBrief } from '../../router/http/access_log.ts';
import type { AccessRecord } from '../../router/http/access_log.ts';
import { readAnswerHead } from '../../router/upstream/answer_head.ts';
import { requestHeaderKind } from '../../router/http/headers/header_names.ts';
import { HostCookies } from '../../router/http/headers/host_cookies.ts';
import { headersForClient } from '../../router/http/headers/response_headers.ts';
import { HOST, LET_IN, T, attacked, until } from '../support/attacked.ts';
import { lookAround } from '../../router/sockets/gone.ts';
import { httpEndpoint } from '../support/proxy_world.ts';
import { HANDSHAKE, accepting } from '../support/web_socket_handshake.ts';
import { claims, endpoint, lab, request, sign, table, taskId } from '../support/auth_fixture.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const MEBIBYTE = 1024 * 1024;

/** Bytes that are still held once `work` is over. */
async function heldBy(work: () => unknown): Promise<number> {
  collect();
  const before = process.memoryUsage().heapUsed;
  const result = await work();
  collect();
  const held = process.memoryUsage().heapUsed - before;
  // What the work gave back is alive until here.
  assert.notEqual(result, collect);
  return held;
}

/** A text that is a slice of one of 32 KiB, as those are that are cut out of a head. */
function sliced(text: string): string {
  const whole = Buffer.from(text + 'x'.repeat(32 * 1024)).toString('latin1');
  return whole.slice(0, text.length);
}

test('A56: names of headers that peers made up are not kept by their megabyte', async () => {
  const long = await heldBy(() => {
    for (let index = 0; index < 2_000; index++) {
      const kind = requestHeaderKind(`x-${index}-${'y'.repeat(30_000)}`);
      assert.equal(kind, 'end-to-end');
    }
  });
  assert.ok(long < MEBIBYTE, String(long));
  const slices = await heldBy(() => {
    for (let index = 0; index < 2_000; index++) {
      requestHeaderKind(sliced(`x-a-name-of-some-length-${index}`));
    }
  });
  assert.ok(slices < MEBIBYTE, String(slices));
  // A flood takes the memory from nobody: the names that everybody uses are told as before.
  assert.equal(requestHeaderKind('X-ClearML-User-Id'), 'claim');
  assert.equal(requestHeaderKind('Cookie'), 'cookie');
});

test('A56: nor are those of answers', async () => {
  const held = await heldBy(() => {
    for (let index = 0; index < 2_000; index++) {
      const name = `X-A-Name-Of-Some-Length-${index}`;
      const { headers } = readAnswerHead(`HTTP/1.1 200 OK\r\n${name}: ${'y'.repeat(32 * 1024)}`);
      headersForClient(headers, {
        proxied: {
          endpoint: httpEndpoint(1),
          upstream: { address: '10.0.0.7', family: 4, port: 80 },
          prefix: '/service/x',
          base: '',
          hostCookies: new HostCookies(() => []),
          path: '/',
        },
        status: 200,
        framing: { bodiless: false, chunks: true },
        origin: 'http://router.test',
        ownCookies: [],
      });
    }
  });
  assert.ok(held < MEBIBYTE, String(held));
});

test('A56: an access key of any length costs a limit no more than its hash', async () => {
  const limit = new RateLimit({ atOnce: 2, perSecond: 0.001 }, () => 0);
  const held = await heldBy(() => {
    for (let index = 0; index < 1_000; index++) {
      limit.take(`${index}${'k'.repeat(16_000)}`);
      limit.take(sliced(`a-key-of-usual-length-${index}`));
    }
    return limit;
  });
  assert.ok(held < MEBIBYTE, String(held));
  const key = 'k'.repeat(16_000);
  assert.deepEqual(
    [1, 2, 3].map(() => limit.take(key)),
    [true, true, false],
  );
  limit.giveBack(key);
  assert.equal(limit.take(key), true);
});

test('A56: a token is kept without the head that it came in', async () => {
  const { auth } = await lab(table([endpoint(taskId('a'))]));
  const tokens = await Promise.all(
    Array.from({ length: 300 }, (_, index) => sign({ ...claims('alice'), jti: String(index) })),
  );
  const held = await heldBy(async () => {
    for (const token of tokens) {
      // Twice: the second time it is known.
      for (const value of [sliced(`Bearer ${token}`), sliced(`Bearer ${token}`)]) {
        const decision = await auth.gate.admit(request(taskId('a'), ['Authorization', value]));
        assert.equal(decision.outcome, 'denied');
      }
    }
    return auth;
  });
  auth.close();
  assert.ok(held < 2 * MEBIBYTE, String(held));
});

test('A56: an open session keeps of its head what its line in the log will tell', async () => {
  const record: AccessRecord = {
    time: 0,
    kind: 'upgrade',
    method: 'GET',
    host: 'router.test',
    url: `/service/x/${'p'.repeat(300)}?${'q'.repeat(16_000)}`,
    client: '192.0.2.1',
    userAgent: 'a'.repeat(16_000),
    status: 101,
    duration: 1,
    bytesIn: 0,
    bytesOut: 0,
    endpoint: undefined,
    user: undefined,
    credential: undefined,
    reason: undefined,
  };
  assert.equal(accessLine(inBrief(record)), accessLine(record));
  const held = await heldBy(() =>
    Array.from({ length: 500 }, (_, index) =>
      inBrief({
        ...record,
        url: sliced(`/${index}?${'q'.repeat(500)}`),
        userAgent: sliced('curl/8.14.1 (x)'),
      }),
    ),
  );
  assert.ok(held < MEBIBYTE, String(held));
});

test('A56: an open WebSocket keeps nothing of the head that it came with', async (t) => {
  const attack = await attacked(t, ({ socket, text }) => {
    const head = text().endsWith('\r\n\r\n') ? accepting(text()) : undefined;
    if (head !== undefined) socket.write(head);
  });
  const long = `X-Long: ${'x'.repeat(24 * 1024)}`;
  const open = async (): Promise<unknown> => {
    const client = await attack.client();
    client.send(`GET ${T}/ws HTTP/1.1`, HOST, LET_IN, long, ...HANDSHAKE, '', '');
    assert.equal((await client.answer()).status, 101);
    return client;
  };
  const several = async (): Promise<readonly unknown[]> => {
    const all = [];
    for (let count = 0; count < 100; count++) all.push(await open());
    attack.world.gate.asked.length = 0;
    return all;
  };
  await several();
  const held = await heldBy(several);
  // The raw task has one copy of each head, which is what it heard.
  assert.ok(held < 3 * 100 * 24 * 1024, String(held));
});

test('A56: the look for sides that are gone keeps no session that has ended', async (t) => {
  const open = new Map<object, undefined>();
  const ended: WeakRef<object>[] = [];
  // Each in a function of its own, whose frame keeps nothing of what it touched.
  const begin = (): void => {
    const session = {};
    open.set(session, undefined);
    ended.push(new WeakRef(session));
  };
  const endAll = (): void => {
    for (const session of open.keys()) open.delete(session);
  };
  const left = (): number => ended.filter((one) => one.deref() !== undefined).length;
  for (let count = 0; count < 5_000; count++) begin();
  let looked = 0;
  const timer = lookAround(open, () => (looked += 1), 30);
  t.after(() => clearInterval(timer));
  await until(() => looked > 1_000);
  endAll();
  await until(() => {
    collect();
    return left() < 100;
  }, 10_000);
});
