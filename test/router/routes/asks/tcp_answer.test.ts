import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TcpAsk } from '../../../../router/routes/asks/ask.ts';
import { readTcpMeaning, writeRecordedAnswer } from '../../../../router/routes/asks/tcp_answer.ts';

const ROUTER = '203.0.113.7';
const NOTHING: TcpAsk = {
  address: '',
  port: '',
  httpAddress: '',
  upstreamAddress: '',
  upstreamPort: '',
  recordedAnswer: '',
  stamp: '',
  proxyProtocol: '',
};
const ANSWER: TcpAsk = {
  ...NOTHING,
  address: ROUTER,
  port: '21000',
  upstreamAddress: '10.0.0.1',
  upstreamPort: '22',
  recordedAnswer: `${ROUTER}:21000`,
};

function read(ask: Partial<TcpAsk>, held?: number, routerAddress = ROUTER) {
  const inRange = (port: number): boolean => port >= 21_000 && port <= 21_999;
  return readTcpMeaning(
    { ...NOTHING, ...ask },
    { routerAddress, held, inRange, leadsTo: undefined, stamp: undefined },
  );
}

test('a fresh ask', () => {
  assert.deepEqual(read({ address: '10.0.0.1', port: '22' }), {
    address: '10.0.0.1',
    port: '22',
    answeredPort: undefined,
  });
});

test('an answer that stands leads to the kept address, with or without a memory of it', () => {
  const meaning = { address: '10.0.0.1', port: '22', answeredPort: 21_000 };
  assert.deepEqual(read(ANSWER), meaning);
  assert.deepEqual(read(ANSWER, 21_000), meaning);
});

test('a fresh ask over an answer keeps the external port', () => {
  const again = { ...ANSWER, address: '10.0.0.2', port: '2222', upstreamPort: '2222' };
  assert.deepEqual(read(again), { address: '10.0.0.2', port: '2222', answeredPort: 21_000 });
});

test('clearml-session asks again with the address that it found: a new port on the kept address', () => {
  const again = { ...ANSWER, port: '10023' };
  assert.deepEqual(read(again), { address: '10.0.0.1', port: '10023', answeredPort: 21_000 });
  assert.deepEqual(read({ ...again, recordedAnswer: '' }, 21_000), {
    address: '10.0.0.1',
    port: '10023',
    answeredPort: undefined,
  });
});

test('no address: the HTTP address of the endpoint serves, else it is waited for', () => {
  assert.equal(read({ port: '22', httpAddress: '10.0.0.3' }).address, '10.0.0.3');
  assert.equal(read({ port: '22' }).address, '');
  // What an earlier run left behind is another run's address.
  assert.equal(read({ ...ANSWER, address: '', port: '22' }).address, '');
});

test('where the router and the task have one address, the port alone tells ask from answer', () => {
  const ask = { address: ROUTER, port: '9001', upstreamPort: '9001' };
  assert.deepEqual(read(ask), { address: ROUTER, port: '9001', answeredPort: undefined });
  const answer = { ...ANSWER, upstreamAddress: ROUTER, upstreamPort: '9001' };
  assert.deepEqual(read(answer), { address: ROUTER, port: '9001', answeredPort: 21_000 });
});

test('an answer whose record was lost is known by its range and by what else was kept', () => {
  const lost = { ...ANSWER, recordedAnswer: '' };
  assert.deepEqual(read(lost), { address: '10.0.0.1', port: '22', answeredPort: 21_000 });
  assert.equal(read({ ...lost, port: '30000' }).port, '30000');
});

test('an answer under an address that the router had before is still its answer', () => {
  const old = { ...ANSWER, address: 'old.example.com', recordedAnswer: 'old.example.com:21000' };
  assert.deepEqual(read(old), { address: '10.0.0.1', port: '22', answeredPort: 21_000 });
  assert.equal(read({ ...old, port: '10023' }).address, '10.0.0.1');
});

test('whatever is written there, meaning never leaves the task’s own words', () => {
  const text = fc.oneof(
    fc.constantFrom('', ROUTER, '10.0.0.1', '21000', '22', `${ROUTER}:21000`, 'x:y:1', ':', ':5'),
    fc.string({ maxLength: 8 }),
  );
  const anyAsk = fc.record({
    address: text,
    port: text,
    httpAddress: text,
    upstreamAddress: text,
    upstreamPort: text,
    recordedAnswer: text,
  });
  fc.assert(
    fc.property(anyAsk, fc.option(fc.integer({ min: 21_000, max: 21_003 })), (ask, held) => {
      const meaning = read(ask, held ?? undefined);
      const addresses = [ask.address, ask.httpAddress, ask.upstreamAddress];
      assert.ok(addresses.includes(meaning.address));
      assert.ok([ask.port, ask.upstreamPort].includes(meaning.port));
    }),
    { numRuns: 500 },
  );
});

test('a recorded answer reads back as it was written, IPv6 too', () => {
  for (const address of [ROUTER, 'router.example.com', 'fd12::7']) {
    const recordedAnswer = writeRecordedAnswer({ address, port: 21_000 });
    const ask = { ...ANSWER, address, recordedAnswer };
    assert.equal(read(ask, undefined, 'other').answeredPort, 21_000);
  }
});
