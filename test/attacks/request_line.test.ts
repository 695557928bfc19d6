import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TASK_A, TASK_B } from '../support/proxy_world.ts';
import { HOST, LET_IN, OTHER, T, attacked, stillServes } from '../support/attacked.ts';
import { HANDSHAKE } from '../support/web_socket_handshake.ts';

test('A13: absolute-form leads nowhere, with and without an upgrade', async (t) => {
  const attack = await attacked(t);
  for (const more of [[], HANDSHAKE]) {
    for (const target of [
      'http://169.254.169.254/',
      `http://127.0.0.1:${attack.other.port}/`,
      `http://router.test${T}/`,
      `https://evil@router.test${T}/`,
    ]) {
      const attacker = await attack.client();
      attacker.send(`GET ${target} HTTP/1.1`, HOST, LET_IN, ...more, '', '');
      assert.equal((await attacker.answer()).status, 400, target);
    }
  }
  assert.equal(attack.task.connections.length + attack.other.connections.length, 0);
});

test('A14: CONNECT, TRACE and OPTIONS *', async (t) => {
  const attack = await attacked(t);
  for (const [line, status] of [
    [`CONNECT 127.0.0.1:${attack.other.port} HTTP/1.1`, 405],
    [`CONNECT ${T}/ HTTP/1.1`, 405],
    [`TRACE ${T}/ HTTP/1.1`, 405],
    ['TRACE / HTTP/1.1', 405],
    ['OPTIONS * HTTP/1.1', 400],
  ] as const) {
    const attacker = await attack.client();
    attacker.send(line, HOST, LET_IN, '', '');
    const answer = await attacker.answer();
    assert.ok([status, 400].includes(answer.status), `${line}: ${answer.status}`);
  }
  assert.equal(attack.task.connections.length + attack.other.connections.length, 0);
});

test('A15: versions that are not 1.0 or 1.1', async (t) => {
  const attack = await attacked(t);
  for (const text of [
    `GET ${T}/ HTTP/0.9`,
    `GET ${T}/ HTTP/2.0`,
    `GET ${T}/ HTTP/1.2`,
    `GET ${T}/ HTTP/3.0`,
    `GET ${T}/ HTTQ/1.1`,
    `GET ${T}/`,
  ]) {
    const attacker = await attack.client();
    attacker.send(text, HOST, LET_IN, '', '');
    const answer = await attacker.answer();
    assert.ok([400, 505].includes(answer.status), `${text}: ${answer.status}`);
  }
  const preface = await attack.client();
  preface.send('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  assert.ok([400, 505].includes((await preface.answer()).status));
  assert.equal(attack.task.connections.length, 0);
});

test('A16: no way from one task to the other through dot segments', async (t) => {
  const attack = await attacked(t);
  for (const path of [
    `${T}/../${TASK_B}/x`,
    `${T}/%2e%2e/${TASK_B}/x`,
    `${T}/%2E./${TASK_B}/x`,
    `${T}/.%2e/${TASK_B}/x`,
    `${T}%2f..%2f${TASK_B}`,
    `${T}/..%2f${TASK_B}/x`,
    `${T}/..%5c${TASK_B}/x`,
    `${T}\\..\\${TASK_B}\\x`,
    `${T}/a\\..\\..\\${TASK_B}`,
    `${T}/a/../../${TASK_B}/x`,
    `${T}/a/b/../../../${TASK_B}`,
    `${T}//../../${TASK_B}/x`,
    `${T}/./../${TASK_B}/x`,
    `${T}/..;/${TASK_B}/x`,
    `/service/../service/${TASK_B}x`,
    `/./service/${TASK_B}/`,
    `//service/${TASK_B}/`,
    `/service//${TASK_B}/`,
  ]) {
    const attacker = await attack.client();
    attacker.send(`GET ${path} HTTP/1.1`, HOST, LET_IN, '', '');
    const { status } = await attacker.answer();
    assert.ok([400, 404].includes(status), `${path}: ${status}`);
  }
  assert.equal(attack.other.seen() + attack.task.seen(), '');
  // What stays inside goes through as it came.
  const inside = await attack.client();
  inside.send(`GET ${T}/a/b/../%2e%2e/c HTTP/1.1`, HOST, LET_IN, '', '');
  assert.equal((await inside.answer()).status, 200);
  assert.deepEqual(attack.task.requests(), ['GET /a/b/../%2e%2e/c HTTP/1.1']);
  for (const request of attack.world.gate.asked) {
    assert.equal(request.target.kind === 'endpoint' && request.target.id, TASK_A);
  }
});

test('A17: an id has one spelling', async (t) => {
  const attack = await attacked(t);
  for (const id of [
    TASK_A.toUpperCase(),
    `%61${TASK_A.slice(1)}`,
    `${TASK_A}x`,
    TASK_A.slice(1),
    `${TASK_A}_x`,
    `${TASK_A}__`,
    `${TASK_A}__a%20b`,
    `${TASK_A}__${'n'.repeat(200)}`,
    `${TASK_A}%00`,
    `${TASK_A};`,
    `${TASK_A}#`,
  ]) {
    const attacker = await attack.client();
    attacker.send(`GET /service/${id}/x HTTP/1.1`, HOST, LET_IN, '', '');
    assert.equal((await attacker.answer()).status, 404, id);
  }
  assert.equal(attack.task.seen(), '');
});

test('A18, A19: what follows the id goes on byte for byte', async (t) => {
  const attack = await attacked(t);
  const rests = [
    '//evil.com/x',
    '/;/x',
    '/a%2fb',
    '/a%5cb',
    '/?q="<>^{}|`\\',
    '/?',
    '/??a',
    '/a?b?c',
    '/#x',
    '/x%zz',
    '/%',
    '/%ff',
    '/%00',
    '/%C3%A4',
    '/a/[...slug]/..b/b..',
    '/...',
    '/http://x/',
    '///',
  ];
  for (const rest of rests) {
    const attacker = await attack.client();
    attacker.send(`GET ${T}${rest} HTTP/1.1`, HOST, LET_IN, '', '');
    assert.equal((await attacker.answer()).status, 200, rest);
    assert.equal(attack.task.requests().at(-1), `GET ${rest} HTTP/1.1`);
  }
  assert.equal(attack.other.seen(), '');
  await stillServes(attack);
});

test('A17: the other task is reached by its own id alone', async (t) => {
  const attack = await attacked(t);
  const client = await attack.client();
  client.send(`GET ${OTHER}/y HTTP/1.1`, HOST, LET_IN, '', '');
  assert.equal((await client.answer()).status, 200);
  assert.deepEqual(attack.other.requests(), ['GET /y HTTP/1.1']);
  assert.equal(attack.task.seen(), '');
});
