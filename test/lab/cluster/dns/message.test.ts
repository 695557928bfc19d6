import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Resolver } from 'node:dns/promises';
import { test, type TestContext } from 'node:test';

import { readQuestion, writeAnswer, type Answer } from './message.ts';

/** Node's own resolver, in front of a server that answers from what it is given. */
async function resolverOf(t: TestContext, answers: Readonly<Record<string, Answer>>) {
  const socket = createSocket('udp4');
  socket.on('message', (message, { address, port }) => {
    const question = readQuestion(message);
    assert.ok(question !== undefined);
    socket.send(writeAnswer(question, answers[question.name] ?? 'no such name'), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const resolver = new Resolver({ tries: 1 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  t.after(() => {
    resolver.cancel();
    socket.close();
  });
  return resolver;
}

test('a resolver is told what there is, that there is nothing, and that nobody knows', async (t) => {
  const many = Array.from({ length: 20 }, (_, index) => `10.0.0.${index}`);
  const resolver = await resolverOf(t, {
    'two.example': ['10.0.0.1', '10.0.0.2'],
    'none.example': [],
    'unknown.example': 'failed',
    'many.example': many,
  });
  assert.deepEqual(await resolver.resolve4('two.example'), ['10.0.0.1', '10.0.0.2']);
  assert.deepEqual(await resolver.resolve4('TWO.example'), ['10.0.0.1', '10.0.0.2']);
  assert.deepEqual(await resolver.resolve4('many.example'), many.slice(0, 15));
  await assert.rejects(resolver.resolve6('two.example'), { code: 'ENODATA' });
  await assert.rejects(resolver.resolve4('none.example'), { code: 'ENODATA' });
  await assert.rejects(resolver.resolve4('unknown.example'), { code: 'ESERVFAIL' });
  await assert.rejects(resolver.resolve4('missing.example'), { code: 'ENOTFOUND' });
});

test('what is no question is none', () => {
  const head = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
  const question = Buffer.from([...head, 1, 97, 0, 0, 1, 0, 1]);
  assert.equal(readQuestion(question)?.name, 'a');
  for (let end = 0; end < question.length; end++) {
    assert.equal(readQuestion(question.subarray(0, end)), undefined, `${end} bytes`);
  }
  const answer = Buffer.from(question);
  answer[2] = 0x81;
  assert.equal(readQuestion(answer), undefined, 'an answer');
  const two = Buffer.from(question);
  two[5] = 2;
  assert.equal(readQuestion(two), undefined, 'two questions');
  const pointer = Buffer.from([...head, 0xc0, 12, 0, 1, 0, 1]);
  assert.equal(readQuestion(pointer), undefined, 'a name that points to itself');
  const long = Buffer.from([
    ...head,
    ...Array.from({ length: 130 }, () => [1, 97]).flat(),
    0,
    0,
    1,
  ]);
  assert.equal(readQuestion(long), undefined, 'a name of 260 bytes');
});
