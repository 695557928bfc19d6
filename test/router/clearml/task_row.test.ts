import assert from 'node:assert/strict';
import { test } from 'node:test';
import { taskRow } from '../../../router/clearml/task_row.ts';

const ROW = { id: 'a'.repeat(32), status: 'in_progress' };

test('of a runtime only the keys of the contract are kept, secrets never', () => {
  const runtime = {
    _SERVICE: 'EXTERNAL',
    _PORT: 8888,
    _ADDRESS__x: ' 10.0.0.1 ',
    external_tcp_port__a__b: '22',
    _user_key: 'secret-1',
    _user_secret: 'secret-2',
    _ssh_password: 'secret-3',
    _jupyter_token: 'secret-4',
    _git_credentials: 'secret-5',
    _PORTS: 'secret-6',
    endpoint: { nested: 'secret-7' },
    endpoint__x: 'x'.repeat(2_000),
  };
  const row = taskRow.parse({ ...ROW, runtime });
  assert.deepEqual(
    [...row.runtime],
    [
      ['_SERVICE', 'EXTERNAL'],
      ['_PORT', '8888'],
      ['_ADDRESS__x', '10.0.0.1'],
      ['external_tcp_port__a__b', '22'],
    ],
  );
  assert.doesNotMatch(JSON.stringify([...Object.values(row), [...row.runtime]]), /secret/);
});

test('the last use stands beside the runtime, since it changes without asking anything', () => {
  const row = taskRow.parse({ ...ROW, runtime: { _PORT: 1, router_last_used: '["v1"]' } });
  assert.equal(row.lastUsed, '["v1"]');
  assert.deepEqual([...row.runtime], [['_PORT', '1']]);
  assert.equal(taskRow.parse({ ...ROW, runtime: { _PORT: 1 } }).lastUsed, undefined);
});

test('references come as objects or as text', () => {
  const whole = taskRow.parse({
    ...ROW,
    user: { id: 'u', name: 'U' },
    company: 'c',
    execution: { queue: { id: 'q' } },
    project: { id: 'p', name: 'Project' },
  });
  assert.deepEqual(
    [whole.userId, whole.companyId, whole.queueId, whole.projectName],
    ['u', 'c', 'q', 'Project'],
  );
});

test('exact about id and status, tolerant of all else', () => {
  assert.throws(() => taskRow.parse({ status: 'in_progress' }));
  assert.throws(() => taskRow.parse({ id: 'x' }));
  const odd = taskRow.parse({
    ...ROW,
    name: null,
    type: 7,
    user: 5,
    company: null,
    execution: 'x',
    project: [],
    system_tags: 'external_service',
    started: 'yesterday',
    last_change: 3,
    runtime: null,
    tomorrow: 'a field of a newer server',
  });
  assert.deepEqual(odd, {
    ...ROW,
    name: '',
    type: '',
    projectName: undefined,
    userId: '',
    companyId: '',
    queueId: undefined,
    systemTags: [],
    startedAt: 0,
    changedAt: undefined,
    lastUsed: undefined,
    runtime: new Map(),
  });
});

test('a time without a zone is UTC', () => {
  const started = ['2026-01-02T03:04:05', '2026-01-02T03:04:05Z', '2026-01-02T04:04:05+01:00'];
  for (const time of started) {
    assert.equal(taskRow.parse({ ...ROW, started: time }).startedAt, Date.UTC(2026, 0, 2, 3, 4, 5));
  }
});

const accessOf = (runtime: Record<string, unknown>, key = 'router_access') =>
  taskRow.parse({ ...ROW, runtime }).runtime.get(key);

test('router_access counts in either spelling, the plain one before the other', () => {
  assert.equal(accessOf({ router_access: 'people' }), 'people');
  const named = 'router_access__x';
  assert.equal(accessOf({ 'router_access%_%_x': 'owner' }, named), 'owner');
  for (const runtime of [
    { 'router_access%_%_x': 'visible', router_access__x: 'owner' },
    { router_access__x: 'owner', 'router_access%_%_x': 'visible' },
  ]) {
    assert.equal(accessOf(runtime, named), 'owner');
  }
  assert.equal(accessOf({ 'router_access%2Ex': 'owner' }), undefined, 'another key');
});

test('a router_access that cannot be read says something all the same', () => {
  for (const word of ['x'.repeat(1025), ['owner'], { level: 'owner' }]) {
    assert.equal(accessOf({ router_access: word }), 'unreadable', JSON.stringify(word));
  }
  assert.equal(accessOf({ router_access: null }), undefined);
});

test('router_keep_prefix counts in either spelling, and as text where Python wrote True', () => {
  const key = 'router_keep_prefix';
  assert.equal(accessOf({ router_keep_prefix: true }, key), 'true');
  assert.equal(accessOf({ 'router_keep_prefix%_%_x': 'true' }, `${key}__x`), 'true');
  assert.equal(accessOf({ router_keep_prefix: ['true'] }, key), 'unreadable');
});

test('router_health_path counts in either spelling, and one that cannot be read is none that could be asked', () => {
  const key = 'router_health_path';
  assert.equal(accessOf({ router_health_path: '/health' }, key), '/health');
  assert.equal(accessOf({ 'router_health_path%_%_x': '/health' }, `${key}__x`), '/health');
  assert.equal(accessOf({ router_health_path: `/${'x'.repeat(1024)}` }, key), 'unreadable');
});
