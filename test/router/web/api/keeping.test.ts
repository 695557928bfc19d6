import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpoint, table, taskId, tokenOf } from '../../../support/auth_fixture.ts';
import { startSite } from '../../../support/site.ts';

const MINE = taskId('a');
const FOREIGN = taskId('c');
const path = (id: string): string => `/api/v1/endpoints/${id}/keep`;

test('whoever is shown a task keeps it as if they had used it, and nobody else does', async (t) => {
  const upstream = { address: '127.0.0.1', family: 4, port: 1 } as const;
  const tcp = { state: 'open', upstream, port: undefined } as const;
  const foreign = endpoint(FOREIGN);
  const site = await startSite(table([{ ...endpoint(MINE), http: undefined, tcp }, foreign]));
  t.after(() => site.close());
  const token = await tokenOf('owner');
  site.clearml.grant(token, MINE);
  const keep = (id: string, headers: Record<string, string> = {}) =>
    site.ask('POST', path(id), { Authorization: `Bearer ${token}`, ...headers });
  assert.equal((await keep(FOREIGN)).status, 404);
  assert.equal((await keep('nothing')).status, 404);
  assert.equal((await site.ask('POST', path(MINE))).status, 401);
  assert.equal((await keep(MINE, { Origin: 'https://evil.example.com' })).status, 403);
  assert.equal(site.activity.of(MINE, 'tcp').usedAt, 0);
  assert.equal(site.activity.of(FOREIGN, 'http').usedAt, 0);
  assert.equal((await keep(MINE)).status, 204);
  assert.ok(site.activity.of(MINE, 'tcp').usedAt > 0);
  assert.ok(site.lines.some((line) => line.includes('"event":"idle_kept"')));
  const form = await keep(MINE, { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate' });
  assert.deepEqual([form.status, form.headers.location], [303, '/']);
});
