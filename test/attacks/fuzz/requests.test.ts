import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GateRequest } from '../../../router/auth/identity/request.ts';
import type { Endpoint } from '../../../router/routes/model/endpoint.ts';
import type { RouteSource, RouteTable } from '../../../router/routes/model/table.ts';
import { EMPTY_TABLE } from '../../../router/routes/model/table.ts';
import { httpEndpoint, standInGate, startProxy } from '../../support/proxy_world.ts';
import { OK, RawClient, rawTask, replying } from '../../support/raw_peers.ts';
import type { RawTask } from '../../support/raw_peers.ts';
import { LENIENT, StrictReader, folded, readLeniently } from './read_requests.ts';
import type { ReadRequest } from './read_requests.ts';
import { bytesOf } from './request_grammar.ts';
import { Dice, SEED, casesOr, runCases } from './seeded.ts';

const CASES = casesOr(1_000);
/** Cases between two looks at what the tasks got. */
const BATCH = 500;
const AT_ONCE = 24;
/** Milliseconds that nothing comes before a client gives up: at all, and after an answer. */
const PATIENCE = 250;
const ENOUGH = 10;

/** Each case has two endpoints of its own, so that whatever arrives tells whose it is. */
const idOf = (id: number): string => `${'a'.repeat(22)}${id.toString().padStart(10, '0')}`;
const otherOf = (id: number): string => `${'b'.repeat(22)}${id.toString().padStart(10, '0')}`;

/** Routes to one task for every id of a batch, and for none of the batches before. */
function batchRoutes(port: number) {
  const listeners = new Set<(next: RouteTable, previous: RouteTable) => void>();
  let table = EMPTY_TABLE;
  const source: RouteSource = {
    current: () => table,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const show = (from: number): void => {
    const previous = table;
    const endpoints = new Map<string, Endpoint>();
    for (let id = from; id < from + BATCH; id++) {
      for (const each of [idOf(id), otherOf(id)]) endpoints.set(each, httpEndpoint(port, each));
    }
    table = { ...EMPTY_TABLE, version: previous.version + 1, endpoints };
    for (const listener of listeners) listener(table, previous);
  };
  return { source, show };
}

/** Sends the bytes and listens until the router has nothing more to say. */
async function converse(port: number, bytes: string): Promise<void> {
  const client = await RawClient.connect(port);
  client.socket.write(bytes, 'latin1');
  let patience = setTimeout(() => client.destroy(), PATIENCE);
  client.socket.on('data', () => {
    clearTimeout(patience);
    patience = setTimeout(() => client.destroy(), ENOUGH);
  });
  await client.untilClosed().catch(() => undefined);
  clearTimeout(patience);
  client.destroy();
}

function valuesOf({ headers }: ReadRequest, name: string): readonly string[] {
  return headers.filter((_, index) => index % 2 === 1 && folded(headers[index - 1] ?? '') === name);
}

const framed = ({ method, target, body, complete }: ReadRequest): unknown => ({
  method,
  target,
  body,
  complete,
});

/** What one endpoint's task got over one connection is what the gate was asked, to a strict reader and to lenient ones. */
async function check(
  strict: StrictReader,
  text: string,
  asked: readonly GateRequest[],
): Promise<readonly string[]> {
  const { requests, broken } = await strict.read(Buffer.from(text, 'latin1'));
  assert.equal(broken, false, 'what arrived is no request');
  for (const how of LENIENT) {
    const lenient = readLeniently(text, how).requests;
    assert.deepEqual(
      lenient.map(framed),
      requests.map(framed),
      `strict and lenient readers differ: ${JSON.stringify(how)}`,
    );
    for (const request of lenient) {
      assert.deepEqual(valuesOf(request, 'x-clearml-user-id'), ['alice']);
      assert.equal(valuesOf(request, 'x-forwarded-prefix').length, 1);
      assert.ok(valuesOf(request, 'host').length <= 1);
      assert.doesNotMatch(valuesOf(request, 'cookie').join(';'), /(^|;)\s*clearml_token=/);
    }
  }
  return requests.map((request) => {
    const [prefix = ''] = valuesOf(request, 'x-forwarded-prefix');
    const admitted = asked.some(({ method, rawUrl }) => {
      const rest = rawUrl.slice(rawUrl.indexOf(prefix) + prefix.length);
      return (
        method === request.method && request.target === (rest.startsWith('/') ? rest : `/${rest}`)
      );
    });
    assert.ok(admitted, `the gate was not asked for ${request.method} ${request.target}`);
    return prefix.slice('/service/'.length);
  });
}

/** Looks at all that has arrived of a batch. Returns how many requests did. */
async function checkBatch(
  strict: StrictReader,
  task: RawTask,
  asked: readonly GateRequest[],
): Promise<number> {
  const askedOf = Map.groupBy(asked, ({ target }) => (target.kind === 'endpoint' ? target.id : ''));
  const arrived = new Map<string, number>();
  for (const { text } of task.connections) {
    if (text() === '') continue;
    const id = /\r\nX-Forwarded-Prefix: \/service\/([0-9a-f]{32})\r\n/.exec(text())?.[1] ?? '';
    const words = (error: unknown): string =>
      `case ${Number(id.slice(22))} of FUZZ_SEED=${SEED}: ${String(error)}\narrived: ${JSON.stringify(text())}`;
    try {
      for (const each of await check(strict, text(), askedOf.get(id) ?? [])) {
        assert.equal(each, id, 'the connection of one endpoint carries requests of another');
        arrived.set(id, (arrived.get(id) ?? 0) + 1);
      }
    } catch (error) {
      assert.fail(words(error));
    }
  }
  for (const [id, count] of arrived) {
    assert.ok(
      count <= (askedOf.get(id)?.length ?? 0),
      `more requests of ${id} arrived than the gate was asked about`,
    );
  }
  return [...arrived.values()].reduce((sum, count) => sum + count, 0);
}

test(`A1 to A19: what arrives is what the gate was asked about, once (${CASES} cases, FUZZ_SEED=${SEED})`, async (t) => {
  const task = await rawTask(replying(OK));
  const routes = batchRoutes(task.port);
  const gate = standInGate(routes.source);
  const world = await startProxy([], { routes: routes.source, gate });
  t.after(async () => {
    await world.close();
    await task.close();
  });
  const strict = new StrictReader();
  let arrived = 0;
  for (let from = 0; from < CASES; from += BATCH) {
    routes.show(from);
    await runCases(Math.min(BATCH, CASES - from), AT_ONCE, (id) =>
      converse(world.port, bytesOf(new Dice(SEED, from + id), idOf(from + id), otherOf(from + id))),
    );
    // The routes of the batch end, and with them all that is still on its way.
    routes.show(from + BATCH);
    await new Promise((resolve) => setTimeout(resolve, 20));
    arrived += await checkBatch(strict, task, gate.asked);
    for (const { socket } of task.connections) socket.destroy();
    for (const kept of [
      task.connections,
      gate.asked,
      world.access,
      world.accessLines,
      world.logLines,
    ]) {
      kept.length = 0;
    }
  }
  t.diagnostic(`${arrived} requests arrived of ${CASES} cases`);
  assert.ok(arrived > CASES / 10, 'too few requests arrive to compare anything');
});
