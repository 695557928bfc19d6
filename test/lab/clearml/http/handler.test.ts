import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { callAs } from '../call_as.ts';
import { userToken } from '../client.ts';
import { startClearMl, type ClearMl } from '../server.ts';

describe('the API’s form', () => {
  let clearml: ClearMl;
  let headers: Record<string, string>;
  before(async () => {
    clearml = await startClearMl();
    headers = { authorization: `Bearer ${await userToken(clearml, 'alice')}` };
  });
  after(() => clearml.stop());

  test('an envelope around every answer', async () => {
    const response = await fetch(`${clearml.url}/v2.9/users.get_all`, {
      headers: { ...headers, 'x-clearml-trx': 'mine' },
    });
    const { meta, data } = (await response.json()) as { meta: { id: string }; data: object };
    assert.match(meta.id, /^[0-9a-f]{32}$/);
    assert.deepEqual(meta, {
      id: meta.id,
      trx: 'mine',
      endpoint: { name: 'users.get_all', requested_version: '2.9', actual_version: '1.0' },
      result_code: 200,
      result_subcode: 0,
      result_msg: 'OK',
      error_stack: null,
      error_data: {},
    });
    assert.deepEqual(Object.keys(data), ['users']);
  });

  test('errors for paths, calls, versions and bodies', async () => {
    const cases: readonly [string, string, number, string][] = [
      ['/v2.30/nonsense', '{}', 400, 'Invalid request path /v2.30/nonsense'],
      ['/aa.bb', '{}', 404, 'Unable to find endpoint for name aa.bb and version 2.34'],
      [
        '/v2.3/queues.get_all',
        '{}',
        404,
        'Unable to find endpoint for name queues.get_all and version 2.3',
      ],
      [
        '/routers.get_routes',
        '{}',
        404,
        'Unable to find endpoint for name routers.get_routes and version 2.34',
      ],
      ['/tasks.get_by_id', '{}', 400, "validation error (field 'task' is required!)"],
      [
        '/server.config',
        '{}',
        403,
        'forbidden (not allowed for role): role=user, allowed=(root, system)',
      ],
    ];
    for (const [path, body, status, message] of cases) {
      const response = await fetch(`${clearml.url}${path}`, { method: 'POST', headers, body });
      const { meta } = (await response.json()) as {
        meta: { result_code: number; result_msg: string };
      };
      assert.deepEqual(
        [response.status, meta.result_code, meta.result_msg],
        [status, status, message],
      );
    }
    const broken = await fetch(`${clearml.url}/users.get_all`, {
      method: 'POST',
      headers,
      body: '{',
    });
    assert.equal(broken.status, 400);
  });

  test('an older server has no tasks.edit_runtime, whatever version is asked for', async () => {
    const older = await startClearMl({ apiVersion: '2.33' });
    try {
      const answer = await callAs(older, 'alice')('v2.34/tasks.edit_runtime', { task: 'x' });
      assert.deepEqual([answer.status, answer.subcode], [404, 0]);
      const newer = await callAs(clearml, 'alice')('v2.13/tasks.edit_runtime', { task: 'x' });
      assert.deepEqual([newer.status, newer.subcode], [400, 101]);
    } finally {
      await older.stop();
    }
  });

  test('a path in front of all calls', async () => {
    const behind = await startClearMl({ pathPrefix: '/api' });
    try {
      assert.match(behind.url, /^http:\/\/127\.0\.0\.1:\d+\/api$/);
      assert.equal((await callAs(behind, 'alice')('v2.30/users.get_all')).status, 200);
    } finally {
      await behind.stop();
    }
  });
});
