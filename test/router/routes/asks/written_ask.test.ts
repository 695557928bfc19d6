import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  askEdit,
  isAnswered,
  standsIn,
  withdrawalEdit,
} from '../../../../router/routes/asks/written_ask.ts';
import { httpAsk, tcpAsk } from '../../../lab/clearml/asks.ts';

const PLACE = { address: '10.0.0.1', port: 8888 };
const texts = (runtime: object) =>
  Object.fromEntries(Object.entries(runtime).map(([key, value]) => [key, String(value)]));

for (const name of [undefined, 'lab']) {
  test(`an ask is the SDK's own, named ${name}`, () => {
    const named = name === undefined ? PLACE : { ...PLACE, name };
    const http = { ...PLACE, protocol: 'http', name } as const;
    const tcp = { ...PLACE, protocol: 'tcp', name } as const;
    assert.deepEqual(askEdit(http).values, texts(httpAsk(named)));
    assert.deepEqual(askEdit(tcp).values, texts(tcpAsk(named)));
    const both = new Map(Object.entries({ ...askEdit(http).values, ...askEdit(tcp).values }));
    assert.ok(standsIn(both, http) && standsIn(both, tcp));
    for (const key of withdrawalEdit(name).removed) both.delete(key);
    assert.deepEqual([...both], []);
    assert.ok(!standsIn(both, http) && !standsIn(both, tcp));
  });
}

test('a TCP answer over an ask is no lost ask; another port is', () => {
  const ask = { ...PLACE, protocol: 'tcp', name: undefined } as const;
  const answered = { external_address: '203.0.113.7', external_tcp_port: '21000' };
  const of = (port: string) => new Map(Object.entries({ ...answered, upstream_task_port: port }));
  assert.ok(standsIn(of('8888'), ask));
  assert.ok(!standsIn(of('22'), ask));
});

test('what a router wrote is told from what a task asks anew, endpoint by endpoint', () => {
  const asked = Object.entries(askEdit({ ...PLACE, protocol: 'tcp', name: 'x' }).values);
  assert.ok(!isAnswered(new Map(asked), 'x'));
  const answered = new Map([...asked, ['router_tcp_stamp__x', '[]']]);
  assert.ok(isAnswered(answered, 'x'));
  assert.ok(!isAnswered(answered, undefined));
});
