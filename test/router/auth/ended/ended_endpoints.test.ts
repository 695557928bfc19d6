import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EndedEndpoints } from '../../../../router/auth/ended/ended_endpoints.ts';
import { Routes, endpoint, table, taskId } from '../../../support/auth_fixture.ts';

const A = endpoint(taskId('a'));
const B = endpoint(taskId('b'));

test('what was routed is kept for a day, and forgotten when it is routed again', () => {
  let now = 1_000;
  const routes = new Routes(table([A, B]));
  const ended = new EndedEndpoints(routes, () => now);
  assert.equal(ended.get(A.id), undefined);
  routes.swap(table([B]));
  assert.deepEqual(ended.get(A.id), { endpoint: A, endedAt: 1_000 });
  assert.equal(ended.get(B.id), undefined);
  now += 24 * 60 * 60_000 - 1;
  assert.equal(ended.get(A.id)?.endedAt, 1_000);
  now += 1;
  assert.equal(ended.get(A.id), undefined);
  routes.swap(table([A, B]));
  routes.swap(table([A]));
  assert.equal(ended.get(A.id), undefined);
  assert.equal(ended.get(B.id)?.endedAt, now);
  ended.close();
});

test('of more than 1,000 the oldest are forgotten, and of long names the beginning is kept', () => {
  const ids = Array.from({ length: 1_200 }, (_, index) => index.toString(16).padStart(32, '0'));
  const endpoints = ids.map((id) => {
    const made = endpoint(id);
    const long = { name: 'n'.repeat(10_000), projectName: 'p'.repeat(10_000) };
    return { ...made, task: { ...made.task, ...long } };
  });
  const routes = new Routes(table(endpoints));
  const ended = new EndedEndpoints(routes, () => 0);
  routes.swap(table(endpoints.slice(0, 100)));
  assert.equal(ids.filter((id) => ended.get(id) !== undefined).length, 1_000);
  const { task } = ended.get(ids[1_199] ?? '')?.endpoint ?? {};
  assert.deepEqual([task?.name.length, task?.projectName?.length], [257, 257]);
  assert.equal(ended.get(ids[100] ?? ''), undefined);
  ended.close();
});
