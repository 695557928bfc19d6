import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ByteBudget } from '../../../router/load/byte_budget.ts';
import type { Account } from '../../../router/load/byte_budget.ts';
import { UpstreamPools } from '../../../router/upstream/pools.ts';
import type { UpstreamPool } from '../../../router/upstream/pool.ts';
import { TASK_A } from '../../support/proxy_world.ts';
import { rawTask, replying } from '../../support/raw_peers.ts';
import { shownRoutes } from '../../support/shown_routes.ts';

/** More than a quiet connection's buffer holds, so that a large one takes its place. */
const LARGE = 40_000;

/** The body of the task's answer to a request for `path`, as a client of `account` gets it. */
function answerTo(pool: UpstreamPool, path: string, account: Account): Promise<string> {
  const ignored = (): void => undefined;
  const outgoing = {
    method: 'GET',
    path,
    headers: [],
    contentLength: undefined,
    body: undefined,
    chunked: false,
    last: false,
  };
  let body = '';
  return new Promise((resolve, reject) => {
    const asker = {
      account,
      outgoing,
      done: false,
      interim: ignored,
      answered: ignored,
      data: (bytes: Buffer) => void (body += bytes.toString('latin1')),
      taken: () => true,
      keeps: ignored,
      ended: () => resolve(body),
      failed: reject,
      sent: ignored,
      sentOver: ignored,
    };
    pool.ask(asker, false);
  });
}

// A97: bytes of one user are never looked at as another's.
test('each asks after another over one connection, and gets the whole of its own answer', async (t) => {
  const task = await rawTask(
    replying((head) => {
      const letter = head.charAt('GET /'.length);
      const body = letter.repeat(LARGE);
      return `HTTP/1.1 200 OK\r\nContent-Length: ${LARGE}\r\n\r\n${body}`;
    }),
  );
  const pools = new UpstreamPools(shownRoutes(), undefined);
  t.after(() => {
    pools.close();
    return task.close();
  });
  const pool = pools.get(TASK_A, { address: '127.0.0.1', family: 4, port: task.port });
  const budget = new ByteBudget(64 * 1024 * 1024);
  const accounts = ['alice', 'bob', 'carol'].map((name) => budget.account(name));
  for (let turn = 0; turn < 4; turn++) {
    for (const [index, account] of accounts.entries()) {
      const letter = 'abc'.charAt(index);
      assert.equal(await answerTo(pool, `/${letter}`, account), letter.repeat(LARGE));
    }
  }
  for (const { held } of accounts) {
    assert.equal(held, 0, 'a connection that rests is held for nobody');
  }
  assert.equal(task.connections.length, 1);
});
